"""The items of entries: files that are there and of a kind that is accepted, URLs, keys."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from rbsync.dataset.bucket_items import BucketItems
from rbsync.dataset.expanding import Entries
from rbsync.dataset.findings import Findings
from rbsync.dataset.structure import StructureReader
from rbsync.errors import Problem
from rbsync.files.bucket_listings import BucketError, bucket_fault
from rbsync.files.kinds import Kind, next_step, objection
from rbsync.files.roots import OutsideError
from rbsync.files.structure import UNPACKED
from rbsync.files.tree import Tree
from rbsync.files.tree_hashing import Place
from rbsync.guessing import nearest_name
from rbsync.model.bucket_paths import is_bucket
from rbsync.model.datapoint import Item
from rbsync.model.names import hidden_in
from rbsync.model.storages import is_built_in, is_public, is_uploaded
from rbsync.reasons import INVALID, UNKNOWN, ObstacleReason
from rbsync.sources.entry import Entry, InlineLabels, MaskLabels, SegmentationLabels
from rbsync.sources.matching import DEAD_LINK_HINT, ESCAPES_HINT, slashes_hint
from rbsync.sources.template_files import OPTIONAL_HINT
from rbsync.trust import Trust
from rbsync.trust.hosts import inner_kind

_ADDRESSES = ("http://", "https://")
_ODD = re.compile(r"[\x00-\x1f\x7f]|^\s|\s$")
# To some programs a backslash ends the host, to others it is a letter of it.
_ODD_HOST = re.compile(r"[\s\\]")


class Files:
    """The local files that entries name: found, hashed, and their problems reported."""

    def __init__(
        self, tree: Tree, findings: Findings, structure: StructureReader, trust: Trust
    ) -> None:
        self._structure = structure
        self._tree = tree
        self._buckets = BucketItems(tree)
        self._trust = trust
        self._findings = findings
        self.algorithm = tree.algorithm
        self._accepted: set[tuple[str, Kind]] = set()
        self._broken: set[str] = set()
        self._refused: set[str] = set()
        self._respelt: dict[str, dict[str, str]] = {}
        self._by_case: dict[str, dict[str, str]] = {}
        self._gone: set[str] = set()
        self.errors: dict[Place, OSError] = {}

    def places(self, entry: Entry) -> Iterator[Place]:
        """Yields where an entry's files are, those of its labels included.

        Reports what is missing.
        """
        if self.are_local(entry):
            yield from self._found(entry, entry.items)
        elif not is_public(entry.settings.storage):
            # They are looked for, and not read.
            deque(self._found(entry, filter(is_bucket, entry.items)), maxlen=0)
        match entry.labels:
            case str(path):
                yield from self._found(entry, [path])
            case MaskLabels(files=files):
                yield from self._found(entry, files)
            case SegmentationLabels() as given:
                yield from self._found(entry, given.files)
            case InlineLabels() | None:
                pass
        yield from self._found(entry, self.made_from(entry))

    def made_from(self, entry: Entry) -> Sequence[str]:
        """The label file of another tool, where its bytes are asked for."""
        # A plan wants the meaning of such a file, which was read from it; a lock wants its bytes.
        is_wanted = entry.made_from and self.algorithm == "sha256"
        return (entry.made_from,) if is_wanted else ()

    def are_local(self, entry: Entry) -> bool:
        """Tells whether an entry's items are files, which will be uploaded."""
        return is_uploaded(entry.settings.storage)

    def _found(self, entry: Entry, paths: Iterable[str]) -> Iterator[Place]:
        for path in paths:
            # What stands in place of a path that is wrong, or of an image that was not found.
            if not path and (entry.problems or entry.barred):
                self._refused.add(path)
                continue
            try:
                yield self._place(entry, path)
            except OSError as error:
                # What cannot be looked at may be right. It is unknown, and unknown datapoints are
                # never pruned.
                certain = isinstance(error, FileNotFoundError | OutsideError)
                self._tell(entry, path, error, INVALID if certain else UNKNOWN)
                self._refused.add(path)

    def _tell(self, entry: Entry, path: str, error: OSError, reason: ObstacleReason) -> None:
        """Reports a file that cannot be had."""
        if not isinstance(error, BucketError):
            self._findings.of_entry(entry, self._missing(entry, path, error), reason)
            return
        problem = Problem(*bucket_fault(error), entry.file_at(path), error.hint)
        if error.is_certain:
            self._findings.of_entry(entry, problem, reason)
        else:
            self._findings.of_entry_outage(entry, problem)

    def _place(self, entry: Entry, path: str) -> Place:
        """The place of a file, also in another spelling of its name. Raises OSError."""
        if path in self._gone:
            # Looked for once: 50,000 entries may name one file that is not there.
            raise FileNotFoundError(path)
        try:
            return self._tree.place(path)
        except FileNotFoundError:
            spelt = self._tree.respelt(path)
            if not spelt:
                self._gone.add(path)
                raise
        self._respelt.setdefault(entry.name, {})[path] = spelt
        return self._tree.place(spelt)

    def as_spelt(self, entries: Entries) -> Entries:
        """The entries, whose places were found, with paths as the disk spells them."""
        if not self._respelt:
            return entries

        def spelt(one: Entry) -> Entry:
            paths = self._respelt.get(one.name)
            return _spelt(one, paths) if paths else one

        good = {name: spelt(one) for name, one in entries.good.items()}
        return entries._replace(good=good, doubtful=[spelt(one) for one in entries.doubtful])

    def are_fine(self, paths: Iterable[str]) -> bool:
        """Tells whether files are there, and nothing was found wrong with them as files."""
        return self._refused.isdisjoint(paths)

    def items(self, entry: Entry) -> tuple[Item, ...]:
        """The items of an entry, whose files were hashed; reports what cannot be one."""
        if self.are_local(entry):
            return tuple([self._local(entry, path) for path in entry.items])
        if is_public(entry.settings.storage):
            self._check_urls(entry)
        return tuple(map(self._buckets.item, entry.items))

    def fingerprint(self, entry: Entry, items: Sequence[Item]) -> str:
        """The fingerprint of the items of an entry."""
        return self._buckets.fingerprint(entry.items, items, entry.series)

    def _local(self, entry: Entry, path: str) -> Item:
        item, kind = self.item(entry, path)
        suffix = path.rpartition(".")[2]
        # Checked once for each suffix and kind, not for each of a million files.
        if (suffix, kind) not in self._accepted:
            wrong = objection(path, kind)
            if not wrong:
                self._accepted.add((suffix, kind))
            elif item.content:
                step = next_step(path, kind)
                place = entry.item_at(path)
                problem = Problem("file-type", f"{path}: {wrong}", place, step)
                self._findings.of_entry(entry, problem)
        return item

    def check_structure(self, entries: Iterable[Entry]) -> None:
        """Reports the items, whose files were hashed, that no decoder can read whole.

        Comes before the masks are read, which would tell of such an image in words of their own.
        """
        suspects = list(self._suspects(entries))
        self._structure.read((item, kind) for _, item, kind in suspects)
        for entry, item, kind in suspects:
            if not self._structure.check(entry, item, kind):
                self._refused.add(item.ref)

    def _suspects(self, entries: Iterable[Entry]) -> Iterator[tuple[Entry, Item, Kind]]:
        """The items that hashing found broken, or whose structure it could not tell."""
        for entry in entries:
            if not self.are_local(entry):
                continue
            for path in entry.items:
                if path in self._refused:
                    continue
                item, kind = self.item(entry, path)
                is_suspect = path in self._broken or kind in UNPACKED
                # One that may be no item at all is told as that, once.
                if is_suspect and not objection(path, kind):
                    yield entry, item, kind

    def item(self, entry: Entry, path: str) -> tuple[Item, Kind]:
        """A file as an item, and its kind; without content when it could not be read."""
        place = self._tree.place(path)
        file = self._tree.files(place.folder)[place.name]
        if file is not None:
            if file.broken:
                self._broken.add(path)
            return Item(path, file.content, file.size), file.kind
        error = self.errors.get(place, OSError("it was not read"))
        self._tell(entry, path, error, UNKNOWN)
        return Item(path, ""), Kind("unread", (), "")

    def readable(self, entry: Entry, paths: Iterable[str]) -> list[Item]:
        """Files as items; none when one of them could not be read, which is reported."""
        paths = list(paths)
        if not self.are_fine(paths):
            return []
        items = [self.item(entry, path)[0] for path in paths]
        return items if all(one.content for one in items) else []

    def _missing(self, entry: Entry, path: str, error: OSError) -> Problem:
        if isinstance(error, OutsideError):
            message = f"`{path}` {error.strerror}"
            return Problem("outside", message, entry.file_at(path), error.hint)
        if isinstance(error, FileNotFoundError):
            what_for = _what_for(entry, path)
            if target := self._tree.link_target(path):
                message = f"`{path}` is a link that leads nowhere: `{target}` is not there"
                hint = DEAD_LINK_HINT
                return Problem("missing-file", message, entry.file_at(path), hint)
            message = f"there is no file `{path}`{what_for}"
            # The image of a mask or of an export is asked for by a rule, and a near name is that of
            # another picture: who followed such a guess would have the labels of `c` on `b`.
            # So is the label file or mask of an image that a pattern found.
            is_ruled = bool(entry.found_at) and path not in entry.items
            hint = self._similar(path, guessed=not (what_for or is_ruled))
            hint = hint or ("add the image, or correct its path" if what_for else "")
            if is_ruled and not (hint or what_for):
                hint = OPTIONAL_HINT
            if path.startswith(_ADDRESSES):
                # An export of the service names the images by the addresses that they have there.
                hint = "for images that are addresses, write `storage: public`"
            elif not (hint or what_for or is_bucket(path) or is_built_in(entry.settings.storage)):
                hint = f"if it lies in the bucket of the storage, name that: `s3://BUCKET/{path}`"
            return Problem("missing-file", message, entry.file_at(path), hint)
        message = f"`{path}` cannot be read: {error.strerror or error}"
        hint = "for all files of a folder, write `glob: FOLDER/*`" if self._is_folder(path) else ""
        return Problem("unreadable", message, entry.file_at(path), hint)

    def _is_folder(self, path: str) -> bool:
        folder, _, name = path.rpartition("/")
        try:
            return name in self._tree.listing(folder).folders
        except OSError:
            return False

    def _similar(self, path: str, *, guessed: bool) -> str:
        """A guess at the file that was meant: one that differs in case, ``guessed`` a near one."""
        if "\\" in path:
            return slashes_hint(path)
        if hidden_in(path):
            # A path of Windows in double quotes: "a\new.png" has a line break and no folder.
            return ESCAPES_HINT
        folder, _, name = path.rpartition("/")
        names = self._by_case.get(folder)
        if names is None:
            names = self._by_case[folder] = self._folded(folder)
        # The case first: files that come from Windows are found there under any.
        stem = name.rpartition(".")[0]
        meant = [one for one in names.values() if guessed or one.rpartition(".")[0] == stem]
        near = names.get(name.casefold()) or _nearest(name, meant, 0.8 if guessed else 0)
        prefix = f"{folder}/" if folder else ""
        return f"did you mean `{prefix}{near}`?" if near else ""

    def _folded(self, folder: str) -> dict[str, str]:
        """The names in a folder, by what they are without regard to case."""
        try:
            return {one.casefold(): one for one in self._tree.files(folder)}
        except OSError:
            return {}

    def _check_urls(self, entry: Entry) -> None:
        for url in entry.items:
            wrong = wrong_url(url)
            hint = "for files on this machine say `storage: redbrick`"
            if not wrong and not self._trust.allow_private_urls:
                wrong, hint = self._inner(url)
            if wrong:
                said = f"`{_without_secrets(url)}` {wrong}"
                problem = Problem("url", said, entry.item_at(url), hint)
                self._findings.of_entry(entry, problem)

    def _inner(self, url: str) -> tuple[str, str]:
        """Returns why the service must not be sent to a URL, and what to do where it may; empty if
        it may.

        The service fetches items by itself, from inside of somebody's network.
        """
        kind = inner_kind(urlsplit(url).hostname or "")
        hint = (
            "if the service may fetch it: --allow-private-urls, RBSYNC_ALLOW_PRIVATE_URLS=1, or "
            f"`allow_private_urls = true` in {self._trust.config}"
        )
        return (f"is at {kind}, which nobody may be sent to", hint) if kind else ("", "")


