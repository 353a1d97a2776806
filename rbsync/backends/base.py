"""The port of a backend: a project that datapoints are created in.

A backend changes what it is told, once, and says truly what came of it. Deciding, retrying and
remembering are the applier's; what only reads may be tried again by the backend itself, with the
``Reading`` that it is given, so that a long listing does not end with one page. Every method may
be called from several threads at once and raises BackendError, whose ``kind`` and ``sent`` say
what may be done next. The values that the methods take and give stand beside them: who writes a
backend reads this file and no other.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import BinaryIO, Literal, NamedTuple, Protocol, TypeVar, runtime_checkable

from rbsync.errors import BackendError
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.datapoint import SeriesSettings, Settings
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.outcome import Failure
from rbsync.model.record import Declined

T = TypeVar("T")


class Reading(Protocol):
    """Does what is harmless and asks the backend something, perhaps several times."""

    def __call__(self, action: Callable[[], T], /) -> T:
        """The answer. Raises the last BackendError, with the number of its attempts."""


def once(action: Callable[[], T], /) -> T:
    """Satisfies ``Reading``."""
    return action()


def every_name(_: str) -> bool:
    """All of them."""
    return True


def no_name(_: str) -> bool:
    """None of them: a stamp tells all that a state needs to know."""
    return False


class Gap(NamedTuple):
    """An entry of a listing that could not be read; ``task_id`` is empty where it is not known."""

    task_id: str
    why: str


# A look-up of 50 names may fail for one of them. To throw the other answers away would leave 49
# datapoints unsettled for want of one.
class IncompleteError(BackendError):
    """Nobody knows whether there are datapoints of the names ``unknown``.

    ``found`` is the answer for all the other names that were asked for.
    """

    def __init__(
        self, error: BackendError, found: Mapping[str, Task], unknown: Iterable[str]
    ) -> None:
        super().__init__(
            str(error),
            kind=error.kind,
            sent=error.sent,
            status=error.status,
            retry_after=error.retry_after,
            hint=error.hint,
        )
        self.attempts = error.attempts
        self.found = found
        self.unknown = frozenset(unknown)


# One task in 40,000 that the service cannot show must not keep the others from being seen. Who
# can live with that catches it; all others end, as for any listing that is cut short.
class GapsError(BackendError):
    """A listing is over, and lacks ``gaps``; all that could be read came before."""

    def __init__(self, gaps: Sequence[Gap]) -> None:
        some = "; ".join(f"task {one.task_id or '?'}: {one.why}" for one in gaps[:3])
        more = f" and {len(gaps) - 3:,} more" if len(gaps) > 3 else ""
        number = "1 entry" if len(gaps) == 1 else f"{len(gaps):,} entries"
        super().__init__(f"{number} of the listing cannot be read: {some}{more}", sent=True)
        self.gaps = tuple(gaps)

    def may_hold(self, task_id: str) -> bool:
        """Tells whether a task that did not come may be there all the same."""
        return any(one.task_id in ("", task_id) for one in self.gaps)


class StoppedError(BackendError):
    """The one who was asked before a change did not want it; it was not done."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not to be changed as it is", kind="conflict", answered=True)


# Ids alone are not safe: a state that was put back from an old copy may give the id of one
# datapoint under the name of another.
class MisnamedError(BackendError):
    """The task has another name than the one that something was to be done to; nothing was done.

    A state that is wrong, or was edited, must not lead to what it does not speak of.
    """

    def __init__(self, task_id: str, found: str, wanted: str) -> None:
        message = f"task {task_id} is that of `{found}`, not of `{wanted}`"
        super().__init__(message, kind="conflict", answered=True)
        self.found = found


