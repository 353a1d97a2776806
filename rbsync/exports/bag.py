"""A bag by RFC 8493, which archives take: the files of the locked version, and the sum of each."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from rbsync.errors import StaleError, UserError
from rbsync.exports.base import Export, File
from rbsync.locks.layout import digest_of, files_of
from rbsync.sync.locking import locked_version

if TYPE_CHECKING:
    from rbsync.backends.base import TaskContent
    from rbsync.locks.lock_content import Lock

_BLOCK = 1 << 20
_ENCODED = re.compile("%0[ad]", re.IGNORECASE)
# Those who check bags take these for ends of lines too, and leave out space at the end of one.
_UNREADABLE = re.compile(r"[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]|\s\Z")
_DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


class BagExport(Export):
    """Write the files of the locked version to DIR as a bag (RFC 8493).

    It has the lock beside them. Every byte is compared with the lock as it is copied.

    \b
    Example:
      rbsync export bagit bag/
    """

    noun: ClassVar[str] = "file"
    of_files: ClassVar[bool] = True

    def files(self, tasks: Iterator[TaskContent]) -> Iterator[File]:  # noqa: ARG002  (of files alone)
        """The payload, the lock, and what describes both. Raises UserError and StaleError."""
        lock = locked_version(self.workspace.manifest)
        lines = [f"{lock.sums[path]}  data/{_encoded(path)}\n" for path in sorted(lock.sums)]
        size = 0
        for path, wanted in lock.sums.items():
            # Before it is copied, since the size goes into a file that comes later.
            size += os.stat(self.workspace.roots.resolve(path)).st_size
            yield File(f"data/{path}", self._blocks(path, wanted))
            self.written += 1
        yield from _with_sums(_tags(lock, "".join(lines).encode(), size, len(lock.sums)))

    def _blocks(self, path: str, wanted: str) -> Iterator[bytes]:
        # Summed while it is copied: a file that was summed before may have changed since.
        hasher = hashlib.sha256()
        with open(self.workspace.roots.open_file(path), "rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
                yield block
        if hasher.hexdigest() != wanted:
            raise StaleError(
                f"`{path}` has other bytes than the lock",
                hint="`rbsync verify` tells what differs, `rbsync lock` locks the files at hand",
            )


def _tags(lock: Lock, manifest: bytes, size: int, files: int) -> dict[str, bytes]:
    locks = files_of(lock)
    facts = [
        f"External-Identifier: {digest_of(locks)}",
        f"Payload-Oxum: {size}.{files}",
        "Bag-Software-Agent: rbsync",
    ]
    return {
        "bagit.txt": _DECLARATION,
        "bag-info.txt": ("\n".join(facts) + "\n").encode(),
        "manifest-sha256.txt": manifest,
        **{f"rbsync.lock/{name}": text for name, text in locks.items()},
    }


def _with_sums(tags: dict[str, bytes]) -> Iterator[File]:
    yield from (File(name, text) for name, text in tags.items())
    # In a list the lock file of a folder with a line break stands for a file of another name. Not
    # all tag files must be listed, and the version tells its text.
    listed = sorted((name, text) for name, text in tags.items() if not _ENCODED.search(name))
    sums = (f"{hashlib.sha256(text).hexdigest()}  {name}\n" for name, text in listed)
    yield File("tagmanifest-sha256.txt", "".join(sums).encode())


def _encoded(path: str) -> str:
    """A path as a manifest of a bag has it. Raises UserError for one that cannot be in a bag."""
    if path.startswith("/") or ".." in path.split("/"):
        hint = "a bag has what is below it"
        raise UserError(f"`{path}` is outside of the manifest's folder", hint=hint)
    if _ENCODED.search(path):
        hint = "rename it: `%0A` and `%0D` stand for line breaks in a bag"
        raise UserError(f"`{path}` cannot be in a bag", hint=hint)
    if _UNREADABLE.search(path):
        hint = "rename it, without space at its end and without marks of lines and paragraphs"
        raise UserError(f"the path {path!a} cannot be in a bag", hint=hint)
    # RFC 8493 has `%25` for a percent sign as well, which the library of those who check bags takes
    # for another name.
    return path.replace("\n", "%0A").replace("\r", "%0D")
