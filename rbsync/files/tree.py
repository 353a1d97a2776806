"""The files below the manifest's folder: listed once a run, with what is remembered of them.

One class and one file: what was listed, read, noted and missed of a folder is one state, of which
each question is a few lines. Hashing, which has a state of its own, stands in `tree_hashing`.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import xxhash

from rbsync.files.body import open_body
from rbsync.files.bucket_listings import NO_BUCKETS, BucketError, BucketListings
from rbsync.files.cache import Cache, Row
from rbsync.files.file_facts import DIGEST_SIZE, UNSEEN, Stat
from rbsync.files.ignore import FILE, IgnoreRules, Match, Rule, rules_text
from rbsync.files.kinds import Kind
from rbsync.files.known_listings import NO_LISTINGS, KnownListings
from rbsync.files.listing import File, Listing, scan
from rbsync.files.listing_changes import FEW, KnownFiles, changed_names, inherit
from rbsync.files.listings_on_disk import Listings
from rbsync.files.part import Part
from rbsync.files.roots import Roots
from rbsync.files.spelling import Spellings
from rbsync.files.tree_hashing import Place, TreeHashing
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.fingerprint import Algorithm
from rbsync.trust.places import real_path

if TYPE_CHECKING:
    from rbsync.files.structure import Fault

MOST_RULES = 1 << 20
# Of one file's datapoint. What is looked for later is named by the datapoint itself.
MOST_ASKED = 100


class Tree:
    """Lists, hashes and remembers. Paths are as in the manifest: relative, with ``/``."""

    def __init__(
        self,
        roots: Roots,
        cache: Cache,
        algorithm: Algorithm = "xxh3",
        *,
        rehash: bool = False,
        known: KnownListings = NO_LISTINGS,
        buckets: BucketListings = NO_BUCKETS,
    ) -> None:
        self.roots = roots
        self._known = known
        self._buckets = buckets
        self._main = os.path.realpath(roots.main)
        self.algorithm: Algorithm = algorithm
        self._width = DIGEST_SIZE[algorithm]
        self._cache = cache
        self.rehashes = rehash
        self._ignore = IgnoreRules()
        self._listings = Listings()
        self._files: dict[str, KnownFiles] = {}
        self._scanned: dict[str, Listing] = {}
        self._absent: set[str] = set()
        self._spellings = Spellings(self.listing)
        self._read: dict[str, Stat | None] = {}
        self._compared: set[str] = set()
        self._missed = False
        self._racy_reads: set[str] = set()
        self._has_links: bool | None = None
        self._link_ends: dict[str, bytes] = {}
        self._linked: dict[str, Place] = {}
        self._noted: set[str] | None = None
        self._noted_reads: set[str] | None = None
        self._rules: set[str] = set()
        self._asked: deque[str] = deque(maxlen=MOST_ASKED)
        self._dirty: set[str] = set()
        self.contents = TreeHashing(roots, self._listings, algorithm, cache, self._touched)
        self.part: Part | None = None
        """All that is looked at, where the rest is known to be as it was."""

    def close(self) -> None:
        """Gives up what was put away on disk; nothing is asked for after that."""
        self._listings.close()

    def listing(self, folder: str) -> Listing:
        """Returns what a folder holds. Raises OSError when it cannot be listed."""
        known = self._listings.get(folder)
        if self._noted is not None:
            self._noted.add(folder)
        if known is None:
            if folder in self._absent:
                raise FileNotFoundError(folder)
            # It told of the folders that were listed before this one.
            self._has_links = None
            try:
                known = self._listings[folder] = self._recall(self._scan(folder))
            except FileNotFoundError:
                self._absent.add(folder)
                raise
        return known

    def _scan(self, folder: str) -> Listing:
        # The check whether the last plan still holds has listed the folder already.
        known = self._scanned.pop(folder, None) or self._known.get(folder)
        if known is None and is_bucket(folder):
            return self._scan_bucket(folder)
        if known is None:
            begun = self._known.begin(folder)
            descriptor = self.roots.open_folder(folder or ".")
            try:
                known = scan(descriptor, folder)
            finally:
                os.close(descriptor)
            self._known.put(folder, known, begun)
        return known

    def _scan_bucket(self, folder: str) -> Listing:
        try:
            return self._buckets.listing(folder)
        except BucketError:
            # What cannot be told today may be told tomorrow: nothing of it is remembered.
            self._missed = True
            raise

    def read(self, path: str, limit: int) -> bytes:
        """A file's bytes, for one that says what else to look at; in any spelling of its name.

        Raises OSError, also over the limit, and OutsideError for a path that leads out.
        """
        self._note_read(path)
        try:
            return self._read_as_spelt(path, limit)
        except FileNotFoundError:
            spelt = self.respelt(path)
            if not spelt:
                raise
        self._note_read(spelt)
        return self._read_as_spelt(spelt, limit)

    def _note_read(self, path: str) -> None:
        if self._noted_reads is not None:
            self._noted_reads.add(path)

    def _read_as_spelt(self, path: str, limit: int) -> bytes:
        started = time.time_ns()
        try:
            with open_body(self.roots, path, self.algorithm) as body:
                data = body.whole(limit)
        except FileNotFoundError:
            self._read[path] = None
            raise
        self._read[path] = body.stat
        # A list of items that changes in this very second could be read in two halves, and must be
        # read again next time.
        if self.contents.is_racy(body.stat, started):
            self._racy_reads.add(path)
        return data

    def was_read(self, path: str) -> bool:
        """Tells whether a file says what else to look at, and was read for that."""
        return path in self._read

    @contextmanager
    def noting(self, folders: set[str] | None, reads: set[str] | None = None) -> Iterator[None]:
        """Takes down the folders that are looked into meanwhile, and the files that are read."""
        self._noted, self._noted_reads = folders, reads
        try:
            yield
        finally:
            self._noted = self._noted_reads = None

    def reads(self) -> list[str]:
        """The files that were read because they say what else to look at, absent ones included."""
        return sorted(self._read)

    def rules(self) -> frozenset[str]:
        """The `.rbsyncignore` files that were looked for, absent ones included."""
        return frozenset(self._rules)

    def names_in(self, listing: Listing) -> Collection[str]:
        """The names in a folder that count: all but folders, or those of the `part`."""
        wanted = None if self.part is None else self.part.names.get(listing.path)
        # Those of a bucket are keys that no name can be made of.
        others = (*listing.links, *(() if is_bucket(listing.path) else listing.odd))
        if wanted is None:
            return [*listing.names, *others] if others else listing.names
        if len(wanted) <= FEW:
            return [one for one in wanted if one in others or listing.has(one)]
        return wanted.intersection((*listing.names, *others))

    def link_target(self, path: str) -> str:
        """The text of a symbolic link; empty for what is none."""
        folder, _, name = path.rpartition("/")
        try:
            return self.listing(folder).links.get(name, "")
        except OSError:
            return ""

    def listings(self) -> Iterator[Listing]:
        """Yields what was listed so far."""
        return map(self._listings.glimpse, self._listings)

    def put_away(self, folder: str) -> None:
        """Takes note that nobody needs the listing of a folder for now."""
        self._listings.put_away(folder)

    def folders(self) -> list[str]:
        """The folders that were looked at and the files that were read, absent ones included."""
        return sorted({*self._listings, *self._absent, *self._read})

    def looked_at(self) -> list[str]:
        """The answer of `folders`, with what was only compared with what it was before."""
        return sorted({*self.folders(), *self._compared})

    def is_settled(self) -> bool:
        """Tells whether every file that was asked for is known for good."""
        return not (self.contents.racy or self._racy_reads or self.has_missed)

    @property
    def has_missed(self) -> bool:
        """Tells whether a file could not be read, or nobody knows what a bucket holds."""
        return self._missed or self.contents.has_missed

    def signature(self, folders: Iterable[str]) -> str:
        """Returns what tells whether all that `folders` names is as it was; empty when it cannot be
        seen.

        Says nothing of files' contents: size, times and inode stand for them.
        """
        hasher = xxhash.xxh3_128()
        try:
            for path in folders:
                self._compared.add(path)
                for part in self._identity(path):
                    hasher.update(part)
        except OSError:
            return ""
        return hasher.hexdigest()

    def is_told(self, path: str) -> bool:
        """Tells whether somebody keeps the listing of a folder, so that none has to be made."""
        return self._known.get(path) is not None

    def is_racy(self, path: str) -> bool:
        """Tells whether a file that says what else to look at, or one of a folder, may have changed
        unseen since it was read."""
        return path in self.contents.racy or path in self._racy_reads

    def files_signature(self, path: str) -> bytes:
        """As `signature`, of the names and stats of a folder's files alone; empty for no folder."""
        listing = self._seen(path)
        if listing is None:
            return b""
        return _of_files(listing.joined, listing.stats.tobytes())

    def _seen(self, path: str) -> Listing | None:
        known = path in self._listings
        return self._listings.glimpse(path) if known else self._scanned.get(path)

    def seen(self, path: str) -> Listing | None:
        """The listing of a folder whose signature was asked for; None where there is none."""
        return self._seen(path)

    def changed_names(self, path: str, before: bytes) -> set[str] | None:
        """The files of a folder that are not as they were; None when that cannot be told.

        ``before`` is what `files_signature` returned then.
        """
        row, listing = self._cache.folder(path), self._seen(path)
        # What is remembered of a folder may be newer than that, after a plan that failed.
        if row is None or listing is None or _of_files(row.names, row.stats) != before:
            return None
        old = row.listing(path)
        changed = changed_names(old, listing)
        listing.forget_names()
        if UNSEEN in old.kinds:
            unseen = (at for at, kind in enumerate(old.kinds) if kind == UNSEEN)
            changed.update(old.names[at] for at in unseen)
        return changed

    def _identity(self, path: str) -> Iterator[bytes]:
        listing = self._listings.glimpse(path) if path in self._listings else None
        try:
            if listing is None and path not in self._read:
                listing = self._scanned[path] = self._scan(path)
        except FileNotFoundError:
            yield os.fsencode(f"{path}\0absent\0")
        except NotADirectoryError:
            yield os.fsencode(f"{path}\0{self._stat(path)}\0")
        else:
            if listing is None:
                found = self._read[path]
                yield os.fsencode(f"{path}\0{found or 'absent'}\0")
            else:
                yield from listing.identity()
                yield self._behind_links(listing)

    def _stat(self, path: str) -> Stat:
        with open_body(self.roots, path, self.algorithm) as body:
            return body.stat

    def _behind_links(self, listing: Listing) -> bytes:
        """Returns where links lead in the end: one on the way may be changed while they are not."""
        known = self._link_ends.get(listing.path) if listing.links else b""
        if known is None:
            ends = b"".join(self._ends(listing))
            known = self._link_ends[listing.path] = xxhash.xxh3_128_digest(ends)
        return known

    def _ends(self, listing: Listing) -> Iterator[bytes]:
        folder = os.path.join(self._main, listing.path)
        heads: dict[str, str] = {}
        for target in listing.links.values():
            head, tail = os.path.split(target)
            if head not in heads:
                heads[head] = _real_or_own(os.path.join(folder, head))
            found = os.path.join(heads[head], tail)
            # Resolving a whole path costs a system call for each folder in it. Links of one folder
            # mostly lead into one other.
            if tail in ("", ".", "..") or os.path.islink(found):
                found = _real_or_own(found)
            yield os.fsencode(found + "\0")

    def _recall(self, listing: Listing) -> Listing:
        row = None if self.rehashes else self._cache.folder(listing.path)
        # Compared as bytes: of a folder of 100,000 files not one object is made when nothing has
        # changed.
        if row and row.names == listing.joined and row.stats == listing.stats.tobytes():
            listing.digests = bytearray(row.digests)
            listing.kinds = bytearray(row.kinds)
            return listing
        if row:
            inherit(listing, row.listing(listing.path), self._width)
        else:
            listing.forget_all(self._width)
        self._dirty.add(listing.path)
        return listing

    def walk(
        self,
        base: str,
        enters: Callable[[str], bool],
        unreadable: Callable[[str, OSError], None],
    ) -> Iterator[Listing]:
        """The listings of a folder and those below it, without hidden and ignored ones."""
        base = self._as_spelt(base)
        is_local = not is_bucket(base)
        waiting = [base] if self._is_open(base, unreadable) else []
        if self.part is not None and not self.part.reaches(base):
            return
        while waiting:
            # From the end, where names stand backwards: folders come in the order of their names.
            folder = waiting.pop()
            try:
                listing = self.listing(folder)
                if is_local and (listing.has(FILE) or FILE in listing.links):
                    self._take_rules(folder)
            except OSError as error:
                unreadable(folder, error)
                continue
            if self.part is None or self.part.has(folder):
                yield listing
            # Hidden folders are caches and repositories. A pattern that names one finds it all the
            # same, for it is then the base.
            below = [_join(folder, name) for name in reversed(listing.folders) if name[0] != "."]
            if self.part is not None:
                below = [one for one in below if self.part.reaches(one)]
            waiting += [one for one in below if enters(one) and not self.ignored(one + "/")]

    def _as_spelt(self, folder: str) -> str:
        """A folder that somebody wrote down, as the disk spells it where that is needed."""
        # Of a folder only the form of Unicode may be another one, and ASCII has one form.
        if folder.isascii() or is_bucket(folder):
            return folder
        try:
            self.listing(folder)
        except FileNotFoundError:
            return self.respelt(folder) or folder
        except OSError:
            return folder
        return folder

    def _is_open(self, base: str, unreadable: Callable[[str, OSError], None]) -> bool:
        """Tells whether the rules of the folders above a folder leave it in."""
        # Rules hold below the manifest's folder. Another root has its own.
        if base[:1] in ("", "/") or ".." in base.split("/") or is_bucket(base):
            return True
        above = ""
        for name in base.split("/"):
            try:
                self._take_rules(above)
            except OSError as error:
                unreadable(base, error)
                return False
            above = _join(above, name)
            if self.ignored(above + "/"):
                return False
        return True

    def _take_rules(self, folder: str) -> None:
        if self._ignore.knows(folder):
            return
        path = _join(folder, FILE)
        self._rules.add(path)
        try:
            text = rules_text(self._read_as_spelt(path, MOST_RULES))
        except FileNotFoundError:
            return
        self._ignore.add(folder, text)

    def rules_known(self) -> list[tuple[str, Rule, Match | None]]:
        """The rules of `.rbsyncignore`, each with the folder of its file and what it decided."""
        return list(self._ignore.known())

    def rules_commented(self) -> Iterator[tuple[str, int, str]]:
        """Yields the comments that were meant as rules: folders of these names are there.

        Each with the folder of its file, its line, and the name.
        """
        for folder, line, name in self._ignore.comments:
            if self.still_matches(Match(_join(folder, name), is_folder=True)):
                yield folder, line, name

    def still_matches(self, match: Match) -> bool:
        """Tells whether what a rule matched is still there, and what it was."""
        path = os.path.join(self._main, *match.path.split("/"))
        is_folder = os.path.isdir(path) and not os.path.islink(path)
        return os.path.lexists(path) and is_folder == match.is_folder

    def take_rules_at(self, path: str) -> None:
        """Takes in the rules of a file, if they can be read."""
        with suppress(OSError):
            self._take_rules(path.rpartition("/")[0])

    def take_rules(self, folder: str) -> None:
        """Takes in the rules that hold in a folder that nobody walked to. Raises OSError."""
        self._take_rules("")
        above = ""
        for name in folder.split("/") if folder else ():
            above = _join(above, name)
            self._take_rules(above)

    def ignores_nothing(self) -> bool:
        """Tells whether no `.rbsyncignore` that was read so far leaves anything out."""
        return not self._ignore

    def ignored(self, path: str) -> bool:
        """Tells whether `.rbsyncignore` leaves a path out; a folder's path ends in ``/``."""
        return bool(self._ignore) and not is_bucket(path) and self._ignore.excludes(path)

    def place(self, path: str) -> Place:
        """Returns where the file behind a path is.

        Raises FileNotFoundError, OutsideError for a path or link that leads out, and OSError
        for what is no regular file or cannot be looked at.
        """
        self.note_asked(path)
        folder, _, name = path.rpartition("/")
        # Only these have to be made plain, and there may be a million paths.
        if ("/." in path or "//" in path or path[:1] in (".", "/")) and not is_bucket(path):
            folder, name = os.path.split(os.path.normpath(path))
        if name in self.files(folder):
            return Place(folder, name)
        listing = self._listings[folder]
        if name in listing.links:
            return self._behind_link(path, listing)
        if name in listing.folders or name in listing.odd:
            raise OSError(f"{path} is not a regular file")
        raise FileNotFoundError(path)

    def is_link(self, path: str) -> bool:
        """Tells whether the name of a path is a symbolic link, in a folder that was listed."""
        # Most trees have none, and a million paths need not be taken apart to see that.
        if is_bucket(path):
            return False
        if self._has_links is None:
            self._has_links = self._listings.have_links()
        if not self._has_links:
            return False
        folder, name = os.path.split(os.path.normpath(path))
        listing = self._listings.get(folder)
        return listing is not None and name in listing.links

    def note_asked(self, path: str) -> None:
        """Notes a path that was looked for, whether it was there or not."""
        self._asked.append(path)

    def take_asked(self) -> tuple[str, ...]:
        """The paths that were looked for since the last call, each once."""
        asked = tuple(dict.fromkeys(self._asked))
        self._asked.clear()
        return asked

    def respelt(self, path: str) -> str:
        """The path of a file or folder that is not there, as the disk spells it; empty for none.

        Unicode's form, and the case of a suffix, are a matter of the disk that wrote the name.
        """
        self.note_asked(path)
        # A key has one spelling.
        return "" if is_bucket(path) else self._spellings.find(os.path.normpath(path))

    def _behind_link(self, path: str, listing: Listing) -> Place:
        # Followed once: while somebody switches a link all of a run is about one file.
        if path not in self._linked:
            # Before it is followed: the next run sees that a link on the way has changed since.
            self._behind_links(listing)
            self._linked[path] = self._followed(path)
        return self._linked[path]

    def _followed(self, path: str) -> Place:
        real = self.roots.resolve(path)
        folder, _, name = real.rpartition("/")
        if folder == self._main or folder.startswith(self._main + "/"):
            folder = folder[len(self._main) + 1 :]
        if name in self.files(folder):
            return Place(folder, name)
        if os.path.lexists(real):
            raise OSError(f"{path} is a link to what is not a regular file")
        raise FileNotFoundError(path)

    def files(self, folder: str) -> Mapping[str, File | None]:
        """The files of a folder by name; None for one that is not hashed yet. Raises OSError."""
        known = self._files.get(folder)
        if self._noted is not None:
            self._noted.add(folder)
        if known is None:
            known = self._files[folder] = KnownFiles(self.listing(folder), self.algorithm)
        return known

    def fault(self, path: str, kind: Kind) -> Fault | None:
        """Returns what is wrong with a file's structure. Raises OSError."""
        # Asked for what is new alone.
        from rbsync.files.structure.file_fault import fault_at

        return fault_at(self.roots, path, kind, self.algorithm)

    def _touched(self, folder: str) -> None:
        self._dirty.add(folder)
        self._listings.has_changed(folder)
        self._files.pop(folder, None)
        # A part is mostly one file of each of its folders.
        if self.part is not None:
            self._listings[folder].forget_names()

    def save(self) -> None:
        """Remembers what was hashed for the next run."""
        self._cache.put_folders((path, self._row(path)) for path in sorted(self._dirty))
        self._dirty.clear()

    def forget(self, paths: Iterable[str]) -> None:
        """Forgets the content of files: it is not what it was, though size and times are.

        A store through a mapping, into a part of a file that was stored into just before, moves no
        time.
        """
        for path in paths:
            try:
                place = self.place(path)
                listing = self.listing(place.folder)
            except OSError:
                continue
            listing.kinds[listing.names.index(place.name)] = UNSEEN
            self._touched(place.folder)
        self.save()

    def _row(self, path: str) -> Row:
        row = Row.of(self._listings.glimpse(path))
        racy = self.contents.racy.get(path, ())
        if not racy:
            return row
        kinds = bytearray(row.kinds)
        for index in racy:
            # Read in the tick of its last change: it may have changed again with the same time.
            kinds[index] = UNSEEN
        return row._replace(kinds=bytes(kinds))


def _of_files(names: bytes, stats: bytes) -> bytes:
    hasher = xxhash.xxh3_64(names)
    hasher.update(stats)
    return bytes(hasher.digest())


def _real_or_own(path: str) -> str:
    """The real path of a link; of one that leads nowhere in the end its own."""
    try:
        return real_path(path)
    except OSError:
        return path


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
