"""Writing that is on the disk when it is said to be, and hashing of what is there."""

from __future__ import annotations

import os

from rbsync.model.fingerprint import Algorithm, new_hasher

BUFFER = 1 << 20


def sync_folder(path: str) -> None:
    """Makes the names in a folder durable, where the system lets folders be opened."""
    if os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: str) -> None:
    """Makes a folder and its parents; each is durable when this returns."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(path)
    if parent:
        make_folder(parent)
    try:
        os.mkdir(path)
    # Another worker made it first.
    except FileExistsError:
        if not os.path.isdir(path):
            raise
    # Each new folder in its parent: of a path of three new folders, two could be missing after a
    # power cut.
    sync_folder(parent or ".")


def write_all(descriptor: int, data: bytes) -> None:
    """Writes every byte, as one call need not."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def hash_of(descriptor: int, algorithm: Algorithm) -> str:
    """The content identity of an open file's bytes, from the first to the last."""
    hasher = new_hasher(algorithm)
    at = 0
    while data := os.pread(descriptor, BUFFER, at):
        hasher.update(data)
        at += len(data)
    return f"{algorithm}:{hasher.hexdigest()}"