@dataclass(frozen=True, slots=True)
class Project:
    """The facts of a project. ``identity`` binds a state to it: it names the project for good.

    ``type`` is one of the service's project types, ``categories`` the names of its taxonomy;
    both are empty where the project does not restrict them. ``unknown_type`` is the type that it
    has instead, where this version of rbsync does not know it. ``stages`` are the names of those in
    which people work, in order, empty where nobody tells. ``namesakes`` is how many others have
    its name, where it was found by that.
    """

    identity: str
    name: str
    type: str = ""
    categories: tuple[str, ...] = ()
    unknown_type: str = ""
    stages: tuple[str, ...] = ()
    namesakes: int = 0


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The abilities of a backend.

    ``batch`` is how many datapoints one create call takes, ``together`` how many changes of small
    files a worker prepares in one go, ``updates`` which facets can be changed in place.
    ``quarantine`` is how many seconds a request may still land after its answer was lost, and
    ``staleness`` how many seconds what it did may not be seen after it was answered, None for as
    many. ``keeps_uploads`` says that what was uploaded stays usable in later runs, ``stamps``
    that it leaves the fingerprint in what it creates, ``jobs`` how many workers it is best served
    by, ``masks`` how it likes masks to be encoded. ``at_hand`` says that to ask the project costs
    next to nothing, ``makes_project`` that a project which is not there is made by the first
    apply.
    """

    batch: int = 50
    # Each upload to a service waits for its answer, and those of one worker one after the other.
    together: int = 1
    updates: frozenset[Facet] = frozenset({"items", "labels", "settings"})
    # A project on this disk answers or does not: nothing of a lost request arrives later.
    quarantine: float = 0.0
    staleness: float | None = None
    keeps_uploads: bool = False
    stamps: bool = True
    jobs: int = 4
    masks: Literal["pixel", "nifti"] = "pixel"
    at_hand: bool = False
    makes_project: bool = True


class Body(Protocol):
    """An open local file to be sent: seekable, of a size that was fixed when it was opened.

    ``read`` returns at most what is left of that size and hashes it. ``content`` is the content
    identity of all bytes once they were read from start to end.
    """

    name: str
    size: int

    def read(self, size: int = -1, /) -> bytes: ...

    def fileno(self) -> int: ...

    def media(self) -> str:
        """The MIME type by the first bytes, ``application/octet-stream`` where they do not tell."""

    def rewind(self) -> None:
        """Starts again from the first byte."""

    def content(self) -> str:
        """The content identity of what was read; raises ValueError before the end is reached."""


class LabelFile(NamedTuple):
    """A label map: the bytes of a gzip-compressed NIfTI file, for the series of this number.

    Its voxels are uint8 or uint16, each the ``dicom.instanceid`` of a label whose
    ``volumeindex`` is that series (0 where it has none), or 0.
    """

    series: int
    data: bytes


@dataclass(frozen=True, slots=True)
class LabelText:
    """LabelObjects as the JSON text of a list, how many there are, and their label maps.

    ``made_of`` names the category of each when rbsync made outlines of a mask: then they are
    known to be right in form, and only whether the project takes them is left to be checked.
    """

    json: str
    count: int
    made_of: tuple[str, ...] = ()
    files: tuple[LabelFile, ...] = ()


class Left(NamedTuple):
    """The members of a datapoint that were sent.

    ``keys`` are those of its metadata, None where they are not known. ``members`` are the paths
    of the members of its labels, and ``labels`` is the digest of the labels with just these; both
    are empty where there are no labels. ``settings`` is the digest of the settings with
    just these keys, without a storage. ``series`` has the members of the settings of each series.
    """

    keys: tuple[str, ...] | None = None
    priority: float | None = None
    members: tuple[str, ...] = ()
    labels: str = ""
    settings: str = ""
    series: tuple[tuple[str, ...], ...] = ()


NOTHING_LEFT = Left()


class Mark(NamedTuple):
    """The part of a task's stamp beside its fingerprint: which state left it, and when.

    ``serial`` is that of the state ``lineage`` then. ``declined`` is as in its record, for those
    who have no state. ``left`` is what was sent, where a backend notes it with the stamp.
    ``version`` is the locked one of the dataset, and ``revision`` that of git, where nothing was
    changed since; both are for people, and nothing is decided by them.
    """

    lineage: str = ""
    serial: int = 0
    declined: tuple[Declined, ...] = ()
    left: Left = NOTHING_LEFT
    version: str = ""
    revision: str = ""


NO_MARK = Mark()


class Draft(NamedTuple):
    """A datapoint as it is sent.

    ``items`` are pairs of the item's name as people know it (a path or URL) and its ref: what
    ``upload`` returned, a URL, or a key. ``series`` is as in ``model.datapoint.Datapoint``.
    ``left`` are the digests of the settings that may have been left before an update, empty
    where they are not known.
    """

    name: str
    items: tuple[tuple[str, str], ...]
    labels: LabelText | None
    settings: Settings
    fingerprint: Fingerprint
    series: tuple[int, ...] = ()
    mark: Mark = NO_MARK
    left: tuple[str, ...] = ()


class Created(NamedTuple):
    """The backend made it. ``datapoint_id`` is empty where it does not tell."""

    name: str
    task_id: str
    datapoint_id: str = ""


class Rejected(NamedTuple):
    """The backend did not make it, and says why; or will make it, in the phase `TAKE_IN`."""

    name: str
    failure: Failure


class MadeOf(NamedTuple):
    """The makings of a task: the refs of its items, and the rest as in ``TaskContent``."""

    refs: tuple[str, ...]
    series: tuple[int, ...]
    storages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A datapoint as the project has it.

    ``stamp`` is the fingerprint that rbsync left in it, None when it was made by others.
    ``items`` are the names of the items as people know them. ``made_of`` has to tell
    what a stamp does, where a backend leaves none. ``left`` is as in ``Mark``. ``siblings`` are
    the ids of other tasks of the same datapoint, which several people label. A task that is
    ``archived`` is put away, and holds its name. ``series`` are the settings of its series, known
    where what is in it was looked at.
    """

    name: str
    task_id: str
    stamp: Fingerprint | None = None
    items: tuple[str, ...] = ()
    labels: int = 0
    ground_truth: bool = False
    priority: float | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    made_of: MadeOf | None = None
    mark: Mark = NO_MARK
    # A note about it, and no part of what it is.
    left: Left = field(default=NOTHING_LEFT, compare=False)
    siblings: tuple[str, ...] = ()
    archived: bool = False
    series: tuple[SeriesSettings, ...] = ()

    def has_id(self, task_id: str) -> bool:
        """Tells whether an id is that of this task or of a sibling."""
        return task_id == self.task_id or task_id in self.siblings

    def settings(self, storage: str) -> Settings:
        """The settings of a datapoint in a storage that would have made it so."""
        return Settings(storage, self.ground_truth, self.priority, self.metadata, self.series)