def _spelt(entry: Entry, paths: Mapping[str, str]) -> Entry:
    def files(given: Iterable[str]) -> tuple[str, ...]:
        return tuple(paths.get(one, one) for one in given)

    labels = entry.labels
    match labels:
        case str(path):
            labels = paths.get(path, path)
        case MaskLabels():
            labels = labels._replace(files=files(labels.files))
        case SegmentationLabels(parts=parts):
            labels = SegmentationLabels(
                tuple(one._replace(files=files(one.files)) for one in parts)
            )
        case InlineLabels() | None:
            pass
    made_from = paths.get(entry.made_from, entry.made_from)
    return entry._replace(items=files(entry.items), labels=labels, made_from=made_from)


def _nearest(name: str, known: Sequence[str], cutoff: float) -> str | None:
    """The name that is most like one, without their suffixes, which make any two alike."""
    stems = {one.rpartition(".")[0] or one: one for one in known}
    near = nearest_name(name.rpartition(".")[0] or name, stems, cutoff)
    return stems[near] if near else None


def _what_for(entry: Entry, path: str) -> str:
    """Returns what a missing file was to be, where its path was not written out."""
    if isinstance(entry.labels, MaskLabels) and path in entry.items:
        return f", the image of the mask `{entry.labels.files[0]}`"
    return ""


def wrong_url(url: str) -> str:
    """Returns why a text is no URL that an item may have; empty when it is one."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is looked at only when it is asked for
    except ValueError as error:
        return f"is no URL: {error}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no URL (http:// or https://), as the storage `public` needs"
    if "@" in parts.netloc:
        return "has a user name in it, which everybody in the project would see"
    # After the host alone, to some programs what follows # or ? is still a part of it.
    is_odd = not parts.path and "@" in parts.query + parts.fragment
    if is_odd or _ODD.search(url) or _ODD_HOST.search(parts.netloc):
        return "has characters that programs read in different ways"
    return ""


def _without_secrets(url: str) -> str:
    """A URL as it may be told: passwords stand before the host, signatures in the query."""
    return re.sub(r"\?.*", "?…", re.sub(r"//[^/?#]*@", "//…@", url), flags=re.DOTALL)
