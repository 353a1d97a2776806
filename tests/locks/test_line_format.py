"""Lines of lock files: any name comes back, and `sha256sum` reads what is written."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.locks.line_format import LineError, note_line, read_note, read_sum, sum_line
from rbsync.locks.lock_content import Note

PATHS = st.binary(min_size=1, max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
ODD = [b"a b", b" a", b"-", b"a\\n", b"a\nb", b"a\rb", b"\\", b"\xff\xfe", b"A", b"a", b"#a", b"*a"]


@given(PATHS.filter(lambda path: path != "./-"))
def test_every_path_comes_back_from_one_line(path: str) -> None:
    line = sum_line(path, "0" * 64)
    assert b"\n" not in line
    assert read_sum(line) == (path, "0" * 64)


@given(PATHS, PATHS)
def test_every_name_comes_back_from_one_line_of_ascii(name: str, path: str) -> None:
    note = Note(name, path, "settings:1:x", 3, "i", "labels:1:y", (name,), (path,))
    line = note_line(note)
    assert line.isascii()
    assert b"\n" not in line
    assert read_note(line, path) == note


@pytest.mark.parametrize("line", [b"", b"x", b"0" * 64 + b" a", b"\\" + b"0" * 64 + b"  a\\x"])
def test_what_is_no_line_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        read_sum(line)


@pytest.mark.parametrize(
    "line", [b"# ", b"# []", b'# {"size": 1}', b'# {"settings": 1, "size": 1}']
)
def test_what_is_no_note_is_refused(line: bytes) -> None:
    with pytest.raises(LineError):
        read_note(line, "a")


def check(folder: Path) -> int:
    command = ["sha256sum", "--strict", "--quiet", "-c", "list.sums"]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode


def test_sha256sum_reads_every_name_and_sees_one_changed_byte(tmp_path: Path) -> None:
    lines = []
    for name in ODD:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
        lines.append(b"# {}")
        lines.append(sum_line(os.fsdecode(name), hashlib.sha256(name).hexdigest()))
    (tmp_path / "list.sums").write_bytes(b"\n".join(lines) + b"\n")
    assert check(tmp_path) == 0
    for name in ODD:
        (tmp_path / os.fsdecode(name)).write_bytes(name + b".")
        assert check(tmp_path) == 1
        (tmp_path / os.fsdecode(name)).write_bytes(name)