class NamedTask(NamedTuple):
    """A task, and the name that it must have when something is done to it."""

    name: str
    task_id: str


class Progress(NamedTuple):
    """The point that people have reached with a task.

    ``is_begun`` says that it is assigned and begun, ``has_draft`` that labels are saved which are
    not handed in yet, ``is_moved_on`` that it is neither where tasks begin, nor behind the end,
    nor put away. ``who`` is whom it is assigned to, or empty.
    """

    is_begun: bool = False
    has_draft: bool = False
    is_moved_on: bool = False
    who: str = ""


class StoredMap(NamedTuple):
    """A label map that the project has; ``read`` fetches its bytes, or raises BackendError."""

    series: int
    read: Callable[[], bytes]


class TaskContent(NamedTuple):
    """A datapoint with what is in it, to be compared with a fingerprint.

    ``labels`` is the JSON text of a list, and ``maps`` are the label maps that belong to them.
    ``contents`` are the content identities of the items in order, None where the backend cannot
    tell them and knows of no change to them. ``storages`` are the words by which settings may
    call its storage, ``series`` is as in ``model.datapoint.Datapoint``. ``refs`` are where the
    items are kept, in order: what ``upload`` returned, URLs or keys. ``progress`` is how far
    people are with it, ``left`` which members were sent, as that was noted there.
    """

    task: Task
    labels: str
    contents: tuple[str, ...] | None
    storages: tuple[str, ...]
    maps: tuple[StoredMap, ...] = ()
    series: tuple[int, ...] = ()
    refs: tuple[str, ...] = ()
    progress: Progress = Progress()
    left: Left = NOTHING_LEFT


def read_once(found: TaskContent) -> TaskContent:
    """A task each of whose label maps is fetched at most once, and then kept."""
    return found._replace(maps=tuple(one._replace(read=cache(one.read)) for one in found.maps))


Before = Callable[[TaskContent, Facet | None], bool]
"""Is given what a task has right before a facet of it is changed, or, with None, before all of it
is deleted. Returns whether that may be done; when not, nothing is sent.

For another facet than the labels, ``labels`` may be empty text: they were not looked at.
"""


def unasked(_present: TaskContent, _facet: Facet | None, /) -> bool:
    """Satisfies ``Before``: whatever is there may be changed and deleted."""
    return True


