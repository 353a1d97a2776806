"""All that is below a prefix, listed by several requests at once, and whether that was all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from rbsync.buckets.folders import Folders
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


_STATUS = re.compile(r"(?:status(?: code)?:?|error) (\d{3})\b", re.IGNORECASE)
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUSES = {"PermissionDeniedError": "403", "UnauthenticatedError": "401", "NotFoundError": "404"}
_REFUSED = "the service refuses to list it"
_REFUSED_HINT = "ask whose bucket it is for the right to list it, or use other credentials"
_LATER = "nothing of it is deleted; plan again when it answers"


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

    def level(self, key: str, *, is_told: bool = False) -> Listing | None:
        """One folder by itself, None for one that is not there. Raises BucketError.

        ``is_told`` says that the folder above has it: then it cannot be missing.
        """
        found, _ = self._level(key, is_told=is_told)
        return dict(found.listings(self._root)).get(self._path(key))

    def below(self, key: str, pool: Executor) -> Found:
        """The folder of a key and all below it."""
        result = Found()
        prefixes = self._levels(key, pool, result)
        for found in self._streams(prefixes, pool, result):
            result.listings.update(found.listings(self._root))
        return result

    def _levels(self, key: str, pool: Executor, result: Found) -> list[str]:
        """Asks for folders one by one. Returns the prefixes that are left below them."""
        prefixes = [key]
        for _ in range(_MOST_LEVELS):
            if len(prefixes) >= AT_ONCE:
                break
            deeper: list[str] = []
            tried = partial(self._tried_level, is_told=prefixes != [key])
            for level in pool.map(tried, prefixes):
                if isinstance(level, BucketError):
                    result.failed.append(level)
                    continue
                found, below = level
                result.listings.update(found.listings(self._root))
                deeper += below
            prefixes = deeper
        return prefixes

    def _streams(self, prefixes: Sequence[str], pool: Executor, result: Found) -> Iterator[Folders]:
        for found in pool.map(self._tried_stream, prefixes):
            if isinstance(found, BucketError):
                result.failed.append(found)
            else:
                yield found

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
            raise _fault_of(error, self._path(key)) from None

    def _tried_level(self, key: str, *, is_told: bool) -> tuple[Folders, list[str]] | BucketError:
        try:
            return self._level(key, is_told=is_told)
        except BucketError as error:
            return error

    def _tried_stream(self, key: str) -> Folders | BucketError:
        try:
            return self._stream(key)
        except BucketError as error:
            return error

    def _level(self, key: str, *, is_told: bool) -> tuple[Folders, list[str]]:
        """The objects of a folder, and the keys of the folders in it."""
        import obstore

        found, begun = Folders(key), datetime.now(UTC)
        try:
            answer = obstore.list_with_delimiter(self._store, key or None, return_arrow=True)
        except Exception as error:
            raise _fault_of(error, self._path(key)) from None
        found.take(answer["objects"])
        folders = list(answer["common_prefixes"])
        found.take_folders(folders)
        self._check_end(key, found, begun, is_told=is_told)
        return found, folders

    def _stream(self, key: str) -> Folders:
        """All keys of a prefix that was told, page by page."""
        found, begun = Folders(key), datetime.now(UTC)
        for page in self._pages(key):
            found.take(page)
        self._check_end(key, found, begun, is_told=True)
        return found

    def _pages(self, key: str, after: str = "") -> Iterator[Any]:
        import obstore

        try:
            yield from obstore.list(
                self._store, key or None, offset=after or None, chunk_size=_PAGE, return_arrow=True
            )
        except Exception as error:
            raise _fault_of(error, self._path(key)) from None

    # A service, or a proxy before it, may leave out the mark by which a listing goes on: it then
    # looks like one that is whole, and all that it does not tell like deleted.
    def _check_end(self, key: str, found: Folders, begun: datetime, *, is_told: bool) -> None:
        """Raises BucketError where a bucket has keys after the last one that it told, or none
        although the folder above had told some.

        Those that came since the listing had ``begun`` were not there to be told.
        """
        if is_told and not found.is_there:
            raise BucketError(self._path(key), _SHORT, _SHORT_HINT)
        last = found.last
        for page in self._pages(key, last) if last else ():
            late = [at for at, one in enumerate(page.column("path").to_pylist()) if one > last]
            if not late:
                return
            since = page.column("last_modified").to_pylist()
            if any(since[at] < begun for at in late):
                raise BucketError(self._path(key), _SHORT, _SHORT_HINT)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root


# Its own words have whole addresses, and those of Azure have signatures that open a container.
def _fault_of(error: Exception, prefix: str) -> BucketError:
    """An exception of the library as what is told of a prefix."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    said = ", ".join([*(status.groups() if status else ()), *(code.groups() if code else ())])
    beside = f" ({said})" if said else ""
    number = status[1] if status else _STATUSES.get(type(error).__name__, "")
    if number in ("401", "403"):
        return BucketError(prefix, _REFUSED + beside, _REFUSED_HINT)
    if number == "404":
        return BucketError(prefix, f"there is no such bucket{beside}", "check the bucket's name")
    if "credential" in text.lower():
        return BucketError(prefix, "the credentials could not be had", _REFUSED_HINT)
    if status:
        return BucketError(prefix, f"a page of the listing failed{beside}", _LATER)
    if "timed out" in text:
        return BucketError(prefix, "it does not answer in time", _LATER)
    if "Path " in text and ("segment" in text or "parse" in text.lower()):
        hint = "a key has an empty part, as in `a//b`, or `.` or `..`: list prefixes without it"
        return BucketError(prefix, "a key of it is no path", hint)
    if type(error).__name__ == "PreconditionError":
        return BucketError(prefix, "it was written anew while it was read", _LATER)
    return BucketError(prefix, "its service could not be reached", _LATER)
