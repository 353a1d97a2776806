"""A real folder with files in it, as the tests of walking, hashing and remembering use it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rbsync.files.cache import Cache
from rbsync.files.listing import File
from rbsync.files.roots import Roots
from rbsync.files.tree import Tree
from rbsync.files.tree_hashing import Place
from rbsync.model.fingerprint import Algorithm

LONG_AGO = 1_600_000_000_000_000_000


class Folder:
    """A manifest's folder. ``read`` counts the files and bytes that were hashed in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.read = (0, 0)
        (root / ".rbsync").mkdir(parents=True, exist_ok=True)

    def write(self, path: str, data: bytes | str = b"x", *, at: int | None = None) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        if at is not None:
            os.utime(file, ns=(at, at))
        return file

    def tick(self) -> None:
        """Waits until what is written has another time than all that was written before."""
        before = self.write(".tick").stat().st_ctime_ns
        while self.write(".tick").stat().st_ctime_ns == before:
            time.sleep(0.001)
        (self.root / ".tick").unlink()

    def link(self, path: str, target: str | Path) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)
        return file

    def tree(
        self,
        algorithm: Algorithm = "xxh3",
        *,
        roots: Sequence[str] = (),
        rehash: bool = False,
        cache: str = ".rbsync/cache.db",
    ) -> Tree:
        """A tree as a new run sees it."""
        self._cache = Cache(str(self.root / cache), algorithm)
        return Tree(Roots(str(self.root), roots), self._cache, algorithm, rehash=rehash)

    def hash(self, tree: Tree, *paths: str) -> dict[Place, OSError]:
        """Hashes files as a run does, and remembers them; what could not be read is answered."""
        self.read = (0, 0)
        places = [tree.place(path) for path in paths]
        with ThreadPoolExecutor(2) as executor:
            errors = tree.contents.hash(places, lambda: executor, self._count)
        tree.save()
        return errors

    def contents(self, *paths: str, **options: Any) -> list[str | None]:
        """The content identities of files in a run of their own, None where there is none."""
        tree = self.tree(**options)
        self.hash(tree, *paths)
        found = [known(tree, path) for path in paths]
        self._cache.close()
        return [file.content if file else None for file in found]

    def walk(self, base: str = "", tree: Tree | None = None) -> list[str]:
        """The folders that a walk comes to; one that it cannot read with its error."""
        seen: list[str] = []
        walk = (tree or self.tree()).walk(
            base, lambda _: True, lambda path, error: seen.append(f"{path}: {error}")
        )
        seen.extend(listing.path or "." for listing in walk)
        return seen

    def opened(self) -> list[str]:
        """What this process holds open in the folder. Others' descriptors come and go meanwhile."""
        return [path for path in opened_files() if f"{path}/".startswith(f"{self.root}/")]

    def _count(self, files: int, size: int) -> None:
        self.read = (self.read[0] + files, self.read[1] + size)


def opened_files() -> list[str]:
    """The paths of what this process holds open; a nameless file has one too."""
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return found


def known(tree: Tree, path: str) -> File | None:
    """What a tree knows of a file."""
    place = tree.place(path)
    return tree.files(place.folder)[place.name]


@contextlib.contextmanager
def shared_folder() -> Iterator[Folder]:
    """A folder that every user may reach and write to."""
    root = Path(tempfile.mkdtemp(prefix="rbsync-shared-"))
    root.chmod(0o777)
    folder = Folder(root)
    (root / ".rbsync").chmod(0o777)
    yield folder
    for one in root.rglob("*"):
        if one.is_dir() and not one.is_symlink():
            one.chmod(0o777)
    shutil.rmtree(root)


@contextlib.contextmanager
def without_privileges() -> Iterator[None]:
    """Permissions bite, also where the tests run as root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
