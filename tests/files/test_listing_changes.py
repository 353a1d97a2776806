"""What is known of unchanged files is taken over, and the changed ones are told."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from rbsync.files.file_facts import UNSEEN
from rbsync.files.kinds import KINDS
from rbsync.files.listing import FIELDS, Listing
from rbsync.files.listing_changes import KnownFiles, changed_names, inherit

NAMES = st.lists(st.sampled_from("abcdefghij"), unique=True)
STATS = st.tuples(*[st.integers(0, 2)] * FIELDS)


def listing(files: dict[str, tuple[int, ...]]) -> Listing:
    stats = array("q", [number for one in files.values() for number in one])
    return Listing("images", "\0".join(files).encode(), stats, [], {}, [])


@st.composite
def versions(draw: st.DrawFn) -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """A folder before and after: mostly the same names, in the same order or another one."""
    before = {name: draw(STATS) for name in draw(NAMES)}
    names = draw(st.one_of(st.just([*before]), st.permutations([*before]), NAMES))
    changed = draw(st.sets(st.sampled_from("abcdefghij"), max_size=3))
    now = {
        name: draw(STATS) if name in changed or name not in before else before[name]
        for name in names
    }
    return before, now


@given(versions(), st.sets(st.sampled_from("abcdefghij")))
def test_only_files_with_the_same_stats_keep_what_is_known(
    both: tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]], unread: set[str]
) -> None:
    before, now = both
    old, new = listing(before), listing(now)
    old.digests = bytearray(b"".join(name.encode() * 16 for name in before))
    old.kinds = bytearray(UNSEEN if name in unread else ord(name) % 3 for name in before)
    inherit(new, old, 16)
    files = KnownFiles(new, "xxh3")
    assert [*files] == [*now]
    for name, file in files.items():
        if name in unread or before.get(name) != now[name]:
            assert file is None
            continue
        digest = (name.encode() * 16).hex()
        assert file is not None
        assert (file.content, file.size) == (f"xxh3:{digest}", now[name][0])
        assert file.kind == KINDS[ord(name) % 3]


@given(versions())
def test_changed_files_are_those_that_came_went_or_have_other_stats(
    both: tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]],
) -> None:
    before, now = both
    expected = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    assert changed_names(listing(before), listing(now)) == expected


@given(st.lists(st.text("ab\u00e9\udc80", min_size=1, max_size=3), unique=True))
def test_a_file_is_found_in_the_text_of_all_names(names: list[str]) -> None:
    """Bytes that are no UTF-8 are names too; half of a character and a NUL are none."""
    found = listing({})
    found.joined = "\0".join(names).encode("utf-8", "surrogateescape")
    found.stats = array("q", range(FIELDS * len(names)))
    files = KnownFiles(found, "xxh3")
    found.forget_all(16)
    for name in [*names, "c", "", "\ud800", "a\0b"] * 4:
        assert found.place(name) == (names.index(name) if name in names else -1)
        assert (name in files) == (name in names)
    assert [*files] == names
    assert len(files) == len(names)
