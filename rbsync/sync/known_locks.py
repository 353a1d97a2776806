"""The lock files that git has, each judged once: what is known is kept by the id in git.

It is kept in the user's own cache. A checkout that is only looked at is not written to, and what
lay in one may have come with it.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple, TypeVar

import xxhash

from rbsync.errors import UserError
from rbsync.files.cache import Cache
from rbsync.locks.folder import FOLDER
from rbsync.locks.layout import blocks, digest_of_sums, home_of, text_of
from rbsync.locks.line_format import raw
from rbsync.locks.opened_files import FileFacts, is_canonical
from rbsync.locks.parsing import read_lock
from rbsync.locks.plain_files import PlainFile
from rbsync.sync.revisions import texts_of
from rbsync.trust.own_folders import cache_folder, may_be_strangers

# Another one for another reading of lock files.
_FACTS, _NAMES = "lock file 1", "names in lock file 1"
_MOST_BYTES = 64 << 20


class KnownFile(NamedTuple):
    """The knowledge of a lock file that is as `rbsync lock` writes it.

    ``is_named`` tells whether a datapoint in it has another name than its path; ``label_homes`` are
    the lock files' names, without suffix, for the folders that labels come from.
    """

    facts: FileFacts
    is_named: bool
    label_homes: tuple[str, ...]

    @classmethod
    def of(cls, name: str, text: bytes) -> KnownFile | None:
        """Judges a file; None for one that `rbsync lock` would write in another way."""
        if plain := PlainFile.read(name, text):
            is_right, is_named = plain.is_canonical(), plain.is_named()
            label_files = plain.label_files()
        else:
            try:
                lock = read_lock({name: text}, FOLDER)
            # What is wrong with it is told where the whole lock is read.
            except UserError:
                return None
            notes = lock.notes.values()
            is_right = text_of(blocks(lock)) == text
            is_named = any(one.name != one.path for one in notes)
            label_files = (path for one in notes for path in one.label_files)
        if not is_right:
            return None
        homes = tuple(sorted({*map(home_of, label_files)}))
        return cls(FileFacts.of(name, text), is_named, homes)


_Known = TypeVar("_Known")
Blobs = Mapping[str, str]
"""The ids of lock files in git, by their names."""


class KnownLocks:
    """The knowledge of locks that a repository has; ``cache`` keeps it."""

    def __init__(self, root: str, cache: Cache) -> None:
        self._root = root
        self._cache = cache

    def files(self, *locks: Blobs) -> Iterator[Mapping[str, KnownFile] | None]:
        """Yields the files of each lock; None for one that has to be read as a whole.

        That is one in which something is wrong, or that `rbsync lock` would write otherwise.
        """
        wanted = {_key(_FACTS, one): one for lock in locks for one in lock.items()}
        known = self._known(wanted, _written, _read)
        for lock in locks:
            found = {name: known[_key(_FACTS, (name, blob))] for name, blob in lock.items()}
            sound = {name: one for name, one in found.items() if one}
            is_sound = len(sound) == len(lock) and self._has_each_name_once(lock, sound)
            is_split_right = is_canonical({name: one.facts for name, one in sound.items()})
            yield sound if is_sound and is_split_right else None

    def _has_each_name_once(self, lock: Blobs, files: Mapping[str, KnownFile]) -> bool:
        # A path stands in the file of its folder and nowhere else, and so does a name that is one.
        if not any(one.is_named for one in files.values()):
            return True
        wanted = {_key(_NAMES, one): one for one in lock.items()}
        names = array("Q")
        for text in self._known(wanted, _hashed_names, str).values():
            names.frombytes(bytes.fromhex(text))
        return len({*names}) == len(names)

    def _known(
        self,
        wanted: Mapping[str, tuple[str, str]],
        judge: Callable[[str, bytes], str],
        read: Callable[[str], _Known],
    ) -> dict[str, _Known]:
        """Returns the knowledge of files by the keys under which it is kept."""
        found = {key: one for key in wanted if (one := self._cache.memo(key)) is not None}
        missing = [(key, blob) for key, (_, blob) in wanted.items() if key not in found]
        new = {key: judge(wanted[key][0], text) for key, text in texts_of(self._root, missing)}
        if new:
            self._cache.put_memos(new)
        return {key: read(text) for key, text in (found | new).items()}


def _key(kind: str, file: tuple[str, str]) -> str:
    # With the name: in a file of another name the same lines may not be where they belong.
    name, blob = file
    return f"{kind}: {blob} {name}"


def _written(name: str, text: bytes) -> str:
    # Also that a file is none of ours, so that it is not judged once more.
    return json.dumps(KnownFile.of(name, text))


def _read(text: str) -> KnownFile | None:
    found = json.loads(text)
    if not found:
        return None
    facts, is_named, label_homes = found
    return KnownFile(FileFacts(*facts), is_named, tuple(label_homes))


def _hashed_names(name: str, text: bytes) -> str:
    plain = PlainFile.read(name, text)
    names = plain.names() if plain else map(raw, read_lock({name: text}, FOLDER).notes)
    return array("Q", map(xxhash.xxh3_64_intdigest, names)).tobytes().hex()


def digest_of(files: Mapping[str, KnownFile]) -> str:
    """The version of a dataset with these lock files."""
    return digest_of_sums({name: one.facts.sum for name, one in files.items()})


@contextmanager
def known_locks(root: str, *, is_kept: bool) -> Iterator[KnownLocks]:
    """Yields the knowledge of the locks of a repository.

    It comes from the user's cache and goes there only if it ``is_kept``.
    """
    folder = cache_folder(os.environ)
    path = os.path.join(folder, "locks.db")
    if not is_kept or may_be_strangers(folder, root):
        path = ""
    else:
        with suppress(OSError):
            os.makedirs(folder, mode=0o700, exist_ok=True)
            _forget_much(path)
    cache = Cache(path, "sha256")
    try:
        yield KnownLocks(root, cache)
    finally:
        cache.close()


def _forget_much(path: str) -> None:
    """Lets go of all that is known where it has become much. Raises OSError."""
    # What nobody asks for any more is in it too, and all of it is known again in a moment.
    if os.path.getsize(path) > _MOST_BYTES:
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                os.unlink(path + suffix)
