"""The look whether storages hand out the objects that were listed, one for each bucket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from rbsync.backends.base import KnowsBuckets, StoredKey
from rbsync.errors import BackendError, Problem
from rbsync.model.datapoint import Datapoint
from rbsync.model.fingerprint import has_pin, is_of_version
from rbsync.model.plan import Action, Create, Move, Rewriting

_UNREAD_HINT = (
    "have the storage lead to that bucket, with the right to read it, or name the storage that "
    "does. Where only this machine may not read it: `files: {check: none}`"
)
_OTHER_HINT = (
    "name the storage that leads to that bucket; where the object was written just now, plan again"
)
_UNSEEN_HINT = "look at one of the datapoints at the service once they are there"


class KeyFaults(NamedTuple):
    """The problems of storages by their ids, and warnings of those where nothing could be seen."""

    wrong: dict[str, Problem]
    unseen: list[Problem]


def key_faults(
    backend: KnowsBuckets, actions: Iterable[Action], leads_to: Mapping[str, str]
) -> KeyFaults:
    """Asks storages for objects that a plan sends, one of each bucket.

    ``leads_to`` are the buckets of the storages to be looked at, as `KnowsBuckets` tells them. A
    plan that sends nothing asks nobody.
    """
    faults = KeyFaults({}, [])
    for (storage, bucket, _), one in sorted(_one_of_each(actions, leads_to).items()):
        key = one.items[0].ref
        try:
            found = backend.stored_key(storage, key)
        except BackendError as error:
            message = f"whether the storage {storage} hands out `{key}` was not seen: {error}"
            hint = error.hint or _UNSEEN_HINT
            faults.unseen.append(Problem("unseen-storage", message, one.origin, hint))
            continue
        if found.refusal:
            message = f"the storage {storage} does not hand out `{key}`, which the bucket"
            message += f" `{bucket}` has: {found.refusal}"
            faults.wrong[storage] = Problem("unread-key", message, hint=_UNREAD_HINT)
        elif not _is_listed(one, found):
            message = f"the storage {storage} hands out another object as `{key}` than the bucket"
            message += f" `{bucket}` has"
            faults.wrong[storage] = Problem("other-object", message, hint=_OTHER_HINT)
    return faults


def _one_of_each(
    actions: Iterable[Action], leads_to: Mapping[str, str]
) -> dict[tuple[str, str, str], Datapoint]:
    """One datapoint of each storage, bucket and file that names it; rather one of a single item."""
    found: dict[tuple[str, str, str], Datapoint] = {}
    for one in sent_objects(actions):
        storage = one.settings.storage
        if storage not in leads_to:
            continue
        bucket = leads_to[storage] or one.items[0].ref.partition("/")[0]
        place = storage, bucket, one.origin.file if one.origin else ""
        # Of several items the version of none is known by itself.
        if place not in found or (len(found[place].items) > 1 and len(one.items) == 1):
            found[place] = one
    return found


def sent_objects(actions: Iterable[Action]) -> Iterator[Datapoint]:
    """Yields datapoints whose items are objects of buckets, and are sent."""
    for action in actions:
        match action:
            case Create() | Move():
                one = action.datapoint
            case Rewriting() if action.changed != ("labels",):
                one = action.datapoint
            case _:
                continue
        if has_pin(one.fingerprint.items):
            yield one


def _is_listed(one: Datapoint, found: StoredKey) -> bool:
    if len(one.items) > 1 or not found.versions:
        return True
    return any(is_of_version(one.fingerprint.items, told) for told in found.versions)
