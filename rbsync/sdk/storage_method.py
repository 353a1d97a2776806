"""The storages in which the items of a datapoint can be."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from rbsync.backends.redbrick.http.redaction import redact
from rbsync.errors import Problem, UserError
from rbsync.model.storages import PUBLIC_ID, SERVICE_ID, word_of


class StorageMethod:
    """The storages that every organization has; another one is given by its own UUID."""

    PUBLIC: Final = PUBLIC_ID
    """Items are URLs."""

    REDBRICK: Final = SERVICE_ID
    """Items are paths of local files, which are uploaded."""


def storage_of(storage_id: str | UUID) -> str:
    """Returns what the settings of a datapoint call a storage.

    Raises UserError for what is no UUID.
    """
    try:
        found = str(UUID(str(storage_id)))
    except ValueError:
        # Arguments are easily swapped: what stands here may be the API key.
        message = redact(f"{storage_id!r} is no storage id")
        hint = "give StorageMethod.PUBLIC, StorageMethod.REDBRICK, or the UUID of a storage"
        raise UserError([Problem("storage", message, hint=hint)], hint=hint) from None
    return word_of(found)
