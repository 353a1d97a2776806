"""Links to the stored files under the names of their datapoints, for whoever looks into the folder.

They are made of what the database says and can be made anew from it at any time: nothing reads
them, and no failure of theirs fails what they are about.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from itertools import islice

from rbsync.backends.local.blobs import is_ref

FOLDER = "by-name"
STALE = ".stale"
"""Is there while links are to be written: who finds it from before makes all of them anew."""
ITEMS = ".items"
"""Ends the folder of a datapoint that is no file of its own name."""
LONGEST = 255
TOGETHER = 1_000
"""Names whose items are asked for at one time."""
SHOWN = frozenset(
    f".{one}" for one in ("png", "jpg", "jpeg", "bmp", "dcm", "nii", "gz", "nrrd", "mp4", "avi")
)
"""The suffixes by which a file manager knows what to open a file with."""

Items = tuple[tuple[str, str], ...]
"""The items of a datapoint: the name of each, and the ref of its file."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f%\\:*?"<>|]|^\.|[. ]$')


class NameLinks:
    """The links in the folder of a project."""

    def __init__(self, project: str) -> None:
        self._root = os.path.join(project, FOLDER)
        self._changed: set[str] = set()
        self._all_of_them = False
        self._lock = threading.Lock()

    def change(self, names: Iterable[str]) -> None:
        """Takes down names whose links are to be written; safe against a crash in between."""
        # What is no text is no name either: it was refused.
        found = (one for one in names if is_text(one))
        # Two updates at once would else find the mark of one another, and take it for that of a run
        # that was killed.
        with self._lock:
            if not self._changed:
                self._mark()
            # Of a first run of a million nobody need know which they were.
            self._changed.update(islice(found, 1) if self._all_of_them else found)

    def _mark(self) -> None:
        with suppress(OSError):
            # Before the first link of a project there is no folder, and all have to be made.
            self._all_of_them |= not os.path.isdir(self._root)
            os.makedirs(self._root, exist_ok=True)
            mark = os.path.join(self._root, STALE)
            self._all_of_them |= os.path.exists(mark)
            open(mark, "wb").close()

    def write(
        self,
        find: Callable[[Iterable[str]], Mapping[str, Items]],
        every: Callable[[], Iterable[tuple[str, Items]]],
    ) -> None:
        """Writes what was taken down.

        ``find`` has the items of names that there are, ``every`` those of all.
        """
        if not self._changed:
            return
        with suppress(OSError):
            if self._all_of_them:
                self._write_anew(every())
            else:
                names = iter(sorted(self._changed))
                while some := list(islice(names, TOGETHER)):
                    found = find(some)
                    for name in some:
                        self._write_one(name, found.get(name, ()))
            os.unlink(os.path.join(self._root, STALE))
        self._changed, self._all_of_them = set(), False

    def _write_anew(self, every: Iterable[tuple[str, Items]]) -> None:
        # Links of names that are gone would stay for ever: nobody knows which these are.
        self._remove(set(os.listdir(self._root)) - {STALE}, self._root)
        made = ""
        for name, items in every:
            for path, target in link_paths(name, items):
                full = f"{self._root}/{path}"
                with suppress(OSError):
                    # Nothing is in the way, and a million links are as many calls as there must be.
                    if (folder := os.path.dirname(full)) != made:
                        os.makedirs(folder, exist_ok=True)
                        made = folder
                    os.symlink(target, full)

    def _write_one(self, name: str, items: Items) -> None:
        wanted = dict(link_paths(name, items))
        for path in own_paths(name):
            self._clear(path, wanted)
        for path, target in wanted.items():
            with suppress(OSError):
                self._link(os.path.join(self._root, path), target)

    def _link(self, path: str, target: str) -> None:
        if os.path.islink(path) and os.readlink(path) == target:
            return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # A link is replaced as a whole: what it points to is a stored file, and is never opened.
        with suppress(FileNotFoundError):
            os.unlink(path)
        os.symlink(target, path)

    def _clear(self, path: str, wanted: Mapping[str, str]) -> None:
        """Removes what a name had and has no more, and folders that are empty then."""
        full = os.path.join(self._root, path)
        if os.path.islink(full):
            if path not in wanted:
                os.unlink(full)
        elif os.path.isdir(full):
            kept = {os.path.basename(one) for one in wanted if os.path.dirname(one) == path}
            self._remove(set(os.listdir(full)) - kept, full)
        folder = full if os.path.isdir(full) else os.path.dirname(full)
        # Up to the first that is not empty; the root has its mark.
        with suppress(OSError):
            while folder != self._root and not wanted:
                os.rmdir(folder)
                folder = os.path.dirname(folder)

    def _remove(self, names: Iterable[str], folder: str) -> None:
        for name in names:
            path = os.path.join(folder, name)
            # Never through a link: what it points to is a stored file, or somebody's folder.
            if os.path.isdir(path) and not os.path.islink(path):
                self._remove(os.listdir(path), path)
                os.rmdir(path)
            else:
                os.unlink(path)


