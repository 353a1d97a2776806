"""Small pictures of datapoints with their labels on them, kept by what is on them."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

from PIL import Image

from rbsync.browse.sights import Looker, Sight
from rbsync.errors import RbsyncError
from rbsync.executors.assured import Helpers
from rbsync.pictures.label_drawing import Drawing, drawing_of, overlaid
from rbsync.pictures.photographs import read_photograph
from rbsync.pictures.views import View, main_view
from rbsync.sync.label_sides import NOTHING

SIDE = 240
_FORM = 3
"""Counts the ways in which they were drawn: one of another way is drawn anew."""
_AT_ONCE = 2
_ELSEWHERE_AT_ONCE = 8
_LARGE = 1 << 20
_QUALITY = 80
_END = b"\xff\xd9"
LIMIT = 1 << 30
"""Bytes of all that are kept: those of some 100,000 datapoints."""
_LEFT = 0.8
"""The part that stays when they are too many: else each new one would look for an old one."""


class Thumbnails:
    """Thumbnails in a folder, one file each. Used by several threads."""

    def __init__(
        self, folder: str, looker: Looker, helpers: Callable[[], Helpers] | None = None
    ) -> None:
        """``helpers`` draw those of large photographs, where there are any."""
        self._folder, self._looker, self._helpers = folder, looker, helpers
        # Photographs in memory: a screen asks for dozens at once, and each may have 100 MB.
        self._free = threading.Semaphore(_AT_ONCE if helpers is None else _ELSEWHERE_AT_ONCE)
        self._shelf = Shelf(folder)

    def tag(self, sight: Sight) -> str:
        """A digest of all that a thumbnail shows; the same for the same content."""
        present, coming = sight.present, sight.coming
        parts = [str(_FORM), *self._looker.classes]
        if coming is not None:
            parts += [coming.fingerprint.items, coming.fingerprint.labels]
        elif present is not None:
            parts += [*present.refs, *(present.contents or ()), present.labels]
            parts += [str(present.task.stamp)] * bool(present.maps)
        text = "\n".join(map(repr, parts))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def read(self, sight: Sight) -> bytes | None:
        """The JPEG of a datapoint, drawn where it is not kept; None where nothing can be drawn."""
        path = self._path(self.tag(sight))
        with suppress(OSError), open(path, "rb") as file:
            # One that a crash cut off is drawn anew: to wait for the disk takes longer than that.
            if (data := file.read()).endswith(_END):
                # Those that nobody looks at are the first to go.
                os.utime(path)
                return data
        with self._free:
            drawn = self._drawn(sight)
        # A folder that cannot be written to makes it slow, and nothing else.
        with suppress(OSError):
            if drawn is not None:
                _keep(path, drawn)
                self._shelf.took(len(drawn))
        return drawn

    def _path(self, tag: str) -> str:
        # Of 100,000 files in one folder each look costs more than the picture.
        return os.path.join(self._folder, tag[:2], tag[2:])

    def _drawn(self, sight: Sight) -> bytes | None:
        items = self._looker.items(sight)
        with suppress(RbsyncError, OSError, ValueError, KeyError, TypeError, RecursionError):
            return self._jpeg(main_view(self._looker.coming(sight), items), self._looker.classes)
        # Labels that cannot be drawn hide no photograph.
        return self._jpeg(main_view(NOTHING, items))

    def _jpeg(self, view: View | None, known: Sequence[str] = ()) -> bytes | None:
        if self._helpers is None or view is None or not _is_large(view):
            return _jpeg(view, known)
        from rbsync.executors.batches import settled

        call = partial(_jpeg, view, known)
        (found,) = settled([call], self._helpers().hand_out([call]).result())
        if isinstance(found, Exception):
            raise found
        return cast("bytes | None", found)


def _is_large(view: View) -> bool:
    """Tells whether a photograph takes longer to be drawn than to be handed to somebody else."""
    return isinstance(view.photo, bytes) and len(view.photo) >= _LARGE


class Shelf:
    """The files of a folder, of which the oldest are removed when all take more than `LIMIT`."""

    def __init__(self, folder: str) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._size: int | None = None

    def took(self, size: int) -> None:
        """So many more bytes are there."""
        with self._lock:
            if self._size is None:
                # With the first one that is drawn: most pages find all that they show.
                self._size = sum(each for _, each, _ in self._files()) - size
            self._size += size
            if self._size > LIMIT:
                self._size = self._shrunk()

    def _shrunk(self) -> int:
        files = sorted(self._files())
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= LIMIT * _LEFT:
                break
            # Another browse may have been there first.
            with suppress(OSError):
                os.unlink(path)
            left -= size
        return left

    def _files(self) -> Iterator[tuple[int, int, str]]:
        """When each was used last, its size, and its path."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = os.path.join(folder, name)
                with suppress(OSError):
                    found = os.stat(path)
                    yield found.st_mtime_ns, found.st_size, path


def _jpeg(view: View | None, known: Sequence[str] = ()) -> bytes | None:
    drawing = drawing_of(view.after) if view else None
    photo = _photo(view, drawing) if view and drawing else None
    if drawing is None or photo is None:
        return None
    # As sharp as the bicubic filter for pictures that become smaller, in half of the time.
    photo.thumbnail((SIDE, SIDE), Image.Resampling.HAMMING)
    file = io.BytesIO()
    overlaid(photo, drawing, known=known).save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def _photo(view: View, drawing: Drawing) -> Image.Image | None:
    """The photograph, in the shape in which it is seen; a grey ground for masks without one."""
    photo = view.photo if isinstance(view.photo, Image.Image) else None
    with suppress(ValueError):
        photo = read_photograph(view.photo, SIDE) if isinstance(view.photo, bytes) else photo
    if photo is None and drawing.mask is not None:
        photo = Image.new("RGB", (drawing.mask.width, drawing.mask.height), (138, 138, 134))
    if photo is None or view.aspect == 1:
        return photo
    return photo.resize((photo.width, max(1, round(photo.height * view.aspect))))


def _keep(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    draft = f"{path}.{threading.get_ident()}"
    with open(draft, "wb") as file:
        file.write(data)
    os.replace(draft, path)
