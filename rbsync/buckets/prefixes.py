"""All that is below a prefix, listed by several requests at once, and whether that was all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

from rbsync.buckets.exact_keys import ExactPages, nobody
from rbsync.buckets.folders import Folders, before
from rbsync.buckets.listing_faults import ENDLESS, SHORT_HINT, fault_of, is_told_by_service
from rbsync.files.bucket_listings import BucketError
from rbsync.files.listing import Listing

AT_ONCE = 16
"""Prefixes that are listed at the same time: each waits for its own pages."""

_PAGE = 1_000
"""Keys that the services give at one time, and that are taken in at one time."""

_PATIENCE = 5.0
"""Seconds after which somebody looks whether the listing of one folder moves on."""

_MOST_LEVELS = 4
"""Levels of folders that are asked for one by one, to find prefixes to be listed at once."""

_SHORT = "the listing ended before its end"
_NO_LISTING = "the answer is no listing"
_NO_LISTING_HINT = "a proxy or a sign-in page seems to answer in its place; plan again without it"


class _NamelessError(Exception):
    """A page has a key that the library has no path for."""


def _awaited(answer: Coroutine[Any, Any, Any]) -> Any:
    """Returns the answer, also where this thread has a loop already, as notebooks do."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(answer)
    with ThreadPoolExecutor(1) as other:
        return other.submit(asyncio.run, answer).result()


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

    def __init__(self, store: Any, root: str, exact: ExactPages = nobody) -> None:
        """``root`` is its path, such as ``s3://bucket``. ``exact`` lists keys that ``store`` cannot
        name."""
        self._store, self._root, self._exact = store, root, exact

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

    def address(self, key: str, seconds: float) -> str:
        """The address by which anybody gets an object for some seconds, whether it is there or not.

        Raises BucketError.
        """
        import obstore

        with self._faults_of(key):
            return obstore.sign(self._store, "GET", key, timedelta(seconds=seconds))

    @contextmanager
    def _faults_of(self, key: str) -> Iterator[None]:
        from obstore.exceptions import BaseError, NotFoundError

        try:
            yield
        except NotFoundError:
            raise FileNotFoundError(self._path(key)) from None
        except BaseError as error:
            raise fault_of(error, self._path(key)) from None

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
        found, begun = Folders(key), datetime.now(UTC)
        try:
            answer = _awaited(self._level_that_ends(key))
        except BucketError:
            raise
        except Exception as error:
            if not self._is_nameless(error):
                raise fault_of(error, self._path(key)) from None
            found = self._exactly(key, deep=False)
            return found, found.folders_of(key)
        found.take(answer["objects"])
        # The library takes the slashes at the end of `a//` for one, and so its folder for itself.
        folders = [one for one in answer["common_prefixes"] if one not in ("", key)]
        if len(folders) < len(answer["common_prefixes"]):
            found.leave_out_below(f"{key}//" if key else "/")
        found.take_folders(folders)
        self._check_end(key, found, begun, is_told=is_told)
        return found, folders

    async def _level_that_ends(self, key: str) -> Any:
        """The library's answer of one folder. Raises BucketError for one without an end."""
        import obstore

        # It takes in all pages before it tells of one: what repeats itself would never be told.
        listed = obstore.list_with_delimiter_async(self._store, key or None, return_arrow=True)
        asked = asyncio.ensure_future(listed)
        await asyncio.wait([asked], timeout=_PATIENCE)
        try:
            if not asked.done():
                await asyncio.to_thread(self._check_moves_on, key, asked.done)
            return await asked
        finally:
            asked.cancel()

    def _check_moves_on(self, key: str, is_enough: Callable[[], bool]) -> None:
        """Raises BucketError where pages repeat themselves, as far as they are looked at."""
        last = ""
        for page in self._pages(key):
            keys: list[str] = page.column("path").to_pylist()
            if len(keys) > 1 and keys[-1] <= last:
                raise BucketError(self._path(key), ENDLESS, SHORT_HINT)
            last = max([last, *keys[-1:]])
            if is_enough():
                return

    def _stream(self, key: str) -> Folders:
        """All keys of a prefix that was told, page by page."""
        found, begun = Folders(key), datetime.now(UTC)
        try:
            for page in self._pages(key):
                if not found.take(page):
                    raise BucketError(self._path(key), ENDLESS, SHORT_HINT)
        except _NamelessError:
            return self._exactly(key, deep=True)
        for above, keys in found.undecided():
            self._make_folders(found, above, keys)
        self._check_end(key, found, begun, is_told=True)
        return found

    def _exactly(self, key: str, *, deep: bool) -> Folders:
        """A prefix that has keys which are no paths. They are left out: no manifest can have ever
        declared one, and so nothing that was made of one can be missed."""
        found, begun, prefix = Folders(key), datetime.now(UTC), f"{key}/" if key else ""
        try:
            for page in self._exact(prefix, deep, ""):
                if not found.take_exact(page):
                    raise BucketError(self._path(key), ENDLESS, SHORT_HINT)
            # Also of a folder by itself: of what was cut off there may be folders alone.
            rest = next(self._exact(prefix, True, found.last), None)
        except BucketError:
            raise
        except Exception as error:
            raise fault_of(error, self._path(key)) from None
        if rest and any(one["LastModified"] < begun for one in rest.objects):
            raise BucketError(self._path(key), _SHORT, SHORT_HINT)
        return found

    # The library tells `a/b/` as `a/b`. Only the prefix `a/b/` has the first and not the second.
    def _make_folders(self, found: Folders, above: str, keys: Sequence[str]) -> None:
        """Makes folders of those of the empty objects in a folder that only mark one."""
        # One by one, or all folders of the folder: whichever takes fewer requests.
        if len(keys) <= 1 + found.count(above) // _PAGE:
            markers = [one for one in keys if any(page.num_rows for page in self._pages(one))]
        else:
            try:
                told = set(_awaited(self._level_that_ends(above))["common_prefixes"])
            except BucketError:
                raise
            except Exception as error:
                raise fault_of(error, self._path(above)) from None
            markers = [one for one in keys if one in told]
        for one in markers:
            found.folder(one)

    def _is_nameless(self, error: Exception) -> bool:
        return type(error).__name__ == "InvalidPathError" and self._exact is not nobody

    def _pages(self, key: str, after: str = "") -> Iterator[Any]:
        import obstore

        try:
            yield from obstore.list(
                self._store, key or None, offset=after or None, chunk_size=_PAGE, return_arrow=True
            )
        except Exception as error:
            if self._is_nameless(error):
                raise _NamelessError from None
            raise fault_of(error, self._path(key)) from None

    # A service, or a proxy before it, may leave out the mark by which a listing goes on: it then
    # looks like one that is whole, and all that it does not tell like deleted.
    def _check_end(self, key: str, found: Folders, begun: datetime, *, is_told: bool) -> None:
        """Raises BucketError where a bucket has keys after the last one that it told, or none
        although the folder above had told some.

        Those that came since the listing had ``begun`` were not there to be told.
        """
        if is_told and not found.is_there:
            raise BucketError(self._path(key), _SHORT, SHORT_HINT)
        last, is_told = found.last, False
        for page in self._pages(key, before(last)) if last else ():
            keys: list[str] = page.column("path").to_pylist()
            is_told = is_told or bool(keys)
            late = [at for at, one in enumerate(keys) if one > last]
            if not late:
                break
            since = page.column("last_modified").to_pylist()
            if any(since[at] < begun for at in late):
                raise BucketError(self._path(key), _SHORT, SHORT_HINT)
        if not is_told:
            self._check_service(key)

    # A page of a proxy, with the status 200, is read as a listing of nothing: labels that may be
    # missing would be, and a listing that it broke off would have an end.
    def _check_service(self, key: str) -> None:
        """Raises BucketError where whoever tells of no keys has an object that nobody made."""
        import obstore
        from obstore.exceptions import NotFoundError, PermissionDeniedError, UnauthenticatedError

        missing = FileNotFoundError, NotFoundError
        try:
            # Not a HEAD, whose answer has no words by which a service could be known.
            obstore.get(self._store, f"{key}/{uuid4().hex}" if key else uuid4().hex)
        except (*missing, PermissionDeniedError, UnauthenticatedError) as refusal:
            # Who may list may have no right to read. A proxy refuses with a page of its own.
            if is_told_by_service(refusal):
                return
        except Exception as error:
            raise fault_of(error, self._path(key)) from None
        raise BucketError(self._path(key), _NO_LISTING, _NO_LISTING_HINT)

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}" if key else self._root
