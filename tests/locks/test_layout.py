"""The files of a lock: bounded in size, one layout, one digest."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbsync.errors import Location, UserError
from rbsync.locks.differences import Changed, Difference, Moved, compare
from rbsync.locks.layout import digest_of, files_of, files_of_dataset, home_of
from rbsync.locks.lock_content import Lock, Note, lock_of
from rbsync.locks.merging import merge
from rbsync.locks.parsing import read_lock
from rbsync.model.datapoint import Dataset, Settings
from rbsync.model.packed import Datapoints, FolderPoints

NAMES = st.text(max_size=8).map(lambda text: "d/" + text.replace("/", "") + "x")


def note(
    path: str, name: str = "", *, settings: str = "s", items: str = "", labels: str = ""
) -> Note:
    return Note(name or path, path, settings, 1, items, labels)


def lock_with(*paths: str, digest: str = "0" * 64) -> Lock:
    return Lock(dict.fromkeys(paths, digest), {path: note(path) for path in paths})


@pytest.mark.parametrize(
    ("path", "home"),
    [
        ("a.png", "%2E"),
        ("images/a.png", "images"),
        ("Images/a.png", "%49mages"),
        ("a b/c/d.png", "a%20b%2Fc"),
        (".x/a.png", "%2Ex"),
        ("../a.png", "%2E."),
        ("/a.png", "%2F"),
        ("@remote/a.png", "%40remote"),
    ],
)
def test_a_folder_has_one_lock_file(path: str, home: str) -> None:
    assert home_of(path) == home


def test_a_long_folder_still_has_a_name() -> None:
    one, other = home_of("é" * 200 + "/a"), home_of("é" * 201 + "/a")
    assert one != other
    assert len(one) == len(other) == 66


@settings(max_examples=30)
@given(st.sets(NAMES, max_size=8), st.randoms())
def test_the_order_in_which_files_are_found_does_not_matter(paths: set[str], random) -> None:
    shuffled = sorted(paths)
    random.shuffle(shuffled)
    assert files_of(lock_with(*shuffled)) == files_of(lock_with(*sorted(paths)))
    assert read_lock(files_of(lock_with(*shuffled)), "l") == lock_with(*shuffled)


def test_a_long_file_is_split_and_reads_the_same() -> None:
    lock = lock_with(*(f"d/{number}" for number in range(5100)))
    files = files_of(lock)
    assert sorted(files) == [f"d@{digit:x}.sums" for digit in range(16)]
    assert read_lock(files, "l") == lock


def test_no_file_is_larger_than_two_megabytes() -> None:
    lock = lock_with(*(f"d/{'x' * 240}{number}" for number in range(4000)))
    assert max(map(len, files_of(lock).values())) < 2_000_000


def test_another_layout_is_read_all_the_same_and_a_wrong_place_is_not() -> None:
    lock = lock_with("d/a", "e/b")
    text = files_of(lock_with("d/a"))["d.sums"]
    assert read_lock({"d.sums": text, "e.sums": files_of(lock)["e.sums"]}, "l") == lock
    with pytest.raises(UserError, match=r"l/e\.sums:1:1: `d/a` does not belong"):
        read_lock({"e.sums": text}, "l")


def test_a_path_that_stands_twice_is_told_with_both_places() -> None:
    text = files_of(lock_with("d/a"))["d.sums"]
    with pytest.raises(UserError, match=r"l/d.sums:4:1: `d/a` stands here and at l/d.sums:2:1"):
        read_lock({"d.sums": text + text}, "l")


def test_a_conflict_of_a_merge_is_told_as_one() -> None:
    with pytest.raises(UserError, match=r"d\.sums:1:1: a merge conflict that is not resolved"):
        read_lock({"d.sums": b"<<<<<<< ours\n"}, "l")


def test_a_file_that_was_cut_off_is_refused() -> None:
    text = files_of(lock_with("d/a"))["d.sums"]
    for end in (len(text) - 1, text.index(b"\n") + 1):
        with pytest.raises(UserError, match=r"d\.sums"):
            read_lock({"d.sums": text[:end]}, "l")


def test_any_change_is_another_digest() -> None:
    base = lock_with("d/a")
    variants = [
        base,
        lock_with("d/b"),
        lock_with("d/a", digest="1" * 64),
        Lock(base.sums, {"n": note("d/a", "n")}),
        Lock(base.sums, {"d/a": note("d/a", settings="settings:1:t")}),
        Lock(base.sums, {"d/a": note("d/a", labels="labels:1:x")}),
        Lock({}, {"n": note("", "n", items="i")}),
        Lock(),
    ]
    assert len({digest_of(files_of(one)) for one in variants}) == len(variants)


def test_a_difference_is_told_datapoint_by_datapoint() -> None:
    old = lock_with("d/a", "d/b", "d/c")
    old.sums["d/c"] = "2" * 64
    new = lock_with("d/a", "d/n")
    new.notes["d/a"] = note("d/a", labels="labels:1:x")
    new.sums["d/z"] = new.sums["d/n"] = "2" * 64
    assert compare(old, new) == Difference(
        removed=("d/b",),
        moved=(Moved("d/n", "d/c"),),
        changed=(Changed("d/a", ("labels",)),),
        missing=("d/b", "d/c"),
        extra=("d/n", "d/z"),
    )


def test_a_label_file_of_the_same_meaning_is_told_so() -> None:
    old, new = lock_with("d/a"), lock_with("d/a")
    for lock, digest in ((old, "3"), (new, "4")):
        lock.notes["d/a"] = Note("d/a", "d/a", "s", 1, labels="l", label_files=("m/a",))
        lock.sums["m/a"] = digest * 64
    assert compare(old, new) == Difference(reencoded=("m/a",))


def texts(*paths: str, digest: str = "0" * 64) -> bytes:
    return files_of(lock_with(*paths, digest=digest)).get("d.sums", b"")


def test_changes_of_different_paths_merge() -> None:
    merged, conflicts = merge("d.sums", texts("d/b"), texts("d/a", "d/b"), texts("d/b", "d/c"))
    assert (merged, conflicts) == (texts("d/a", "d/b", "d/c"), [])


def test_a_path_that_both_sides_changed_is_a_conflict() -> None:
    ours, theirs = texts("d/a", digest="1" * 64), texts("d/a", digest="2" * 64)
    merged, conflicts = merge("d.sums", texts("d/a"), ours, theirs)
    assert conflicts == ["d/a"]
    with pytest.raises(UserError, match="not resolved"):
        read_lock({"d.sums": merged}, "l")


def test_a_path_that_one_side_deleted_and_one_changed_is_a_conflict() -> None:
    assert merge("d.sums", texts("d/a"), b"", texts("d/a", digest="2" * 64))[1] == ["d/a"]


def test_a_path_that_both_sides_deleted_is_gone() -> None:
    assert merge("d.sums", texts("d/a"), b"", b"") == (b"", [])


# Of a path's letters, of some that no file system tells apart, of bytes that are no UTF-8, of
# backslashes and line ends, and of letters that sort in another way than their bytes.
LETTERS = st.text('abAé\U0001f600\uffff\udce4 -.\\\n\r"', min_size=1, max_size=4)
FOLDERS = st.sampled_from(["", "a", "a/b", "A", "é", "@remote", ".x"])


@st.composite
def packed(draw: st.DrawFn, number: int) -> FolderPoints:
    """A folder of a source of its own number, whose names nobody else has."""
    files = sorted({f"{one}.{number}" for one in draw(st.sets(LETTERS, min_size=1, max_size=4))})
    called = draw(st.booleans())
    names = sorted(f"{number}:{one[::-1]}" for one in files) if called else []
    digests = b"".join(bytes([number * 16 + at]) * 32 for at in range(len(files)))
    settings_of_source = Settings(priority=draw(st.sampled_from([None, 0.5])))
    facet = settings_of_source.fingerprint("sha256")
    sizes = array("q", range(len(files)))
    place = Location("rbsync.yaml", number, 1)
    return FolderPoints(
        draw(FOLDERS),
        "\0".join(files),
        "\0".join(names),
        digests,
        sizes,
        settings_of_source,
        facet,
        place,
        "sha256",
    )


@settings(max_examples=60)
@given(st.tuples(packed(1), packed(2), packed(3)), packed(4), st.booleans())
def test_the_files_of_packed_folders_are_those_of_their_datapoints(
    folders: tuple[FolderPoints, ...], single: FolderPoints, packs_nothing: bool
) -> None:
    datapoints = Datapoints(folders, single)
    lock = lock_of(Dataset(datapoints))
    dataset = Dataset(tuple(datapoints) if packs_nothing else datapoints)
    assert files_of_dataset(dataset) == (files_of(lock), len(lock.notes), len(lock.sums))
