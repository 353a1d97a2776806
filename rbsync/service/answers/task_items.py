"""Items and settings as operations give them, in the terms of the project."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rbsync.model.storages import PUBLIC_ID, SERVICE_ID
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call

Pair = tuple[str, str]


def located(call: Call, items: Sequence[str], storage_id: str) -> tuple[Pair, ...]:
    """Items with the refs of where they are. Raises RefusalError for those that are nowhere."""
    storage = storage_id.lower()
    # Checked now: a task whose file never arrived would be found out by the person who opens it.
    if storage == SERVICE_ID:
        return tuple((one, stored_ref(call, one)) for one in items)
    if storage == PUBLIC_ID:
        for one in items:
            if not one.startswith(("http://", "https://")):
                raise RefusalError(f"{one[:200]!r} is not a public address")
    elif not call.service.has_bucket(storage):
        raise RefusalError(f"there is no storage {storage_id} in the organization")
    return tuple((one, one) for one in items)


def stored_ref(call: Call, path: str) -> str:
    """The ref of a file that was uploaded. Raises RefusalError."""
    upload = call.service.upload(path)
    if upload is None:
        raise RefusalError(f"{path[:200]!r} was not uploaded")
    return upload.ref


def read_metadata(text: str | None) -> dict[str, str]:
    """Strings by name, from JSON text; the project checks that they are strings."""
    found = read_json(text, "metaData")
    if not isinstance(found, dict | None):
        raise RefusalError("metaData is not an object")
    return found or {}


def read_json(text: str | None, name: str) -> object:
    """The value of a member that is JSON text; None when there is none."""
    if text is None:
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RefusalError(f"{name} is not JSON") from error
    return found
