"""Actions, which are values and never run themselves, and the plan that orders them.

The kinds of actions are a closed set, and stand together: who takes a plan apart reads them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from operator import attrgetter
from typing import Literal, NamedTuple, TypeGuard, cast

from rbsync.errors import ExitCode, Problem
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import NO_LABELS, Facet, Fingerprint
from rbsync.model.made_when_asked import MadeWhenAsked
from rbsync.model.packed import Datapoints, FolderPoints
from rbsync.model.record import Declined, Record
from rbsync.reasons import (
    ACCEPTED,
    CHANGED,
    KEPT,
    NEW,
    PROTECTED,
    UNDONE,
    UNKNOWN,
    UNSETTLED,
    Reason,
)

LACKING = "the project does not have it"

OnChange = Literal["update", "replace", "protect"]
OnMove = Literal["auto", "carry", "keep", "recreate"]
"""What becomes of a task whose datapoint is declared under another name now."""

OnConflict = Literal["block", "theirs", "ours"]
"""What becomes of what was changed here and at the project."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits that the user sets. ``max_delete`` is a fraction of the records."""

    prune: bool = False
    # One in twenty: a folder that was not mounted makes orphans of nearly all.
    max_delete: float = 0.05
    on_change: OnChange = "update"


class Sides(NamedTuple):
    """Who changed a facet since it was left: what is declared, what is at the project, or both."""

    facet: Facet
    declared: bool
    present: bool


@dataclass(frozen=True, slots=True)
class Create:
    """The project lacks this datapoint.

    ``declined``, here and below, is what its record is to say afterwards.
    """

    datapoint: Datapoint
    reason: Reason
    message: str
    declined: tuple[Declined, ...] = ()

    @property
    def name(self) -> str:
        return self.datapoint.name


# Update and Replace are two of it and none of the other: what asks for an Update would take a
# Replace for one, and leave the old task standing.
@dataclass(frozen=True, slots=True)
class Rewriting:
    """The project has this datapoint with other content in the facets ``changed``.

    ``over`` is what others made of it, when the user has decided that it is to be overwritten;
    of a Delete too. ``labels_removed`` says that it has labels there and shall have none: that is
    a loss. ``fewer_labels`` says what is left of them, when a third or more goes.
    """

    datapoint: Datapoint
    changed: tuple[Facet, ...]
    task_id: str
    reason: Reason
    message: str
    over: Fingerprint | None = None
    declined: tuple[Declined, ...] = ()
    labels_removed: bool = False
    fewer_labels: str = ""

    @property
    def name(self) -> str:
        return self.datapoint.name


@dataclass(frozen=True, slots=True)
class Update(Rewriting):
    """The facets are changed in place. ``is_worked_on`` says that people have worked on it."""

    is_worked_on: bool = False


@dataclass(frozen=True, slots=True)
class Replace(Rewriting):
    """The old datapoint is deleted and a new one created in its place."""


