"""A file that is sent: bounded, hashed while it is read, and the one that was opened."""

from __future__ import annotations

import os

import pytest
import xxhash

from rbsync.files.body import open_body, read_whole
from rbsync.files.file_facts import ChangingError
from rbsync.files.roots import OutsideError, Roots
from rbsync.model.fingerprint import digest


@pytest.fixture
def roots(folder) -> Roots:
    return Roots(str(folder.root))


def test_a_body_is_read_in_pieces_and_hashed_on_the_way(folder, roots) -> None:
    folder.write("d/a.png", b"0123456789")
    with open_body(roots, "d/a.png", "xxh3") as body:
        assert (body.name, body.size, body.algorithm) == ("a.png", 10, "xxh3")
        assert [body.read(4), body.read(4), body.read(4), body.read(4)] == [
            b"0123",
            b"4567",
            b"89",
            b"",
        ]
        assert body.content() == digest(b"0123456789")


def test_a_body_may_be_read_at_once(folder, roots) -> None:
    folder.write("a", b"0123456789")
    with open_body(roots, "a", "sha256") as body:
        assert body.read() == b"0123456789"
        assert body.read() == b""
        assert body.content() == digest(b"0123456789", "sha256")


def test_a_body_that_is_rewound_starts_again(folder, roots) -> None:
    folder.write("a", b"0123456789")
    with open_body(roots, "a", "xxh3") as body:
        body.read(7)
        body.rewind()
        assert body.read() == b"0123456789"
        assert body.content() == digest(b"0123456789")


def test_the_content_is_not_known_before_the_end(folder, roots) -> None:
    folder.write("a", b"0123456789")
    with open_body(roots, "a", "xxh3") as body:
        body.read(7)
        with pytest.raises(ValueError, match=r"^a: 7 of 10 bytes were read$"):
            body.content()


def test_a_file_that_grows_is_read_to_the_size_that_it_had(folder, roots) -> None:
    file = folder.write("a", b"0123456789")
    with open_body(roots, "a", "xxh3") as body:
        with open(file, "ab") as opened:
            opened.write(b"more")
        assert body.read() == b"0123456789"
        assert body.read() == b""
        assert body.content() == digest(b"0123456789")


def test_a_file_that_shrinks_never_has_a_content(folder, roots) -> None:
    file = folder.write("a", b"0123456789")
    with open_body(roots, "a", "xxh3") as body:
        os.truncate(file, 3)
        assert body.read() == b"012"
        assert body.read() == b""
        with pytest.raises(ValueError, match="3 of 10 bytes"):
            body.content()


def test_a_body_stays_the_file_that_was_opened(folder, roots) -> None:
    file = folder.write("a", b"old")
    with open_body(roots, "a", "xxh3") as body:
        file.unlink()
        folder.write("a", b"new")
        assert body.read() == b"old"


def test_looking_at_the_type_moves_nothing(folder, roots) -> None:
    folder.write("a", b"\x89PNG\r\n\x1a\n1")
    with open_body(roots, "a", "xxh3") as body:
        body.read(3)
        assert body.media() == "image/png"
        assert body.read() == b"G\r\n\x1a\n1"


def test_what_is_no_file_is_no_body_and_nothing_stays_open(folder, roots) -> None:
    (folder.root / "d").mkdir()
    os.mkfifo(folder.root / "f")
    for path, said in (("d", "d is not a regular file"), ("f", "f is not a regular file")):
        with pytest.raises(OSError, match=said):
            open_body(roots, path, "xxh3")
    with pytest.raises(FileNotFoundError):
        open_body(roots, "none/none", "xxh3")
    with pytest.raises(OutsideError):
        open_body(roots, "../none", "xxh3")
    assert folder.opened() == []


def test_a_small_file_is_read_whole(folder, roots) -> None:
    folder.write("a", b"0123456789")
    data, content = read_whole(roots, "a", "xxh3", 10)
    assert (data, content) == (b"0123456789", "xxh3:" + xxhash.xxh3_128_hexdigest(data))


def test_a_file_over_the_limit_is_refused(folder, roots) -> None:
    folder.write("a", b"0123456789")
    with pytest.raises(OSError, match=r"^a has 10 bytes; the limit is 9$"):
        read_whole(roots, "a", "xxh3", 9)


def test_a_small_file_that_is_written_to_meanwhile_is_refused(folder, roots) -> None:
    file = folder.write("a", b"0123456789")
    with open_body(roots, "a", "xxh3") as body:
        os.truncate(file, 3)
        with pytest.raises(ChangingError, match=r"^a was written to while it was read$"):
            body.whole(10)
    with open_body(roots, "a", "xxh3") as body:
        file.write_bytes(b"0123")
        with pytest.raises(ChangingError):
            body.whole(10)