class LostFile(NamedTuple):
    """A stored file of a datapoint that is not what it is said to be.

    ``reason`` is ``missing`` or ``changed``.
    """

    name: str
    ref: str
    reason: Literal["missing", "changed"]


class Collected(NamedTuple):
    """The result of a collection of garbage; ``size`` is in bytes."""

    files: int = 0
    size: int = 0


@runtime_checkable
class KeepsFiles(Protocol):
    """A backend that keeps the files itself, and so can lose some, and keep too many."""

    def lost(self, *, reading: bool = False) -> Iterator[LostFile]:
        """The stored files that are not there; with ``reading`` each is hashed again too."""

    def collect(self, in_use: Collection[str], grace: float) -> Collected:
        """Removes files that no datapoint has, and that are older than ``grace`` seconds.

        ``in_use`` are refs that something else than a datapoint needs.
        """


class KeptFiles(NamedTuple):
    """The items of a task as a backend keeps them.

    ``size`` is that of all of them together, in bytes, None where one of them is elsewhere.
    ``changed_at`` is when the task was changed last, an ISO 8601 time in UTC.
    """

    size: int | None
    changed_at: str


@runtime_checkable
class TellsKept(Protocol):
    """A backend that can tell of the files and times of its tasks without sending for them."""

    def kept(self, task_ids: Sequence[str]) -> Mapping[str, KeptFiles]:
        """Those of the tasks that exist, by id."""


@runtime_checkable
class OpensItems(Protocol):
    """A backend whose files are at hand."""

    def open_item(self, ref: str) -> BinaryIO:
        """A stored file, to be read; ``ref`` is what ``upload`` returned."""


@runtime_checkable
class ReadsBack(Protocol):
    """A backend that may answer a create with the ids of what was there before."""

    def count(self) -> int:
        """Returns how many tasks there are. Raises BackendError."""

    def made(self, task_id: str) -> Task | None:
        """The task of an id that a create was answered with. Raises BackendError."""


@runtime_checkable
class MadeElsewhere(Protocol):
    """A backend whose project others make, and that can have more categories than they gave it."""

    def members(self) -> Mapping[str, str]:
        """The roles of people in the project, by their e-mail. Raises BackendError."""

    def extend(self, taxonomy: Taxonomy) -> Sequence[str]:
        """Adds the categories that the project lacks, takes none away, and returns their names.

        Raises BackendError.
        """


class NewProject(NamedTuple):
    """A project that is to be made. ``stages`` are those in which people work, empty for one."""

    name: str
    type: str
    taxonomy: Taxonomy
    stages: tuple[str, ...] = ()


@runtime_checkable
class MakesProjects(Protocol):
    """A backend that makes a project when it is told to, and finds it again by its name."""

    @property
    def is_by_name(self) -> bool:
        """Tells whether the project is known by its name: with an id nobody can make one."""

    def make(self, new: NewProject) -> str:
        """Makes it, once, whether there is one of its name or not, and returns its id.

        Raises BackendError.
        """


class NewName(NamedTuple):
    """A task, and what it is to be called: its own name, and those of its items in their order.

    ``mark`` is what its stamp is to say, where it has one.
    """

    task: NamedTask
    name: str
    items: tuple[str, ...]
    mark: Mark = NO_MARK


@runtime_checkable
class Renames(Protocol):
    """A backend that gives a task another name, so that nothing of it is copied or lost."""

    def rename(self, names: Sequence[NewName]) -> Mapping[str, str]:
        """Gives tasks their new names, all that may have them, durably.

        One that has its new name already is fine. Returns, by the new names, why a task did not
        get it.
        """


@runtime_checkable
class PutsAway(Protocol):
    """A backend that cannot rename: a task is made under the new name, and the old one put away."""

    def put_away(self, task_ids: Sequence[str]) -> None:
        """Puts tasks, any number, where nobody can save anything in them."""

    def take_out(self, task_ids: Sequence[str], finished: Collection[str]) -> None:
        """Puts those of the tasks that were put away where people work on them again.

        What is ``finished`` comes behind the last stage.
        """

    def put_labels(self, task_id: str, labels: LabelText) -> None:
        """Gives a task other labels, and leaves all else as it is, its stamp too."""

    def put_settings(
        self, task_id: str, priority: float | None, metadata: Mapping[str, str]
    ) -> None:
        """Gives a task a priority and metadata of others, and leaves all else, its stamp too."""