@dataclass(frozen=True, slots=True)
class Delete:
    """The manifest no longer declares this datapoint."""

    name: str
    task_id: str
    reason: Reason
    message: str
    over: Fingerprint | None = None
    declined: tuple[Declined, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """The project has this datapoint under the name ``old``, and it is to have the declared one.

    ``changed`` are the facets that are declared otherwise too; they are updated once it has its
    new name. ``applied`` is what was left under the old one. ``over`` says that also what people
    have worked on is carried. ``fewer_labels`` is as in `Rewriting`.
    """

    datapoint: Datapoint
    old: str
    task_id: str
    applied: Fingerprint
    reason: Reason
    message: str
    changed: tuple[Facet, ...] = ()
    over: bool = False
    declined: tuple[Declined, ...] = ()
    fewer_labels: str = ""

    @property
    def name(self) -> str:
        return self.datapoint.name

    @property
    def labels_removed(self) -> bool:
        """Tells whether it has labels there and shall have none."""
        is_bare = self.datapoint.fingerprint.labels in NO_LABELS
        return "labels" in self.changed and is_bare and self.applied.labels not in NO_LABELS

    def update(self, task_id: str) -> Update:
        """Returns what is left to be done once the task has its new name, or is a new one."""
        message = f"changed: {', '.join(self.changed)}"
        # What is held of a move that is taken back is held after its update too.
        held = self.declined
        made = Update(self.datapoint, self.changed, task_id, CHANGED, message, declined=held)
        return replace(made, labels_removed=self.labels_removed, fewer_labels=self.fewer_labels)


@dataclass(frozen=True, slots=True)
class Keep:
    """Nothing to do. A plan only counts these; ``explain`` shows one."""

    name: str
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something is to be done, or may be, and rbsync will not do it as things are.

    ``sides`` say of a conflict, facet by facet, who changed what. ``withheld`` is what is not done
    for it; it is for who shows the plan in the same process, and no part of what the plan says.
    """

    name: str
    reason: Reason
    message: str
    sides: tuple[Sides, ...] = ()
    withheld: Overwriting | None = field(default=None, compare=False, repr=False)


class ProjectChange(NamedTuple):
    """The project itself is not what is declared: ``what`` of it, and how it is there.

    ``is_added`` says that it is a category, which `apply --project` adds, or the whole project,
    which it makes; all else is only told.
    """

    what: Literal["project", "name", "category", "stages", "member"]
    declared: str
    present: str = ""
    is_added: bool = False


Action = Create | Move | Update | Replace | Delete | Blocked
Effect = Create | Move | Update | Replace | Delete
Overwriting = Update | Replace | Delete
"""The effects that change or take away what the project has."""


class Actions(MadeWhenAsked["Action"]):
    """The actions of a plan that creates whole folders, in the order in which they are to be done.

    ``folders`` are datapoints that nothing is recorded of: their creates are made when they are
    asked for. ``again`` are other creates, sorted by name, and ``others`` what comes after all
    creates.
    """

    def __init__(
        self,
        folders: Iterable[FolderPoints],
        again: Iterable[Create] = (),
        others: Iterable[Action] = (),
    ) -> None:
        self.new, self.again, self.others = Datapoints(folders), tuple(again), tuple(others)

    def __len__(self) -> int:
        return len(self.new) + len(self.again) + len(self.others)

    def __iter__(self) -> Iterator[Action]:
        made = (Create(one, NEW, LACKING) for one in self.new)
        yield from merge(made, self.again, key=_name_of) if self.again else made
        yield from self.others

    def parted(self, names: Collection[str]) -> tuple[list[FolderPoints], Actions]:
        """The folders that have none of some names, and the actions of all else."""
        wanted, whole, others = frozenset(names), list[FolderPoints](), list[FolderPoints]()
        for one in self.new.folders:
            (whole if wanted.isdisjoint(one.all_names()) else others).append(one)
        return whole, Actions(others, self.again, self.others)

    def without_blocked(self) -> Actions:
        """The actions that change the project."""
        left = (one for one in self.others if not isinstance(one, Blocked))
        return Actions(self.new.folders, self.again, left)


_name_of = attrgetter("name")


class Summary(NamedTuple):
    """The counts of a plan; ``bytes`` is what would be uploaded at most.

    ``labels_removed`` is how many of the updates take away all labels of a datapoint,
    ``fewer_labels`` how many take away a third or more.
    """

    create: int = 0
    update: int = 0
    delete: int = 0
    blocked: int = 0
    keep: int = 0
    bytes: int = 0
    labels_removed: int = 0
    move: int = 0
    fewer_labels: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """The basis that a plan was made against; applied later, all of it must still hold.

    ``left`` is the version of what rbsync had left at the project under the names of the actions:
    it takes the serial's place where the state is another one.
    """

    lineage: str
    serial: int
    manifest: str
    target: str = ""
    left: str = ""


@dataclass(frozen=True)
class Plan:
    """Ordered actions, what they were decided from, and what stood in the way.

    ``orphans`` are the names that the project has and the manifest does not declare, when
    nothing is to be deleted; ``forgotten`` those of records that never came to anything and that
    nobody declares any more. ``recorded`` is how many datapoints the state has, ``dataset`` and
    ``datapoints`` the digest and the number of the desired ones; ``empty`` says that the manifest
    declares none at all, whatever part of it the plan is for. ``taken`` are records to be written
    without anything being sent: somebody did the same already, or it was decided already that it
    stays as it is. ``looked`` is whether the project was looked at. ``source`` is the manifest's
    file, for who applies the plan in the same process; it is no part of what the plan says, nor is
    ``unseen_for``: for how many seconds nobody has looked at the project, None when it is at hand.
    ``refused`` is why the guard will stop it, None when it will not. ``project`` is in what the
    project itself is another one than is declared.
    """

    actions: Sequence[Action]
    unchanged: int
    dataset: str
    datapoints: int
    basis: Basis
    orphans: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    unread: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    recorded: int = 0
    empty: bool = False
    taken: tuple[Record, ...] = ()
    looked: bool = True
    refused: Problem | None = None
    project: tuple[ProjectChange, ...] = ()
    # Of this process alone: two plans that say the same are equal, whatever file they are of.
    source: str = field(default="", compare=False)
    unseen_for: float | None = field(default=None, compare=False)

    @property
    def effects(self) -> Sequence[Effect]:
        """The actions that change the project, in the order in which they are to be done."""
        if isinstance(self.actions, Actions):
            return cast("Sequence[Effect]", self.actions.without_blocked())
        return tuple(one for one in self.actions if not isinstance(one, Blocked))

    @property
    def creates(self) -> Sequence[Create]:
        """The creates by name; those of whole folders are made when they are asked for."""
        if isinstance(self.actions, Actions):
            made = Actions(self.actions.new.folders, self.actions.again)
            return cast("Sequence[Create]", made)
        return tuple(one for one in self.actions if isinstance(one, Create))

    @property
    def singled_out(self) -> Sequence[Action]:
        """All actions but creates of what nothing is recorded of, where those are whole folders.

        Whoever looks for another kind need not have a million creates made for it.
        """
        if isinstance(self.actions, Actions):
            return (*self.actions.again, *self.actions.others)
        return self.actions

    def only(self, is_meant: Callable[[Action], bool]) -> Plan:
        """The plan with those of the singled out actions that are meant; creates beside them stay.

        Of 50,000 new files not one is made an action for it.
        """
        if not isinstance(self.actions, Actions):
            return replace(self, actions=tuple(filter(is_meant, self.actions)))
        made = self.actions
        left = filter(is_meant, made.again), filter(is_meant, made.others)
        return replace(self, actions=Actions(made.new.folders, *left))

    @property
    def added_categories(self) -> tuple[str, ...]:
        """The names of the categories that the project lacks, and may be given."""
        lacking = (one for one in self.project if one.is_added and one.what == "category")
        return tuple(one.declared for one in lacking)

    @property
    def new_project(self) -> str:
        """The name of the project that is to be made, empty where it is there."""
        return next((one.declared for one in self.project if one.what == "project"), "")

    @property
    def project_lacks(self) -> bool:
        """Tells whether the project, or one of its categories, is to be made first."""
        return any(one.is_added for one in self.project)

    @property
    def moves(self) -> tuple[Move, ...]:
        """The datapoints that have other names now."""
        return tuple(one for one in self.singled_out if isinstance(one, Move))

    @property
    def names(self) -> frozenset[str]:
        """All names that the plan says something of: not those that are left as they are."""
        named = frozenset(names_of(self.actions))
        return named.union(self.orphans, self.forgotten)

    @property
    def recorded_names(self) -> frozenset[str]:
        """Those of the names of which something may be recorded."""
        named = frozenset(names_of(self.singled_out))
        return named.union(self.orphans, self.forgotten)

    @property
    def labels_removed(self) -> tuple[str, ...]:
        """The names of the datapoints that lose all of their labels and stay."""
        return tuple(one.name for one in self._changes if one.labels_removed)

    @property
    def fewer_labels(self) -> tuple[str, ...]:
        """The names of the datapoints that lose a third or more of their labels, but not all."""
        return tuple(one.name for one in self._changes if one.fewer_labels)

    @property
    def _changes(self) -> Iterator[Update | Replace | Move]:
        return (one for one in self.singled_out if isinstance(one, Update | Replace | Move))

    @property
    def apply_exit_code(self) -> ExitCode:
        """Returns what `apply` ends with when all that it sends succeeds.

        For what is not settled yet it waits, and nobody knows what comes of that.
        """
        return ExitCode.REFUSED if self.refused else self.blocked_exit_code

    @property
    def blocked_exit_code(self) -> ExitCode:
        """Returns what comes of the actions that are blocked, when all others succeed."""
        if self.unread or self.has_blocked(UNKNOWN):
            return ExitCode.INCOMPLETE
        blocked = (one for one in self.singled_out if isinstance(one, Blocked))
        # The first three were asked for by the user, and the last two are waited for.
        fine = (PROTECTED, UNDONE, KEPT, UNSETTLED, ACCEPTED)
        if any(one.reason not in fine for one in blocked):
            return ExitCode.SOME_FAILED
        return ExitCode.DONE

    @property
    def is_incomplete(self) -> bool:
        """Tells whether something could not be known."""
        return bool(self.unread) or self.has_blocked(UNKNOWN, UNSETTLED)

    def has_blocked(self, *reasons: Reason) -> bool:
        """Tells whether something is blocked for one of these reasons."""
        blocked = (one for one in self.singled_out if isinstance(one, Blocked))
        return any(one.reason in reasons for one in blocked)

    @property
    def summary(self) -> Summary:
        counts = {Create: 0, Move: 0, Update: 0, Replace: 0, Delete: 0, Blocked: 0}
        size = 0
        if isinstance(self.actions, Actions):
            folders = self.actions.new.folders
            counts[Create] = sum(map(len, folders))
            size = sum(sum(one.sizes) for one in folders)
        for one in self.singled_out:
            counts[type(one)] += 1
            size += _upload_size(one)
        return Summary(
            create=counts[Create],
            update=counts[Update] + counts[Replace],
            delete=counts[Delete],
            blocked=counts[Blocked],
            keep=self.unchanged,
            bytes=size,
            labels_removed=len(self.labels_removed),
            move=counts[Move],
            fewer_labels=len(self.fewer_labels),
        )


def changes_labels(action: Action) -> TypeGuard[Update | Replace | Move]:
    """Tells whether an action gives a task that is there other labels."""
    return isinstance(action, Update | Replace | Move) and "labels" in action.changed


def names_of(actions: Iterable[Action]) -> Iterator[str]:
    """Yields the names that actions are about: of a move both."""
    for one in actions:
        yield one.name
        if isinstance(one, Move):
            yield one.old


def _upload_size(action: Action) -> int:
    match action:
        case Create(datapoint=datapoint) | Replace(datapoint=datapoint):
            return datapoint.size
        case Update() | Move() if "items" in action.changed:
            return action.datapoint.size
        case Update() | Move() | Delete() | Blocked():
            return 0
