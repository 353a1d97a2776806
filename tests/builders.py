"""Values of the model, made from the few words in which a test speaks of them."""

from __future__ import annotations

from collections.abc import Iterable

from rbsync.errors import Location, Problem
from rbsync.model.datapoint import Datapoint, Dataset, Item, Labels, Obstacle, Settings
from rbsync.model.fingerprint import Fingerprint, of_items
from rbsync.model.outcome import Failure
from rbsync.model.plan import Basis
from rbsync.model.record import Intent, Record
from rbsync.reasons import FailureKind, Operation
from rbsync.stores.base import Owner

HERE = Location("rbsync.yaml", 3, 5)
BASIS = Basis("4b32bb5f", 7, "xxh3:manifest", "local:0f5c")
OWNER = Owner("ann", "lab-3", 4711, "run-1", 1_778_311_535.0)
PRINT = Fingerprint("xxh3:" + "1" * 32, "", "xxh3:" + "2" * 32)
OTHER = Fingerprint("xxh3:" + "3" * 32, "xxh3:" + "4" * 32, "xxh3:" + "5" * 32)


def datapoint(
    name: str, content: str = "1", *, labels: str = "", size: int = 10, ground_truth: bool = False
) -> Datapoint:
    """A datapoint of one local file; ``content`` and ``labels`` stand for what is in them."""
    settings = Settings(ground_truth=ground_truth)
    item = Item(f"{name}.png", f"xxh3:{content}", size)
    return Datapoint(
        name,
        (item,),
        Labels("objects", labels, (Item(f"{name}.json", f"xxh3:{labels}", 2),)) if labels else None,
        settings,
        Fingerprint(of_items([item.content]), labels, settings.fingerprint()),
        HERE,
    )


def dataset(
    datapoints: Iterable[Datapoint],
    *,
    obstacles: Iterable[Obstacle] = (),
    unread: Iterable[Problem] = (),
    warnings: Iterable[Problem] = (),
) -> Dataset:
    """The datapoints as a dataset holds them: sorted by name."""
    ordered = sorted(datapoints, key=lambda one: one.name)
    return Dataset(tuple(ordered), tuple(obstacles), tuple(unread), tuple(warnings))


def applied(one: Datapoint) -> Record:
    """What the state says of a datapoint that was created."""
    return Record(one.name, one.fingerprint, f"task-{one.name}")


def failed(
    one: Datapoint, kind: FailureKind = "transient", *, before: Datapoint | None = None
) -> Record:
    """What the state says after applying ``one`` failed; ``before`` is what was there already."""
    failure = Failure(kind, "upload", "the disk is full")
    known = applied(before) if before else Record(one.name)
    return known._replace(failure=failure, attempted=one.fingerprint)


def pending(
    one: Datapoint, *, before: Datapoint | None = None, operation: Operation = "create"
) -> Record:
    """What the state says when a run ended between an intent and its result."""
    known = applied(before) if before else Record(one.name)
    wanted = None if operation == "delete" else one.fingerprint
    return known._replace(pending=Intent(one.name, operation, wanted, 1.0))