class Release(NamedTuple):
    """A project as it was once, kept by its name.

    ``is_ready`` says that it is whole by now; ``datapoints`` is None where nobody has counted.
    """

    release_id: str
    name: str
    created_at: str
    is_ready: bool
    datapoints: int | None


@runtime_checkable
class KeepsReleases(Protocol):
    """A backend that keeps a project as it is under a name."""

    def release(self, name: str, *, ground_truth_only: bool) -> Release:
        """Makes a release of what the project has now. Raises BackendError."""

    def releases(self) -> Sequence[Release]:
        """All releases. Raises BackendError."""

    def released(self, release_id: str) -> Iterator[TaskContent]:
        """The datapoints of a release with what is in them. Raises BackendError."""


class StoredKey(NamedTuple):
    """The answer of a storage to who asks it for a key.

    ``refusal`` is why it hands out nothing, empty where it does. ``versions`` are the words by any
    of which a listing may know the version of what it hands out; none where it tells none.
    """

    refusal: str = ""
    versions: tuple[str, ...] = ()


@runtime_checkable
class KnowsBuckets(Protocol):
    """A backend that knows which buckets its storages lead to."""

    def buckets(self) -> Mapping[str, str]:
        """The buckets by the ids of storages, without those of which it is not known.

        Empty for a storage each of whose keys begins with its bucket.
        """

    def stored_key(self, storage: str, key: str) -> StoredKey:
        """Returns the answer that people will get for a key of a storage.

        Raises BackendError where that cannot be seen from here.
        """


class Backend(Protocol):
    """One project."""

    capabilities: Capabilities

    def project(self) -> Project:
        """Returns what the project is; makes it where the backend may."""

    def describe(self) -> Project | None:
        """Returns what the project is, None when there is none; makes nothing."""

    def storages(self) -> Mapping[str, str] | None:
        """The ids of the storages beside ``public`` and ``redbrick``, with their names.

        None where any will do, or where nobody can tell.
        """

    def upload(self, body: Body, *, storage: str) -> str:
        """Stores the bytes of a file and returns where; the same bytes may be stored again.

        The caller compares ``body.content()`` with what it meant to send before it uses the
        answer.
        """

    def create(self, drafts: Sequence[Draft]) -> list[Created | Rejected]:
        """Creates datapoints, at most ``capabilities.batch``, and answers in their order."""

    def update(
        self, task_id: str, draft: Draft, changed: Sequence[Facet], before: Before = unasked
    ) -> None:
        """Changes the facets of a datapoint to those of the draft.

        ``before`` is asked right before each of the changes that it takes, as close to it as the
        backend can. Raises StoppedError when it says no; then what was changed before that stays
        changed. Raises MisnamedError when the task has another name now than the draft.
        """

    def delete(self, tasks: Sequence[NamedTask], before: Before = unasked) -> Mapping[str, str]:
        """Deletes the tasks that have these names now; one that is not there counts as deleted.

        ``before`` is asked for each; what it does not want to be deleted stays. Returns the ids
        of those that it left alone, because they have another name, with that.
        """

    def find(
        self, names: Sequence[str], *, counted: Callable[[str], bool] = every_name
    ) -> dict[str, Task]:
        """The datapoints of exactly these names that exist now.

        The answer is complete: a name that is missing does not exist. The number of labels is
        known of names that are ``counted``: labels may be many megabytes. Raises BackendError
        rather than answer in part; IncompleteError has the part.
        """

    def list(self, *, counted: Callable[[str], bool] = every_name) -> Iterator[Task]:
        """All datapoints, by name; raises BackendError rather than end early.

        GapsError comes behind all that could be read. The labels of names that are not to be
        ``counted`` may be given as 0.
        """

    def read(self) -> Iterator[TaskContent]:
        """As `list`, with what is in them, in any order."""

    def look(self, task_ids: Sequence[str]) -> dict[str, TaskContent]:
        """The tasks of these ids that exist now, by id, with what is in them.

        The answer is complete: an id that is missing is that of no task. Raises BackendError
        rather than answer in part.
        """

    def close(self) -> None:
        """Releases what is open."""
