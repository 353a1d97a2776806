"""All that is below a prefix, listed by several requests at once, and whether that was all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from rbsync.buckets.folders import Folders
from rbsync.buckets.told_faults import fault_of
from rbsync.files.bucket_listings import BucketError
from rbsync.files.listing import Listing

AT_ONCE = 16
"""Prefixes that are listed at the same time: each waits for its own pages."""

_PAGE = 1_000
"""Keys that the services give at one time, and that are taken in at one time."""

_MOST_LEVELS = 4
"""Levels of folders that are asked for one by one, to find prefixes to be listed at once."""

_SHORT = "the listing ended before its end"
_SHORT_HINT = "nothing of it is deleted; plan again, and tell whose service it is when it stays so"


@dataclass
class Found:
    """The folders below a prefix by their paths, and what could not be listed of them."""

    listings: dict[str, Listing] = field(default_factory=dict)
    failed: list[BucketError] = field(default_factory=list)


class Version(NamedTuple):
    """The version that an object has, and its size in bytes."""

    tag: str
    size: int


class Bucket:
    """A bucket that may be asked; ``store`` is the library's."""

    def __init__(self, store: Any, root: str) -> None:
        """``root`` is its path, such as ``s3://bucket``."""
        self._store, self._root = store, root

    def level(self, key: str) -> Listing:
        """One folder by itself. Raises BucketError."""
        begun = datetime.now(UTC)
        found, _ = self._level(key)
        self._check_end(key, found.last, begun)
        return dict(found.listings(self._root))[self._path(key)]

    def below(self, key: str, pool: Executor) -> Found:
        """The folder of a key and all below it."""
        result, begun = Found(), datetime.now(UTC)
        levels, prefixes = self._levels(key, pool, result)
        ends = {prefix: found.last for prefix, found in levels.items()}
        for prefix, found in self._streams(prefixes, pool, result):
            for above in ends:
                if prefix.startswith(f"{above}/" if above else ""):
                    ends[above] = max(ends[above], found.last)
            result.listings.update(found.listings(self._root))
        for prefix, found in levels.items():
            # Where something failed, keys after the last that was seen are no wonder.
            if not result.failed and (error := self._short(prefix, ends[prefix], begun)):
                result.failed.append(error)
            result.listings.update(found.listings(self._root))
        return result

    def _levels(
        self, key: str, pool: Executor, result: Found
    ) -> tuple[dict[str, Folders], list[str]]:
        """The folders that were asked for one by one, and the prefixes that are left below them."""
        levels: dict[str, Folders] = {}
        prefixes = [key]
        for _ in range(_MOST_LEVELS):
            if len(prefixes) >= AT_ONCE:
                break
            deeper: list[str] = []
            for prefix, level in zip(prefixes, pool.map(self._tried_level, prefixes), strict=True):
                if isinstance(level, BucketError):
                    result.failed.append(level)
                    continue
                levels[prefix] = level[0]
                deeper += level[1]
            prefixes = deeper
        return levels, prefixes

    def _streams(
        self, prefixes: Sequence[str], pool: Executor, result: Found
    ) -> Iterator[tuple[str, Folders]]:
        for prefix, found in zip(prefixes, pool.map(self._tried_stream, prefixes), strict=True):
            if isinstance(found, BucketError):
                result.failed.append(found)
            else:
                yield prefix, found

    def version(self, key: str) -> Version:
        """The version of an object. Raises BucketError and FileNotFoundError."""
        import obstore

        with self._faults_of(key):
            found = obstore.head(self._store, key)
        return Version(found["e_tag"] or found["version"] or "", found["size"])

    def content(self, key: str, tag: str) -> Iterator[bytes]:
        """The bytes of an object, if it still has a version. Raises as `version`."""
        import obstore

        with self._faults_of(key):
            options: Any = {"if_match": tag} if tag else {}
            for chunk in obstore.get(self._store, key, options=options):
                yield bytes(chunk)

    @contextmanager
    def _faults_of(self, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError, NotFoundError

        try:
            yield
        except NotFoundError:
            raise FileNotFoundError(self._path(key)) from None
        except BaseError as error:
            raise fault_of(error, self._path(key)) from None

    def _short(self, key: str, last: str, begun: datetime) -> BucketError | None:
        """Returns why a level of which not all folders were told is not known."""
        try:
            self._check_end(key, last, begun)
        except BucketError as error:
            return error
        return None

    def _tried_level(self, key: str) -> tuple[Folders, list[str]] | BucketError:
        try:
            return self._level(key)
        except BucketError as error:
            return error

    def _tried_stream(self, key: str) -> Folders | BucketError:
        try:
            return self._stream(key)
        except BucketError as error:
            return error

    def _level(self, key: str) -> tuple[Folders, list[str]]:
        """The objects of a folder, and the keys of the folders in it."""
        import obstore

        found = Folders(key)
        try:
            answer = obstore.list_with_delimiter(self._store, key or None, return_arrow=True)
        except Exception as error:
            raise fault_of(error, self._path(key)) from None
        found.take(answer["objects"])
        folders = list(answer["common_prefixes"])
        found.folder(key).folders.update(one.rpartition("/")[2] for one in folders)
        return found, folders

    def _stream(self, key: str) -> Folders:
        """All keys of a prefix, page by page."""
        found = Folders(key)
        begun = datetime.now(UTC)
        for page in self._pages(key):
            found.take(page)
        self._check_end(key, found.last, begun)
        return found

    def _pages(self, key: str, after: str = "") -> Iterator[Any]:
        import obstore

        try:
            yield from obstore.list(
                self._store, key or None, offset=after or None, chunk_size=_PAGE, return_arrow=True
            )
        except Exception as error:
            raise fault_of(error, self._path(key)) from None

    # A service, or a proxy before it, may leave out the mark by which a listing goes on: it then
    # looks like one that is whole, and all that it does not tell like deleted.
    def _check_end(self, key: str, last: str, begun: datetime) -> None:
        """Raises BucketError where a bucket has keys after the last one that it told.

        Those that came since the listing had ``begun`` were not there to be told.
        """
        for page in self._pages(key, last) if last else ():
            late = [at for at, one in enumerate(page.column("path").to_pylist()) if one > last]
            if not late:
                return
            since = page.column("last_modified").to_pylist()
            if any(since[at] < begun for at in late):
                raise BucketError(self._path(key), _SHORT, _SHORT_HINT)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root