def is_text(name: str) -> bool:
    """Tells whether a name can be one at all: what is not text cannot be asked for."""
    with suppress(UnicodeEncodeError):
        return bool(name.encode())
    return False


def link_paths(name: str, items: Items) -> Iterator[tuple[str, str]]:
    """The links of a datapoint below the folder: the path of each and what it points to.

    One item of the suffix of the name is a file of that name. All else is a folder that ends with
    ``.items``. No folder on the way ends like either, so that ``a.png`` and ``a.png/b`` have room
    beside each other.
    """
    file, folder = own_paths(name)
    kept = [(own, ref) for own, ref in items if is_ref(ref)]
    suffix = os.path.splitext(name)[1].lower()
    is_file = len(items) == 1 and suffix in SHOWN
    if is_file and kept and os.path.splitext(kept[0][0])[1].lower() == suffix:
        yield file, _to_blob(file, kept[0][1])
        return
    for number, (own, ref) in enumerate(kept, 1):
        last = own.rpartition("/")[2]
        path = f"{folder}/{_short(f'{number:04}-{_escaped(last)}')}"
        yield path, _to_blob(path, ref)


def own_paths(name: str) -> tuple[str, str]:
    """The two paths that a name may have: that of a file and that of a folder."""
    above, slash, last = name.rpartition("/")
    folders = _folders(above) if slash else ""
    plain = _escaped(last)
    return folders + _short(plain), folders + _short(plain, ITEMS)


@lru_cache(maxsize=1024)
def _folders(above: str) -> str:
    """The folders of a name, each with a slash: those of most names are those of the one before."""
    return "".join(f"{_folder(one)}/" for one in above.split("/"))


def _folder(part: str) -> str:
    is_taken = os.path.splitext(part)[1].lower() in SHOWN | {ITEMS}
    # No name has this ending otherwise: its percent sign would be escaped.
    return _short(_escaped(part), "%" if is_taken or not part else "")


def _escaped(part: str) -> str:
    return _UNSAFE.sub(lambda found: "".join(f"%{one:02X}" for one in found[0].encode()), part)


def _short(part: str, ending: str = "") -> str:
    """A part of at most `LONGEST` bytes; of a longer one a hash tells it from others."""
    data = part.encode("utf-8", "surrogateescape")
    if len(data) + len(ending) <= LONGEST:
        return part + ending
    suffix = os.path.splitext(part)[1]
    suffix = suffix if suffix.lower() in SHOWN else ""
    tail = f"~{sha256(data).hexdigest()[:12]}{suffix}{ending}"
    return data[: LONGEST - len(tail)].decode("utf-8", "ignore") + tail


def _to_blob(path: str, ref: str) -> str:
    return "../" * len(path.split("/")) + ref
