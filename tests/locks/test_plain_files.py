"""Lock files read by one pattern say what their lines say (rbsync.locks.plain_files)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rbsync.locks.parsing as parsing
from rbsync.errors import UserError
from rbsync.locks.layout import blocks, files_of, text_of
from rbsync.locks.lock_content import Lock, Note
from rbsync.locks.parsing import read_lock
from rbsync.locks.plain_files import PlainFile

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
# Bytes that are no UTF-8 too, as in names of files.
NAMES = TEXTS | st.sampled_from(["\udc80x", "😀", "a\nb", "a\\b", "-", '"', "\x7f", "é"])
FOLDERS = st.sampled_from(["", "a/", "a/b/", "É/", "/", "./", "@remote/", "long" * 60 + "/"])
PATHS = st.builds(lambda folder, name: folder + name.replace("/", "") + "x", FOLDERS, NAMES)
OPTIONAL = st.lists(NAMES, max_size=2).map(tuple)


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """Any lock, with datapoints that have a file, several, or none, and files of labels."""
    lock = Lock()
    for path in draw(st.sets(PATHS | st.sampled_from(["-", "./y"]), max_size=8)):
        lock.sums[path] = f"{len(path):064x}"
    homes = [*lock.sums, ""]
    for name in draw(st.sets(NAMES | st.sampled_from(homes), max_size=8)) - {""}:
        path = name if name in lock.sums else draw(st.sampled_from(homes))
        note = Note(name, path, draw(NAMES) + "s", draw(st.integers(0, 99)))
        if draw(st.booleans()):
            note = Note(*note[:4], draw(NAMES), draw(NAMES), draw(OPTIONAL), draw(OPTIONAL))
        lock.notes[name] = note
    return lock


def by_line(files: dict[str, bytes]) -> Lock | str:
    """What is said of files without the pattern."""
    reading = parsing._Reading("l")
    for name in sorted(files):
        reading.read(name, files[name])
    return str(UserError(reading.problems[:20])) if reading.problems else reading.lock


def said(files: dict[str, bytes]) -> Lock | str:
    try:
        return read_lock(files, "l")
    except UserError as error:
        return str(error)


@settings(max_examples=200)
@given(locks())
def test_a_lock_reads_as_its_lines_say(lock: Lock) -> None:
    files = files_of(lock)
    assert read_lock(files, "l") == by_line(files) == lock
    for name, text in files.items():
        if plain := PlainFile.read(name, text):
            assert plain.is_canonical()
            assert plain.lock() == by_line({name: text})


def edited(text: bytes, chance: random.Random) -> bytes:
    """A text with something in it done by hand, by a merge or by a disk."""
    lines = text.splitlines(keepends=True)
    at, to = chance.randrange(len(lines)), chance.randrange(len(lines) + 1)
    place = chance.randrange(len(text))
    kinds = [
        lambda: lines.pop(at),
        lambda: lines.insert(to, lines[at]),
        lambda: lines.insert(to, lines.pop(at)),
        lambda: lines.insert(to, b"<<<<<<< ours\n"),
        lambda: lines.insert(to, b"\n"),
        lambda: lines.__setitem__(at, lines[at].replace(b",", b", ", 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b'"size":', b'"size":0')),
        lambda: lines.__setitem__(at, lines[at].replace(b"x", b"\\u0078", 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b"\n", b"\r\n")),
        lambda: lines.__setitem__(at, lines[at].replace(b"{", b'{"name":"d/1x",', 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b"{", b'{"name":"",', 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b"{", b'{"name":"\\ud800",', 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b"0", b"A", 1)),
        lambda: lines.__setitem__(at, lines[at].replace(b"d/", b"e/", 1)),
        lambda: lines.__setitem__(slice(None), [text[:place]]),
        lambda: lines.__setitem__(slice(None), [text[:place], b"x", text[place + 1 :]]),
    ]
    chance.choice(kinds)()
    return b"".join(lines)


@pytest.mark.parametrize("seed", range(400))
def test_what_is_edited_by_hand_is_judged_as_its_lines_are(seed: int) -> None:
    chance = random.Random(seed)
    lock = Lock()
    for number in range(5):
        path = f"d/{number}x"
        lock.sums[path] = f"{number:064x}"
        lock.sums[f"l/{number}x"] = f"{number:064x}"
        named = path if number % 2 else f"n {number}"
        labels = (("", (), ()), ("labels:1:a", (), (f"l/{number}x",)))[chance.randrange(2)]
        lock.notes[named] = Note(named, path, "settings:1:s", number, "", *labels)
        lock.notes[f"far {number}"] = Note(f"far {number}", "", "s", 0, "i", "", ("u",))
    files = files_of(lock)
    name = chance.choice([*files])
    files[name] = edited(files[name], chance)
    assert said(files) == by_line(files)
    plain = PlainFile.read(name, files[name])
    if plain and plain.is_canonical():
        own = by_line({name: files[name]})
        # Names that stand twice among all are looked for by those who have all.
        if isinstance(own, Lock) and len(own.notes) == len(set(plain.names())):
            assert text_of(blocks(own)) == files[name]


def test_most_files_are_read_by_the_pattern() -> None:
    paths = [f"d/{number} é.png" for number in range(9000)]
    lock = Lock(dict.fromkeys(paths, "0" * 64), {one: Note(one, one, "s", 7) for one in paths})
    lock.notes["far 😀"] = Note("far 😀", "", "s", 0, "i", "", ("https://é",))
    lock.notes[paths[0]] = Note(paths[0], paths[0], "s", 7, "", "m", (), ("d/é.json",))
    files = files_of(lock)
    assert len(files) > 10
    assert all(map(PlainFile.read, files, files.values()))


def test_a_name_of_half_a_letter_is_told_with_its_place() -> None:
    line = b'# {"name":"\\ud800","settings":"s","size":1}\n'
    with pytest.raises(UserError, match=r"l/@remote\.sums:1:1: a note that cannot be read"):
        read_lock({"@remote.sums": line}, "l")
