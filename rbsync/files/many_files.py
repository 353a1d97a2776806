"""Hash many files of a folder at once: small ones by a call of compiled code where there is one.

Of a file of some kilobytes the calls of Python take longer than reading and hashing it.
"""

from __future__ import annotations

import os
import time
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from rbsync.files.compiled_scan import UNSURE, Columns, KnownKind, available, hash_listed, table_of
from rbsync.files.file_facts import BUFFER, DIGEST_SIZE, Answers, Hashed
from rbsync.files.hashing import buffer, digest_of, flag_of, hash_files
from rbsync.files.kinds import BMP, CODES, GZIP, HEAD, JPEG, PNG, sniff, start_of
from rbsync.files.readiness import ALWAYS
from rbsync.files.roots import Roots
from rbsync.files.structure import CHECKS
from rbsync.files.structure.compiled_walk import walk_at
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.fingerprint import Algorithm

_COMMON = (PNG, JPEG, BMP, GZIP)
"""Kinds that compiled code knows by their first bytes; most files are of one of them."""


def hash_apart(roots: Roots, folder: str, names: bytes, algorithm: Algorithm) -> Answers:
    """Hashes files of one folder, whose names have NUL between them; each by itself.

    Depends on nothing but its arguments and the disk, so that any executor may run it.
    """
    answers = hash_files(roots, folder, _texts(names), algorithm)
    return Answers.of(answers, DIGEST_SIZE[algorithm])


def hash_together(roots: Roots, folder: str, names: bytes, algorithm: Algorithm) -> Answers:
    """Returns the answers of `hash_apart` about files that were small when they were listed."""
    # Who knows writers is asked about each file while it is open.
    if roots.readiness is not ALWAYS or is_bucket(folder) or not available():
        return hash_apart(roots, folder, names, algorithm)
    try:
        descriptor = roots.open_folder(folder, of_data=True)
    except OSError as error:
        return Answers.of([error] * (names.count(b"\0") + 1), DIGEST_SIZE[algorithm])
    try:
        columns, left = _read(descriptor, names, algorithm)
    finally:
        os.close(descriptor)
    # It is them that are told why they cannot be read, too.
    return columns.answers(_one_by_one(roots, folder, names, left, algorithm))


def _read(descriptor: int, names: bytes, algorithm: Algorithm) -> tuple[Columns, list[int]]:
    """Reads files of an open folder, and tells which have to be read by themselves."""
    columns = Columns.of(names.count(b"\0") + 1, DIGEST_SIZE[algorithm])
    left: list[int] = []
    done, rest = 0, names + b"\0"
    while rest:
        started = time.time_ns()
        count = hash_listed(
            descriptor,
            rest,
            (buffer.address, BUFFER),
            _known(),
            columns,
            done,
            digests=algorithm == "xxh3",
        )
        columns.at[done : done + count] = array("q", [started]) * count
        left += _look(columns, range(done, done + count), algorithm)
        done += count
        rest = rest.split(b"\0", count)[-1]
    return columns, left


def _look(columns: Columns, indices: range, algorithm: Algorithm) -> Iterator[int]:
    """Looks at the files that lie in the buffer, and yields those that do not."""
    begin, at = 0, indices.start - 1
    while (at := columns.kinds.find(UNSURE, at + 1, indices.stop)) >= 0:
        size = columns.size(at)
        if size < 0:
            yield at
            continue
        data = buffer.view[begin : begin + size]
        kind = CODES[sniff(bytes(data[:HEAD]))]
        columns.kinds[at] = kind | flag_of(kind, -1, size, data, buffer.address + begin)
        if algorithm != "xxh3":
            columns.put_digest(at, digest_of(data, algorithm))
        begin += size


def _one_by_one(
    roots: Roots, folder: str, names: bytes, left: Sequence[int], algorithm: Algorithm
) -> dict[int, Hashed | OSError]:
    """The answers about files that had to be read by themselves, by their positions."""
    if not left:
        return {}
    texts = _texts(names)
    answers = hash_files(roots, folder, [texts[at] for at in left], algorithm)
    return dict(zip(left, answers, strict=True))


def _texts(names: bytes) -> list[str]:
    return os.fsdecode(names).split("\0")


@cache
def _known() -> Any:
    """The kinds that compiled code need not ask about."""
    kinds = []
    for kind in _COMMON:
        walk = walk_at(CODES[kind])
        # A kind that nobody can walk through is looked at here.
        if walk or kind not in CHECKS:
            kinds.append(KnownKind(CODES[kind], start_of(kind), walk))
    return table_of(kinds)
