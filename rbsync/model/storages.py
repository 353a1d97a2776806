"""The storages of items: one for files that are uploaded, one for URLs, and buckets.

Settings call the first two by words and a bucket by its id. At the service all have ids.
"""

from __future__ import annotations

import re
from typing import Final

UPLOADED: Final = "redbrick"
"""The word of the storage whose items are files of this machine, in a manifest and in a state."""

PUBLIC: Final = "public"
BUILT_IN: Final = (UPLOADED, PUBLIC)
"""Those that every organization has: nobody needs to be asked for them."""

SERVICE_ID: Final = "22222222-2222-2222-2222-222222222222"
"""The id of the storage in which the service keeps what was uploaded."""

PUBLIC_ID: Final = "11111111-1111-1111-1111-111111111111"
BUILT_IN_IDS: Final = frozenset({SERVICE_ID, PUBLIC_ID})

_IDS = {PUBLIC: PUBLIC_ID, UPLOADED: SERVICE_ID}
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORDS = {one: word for word, one in _IDS.items()}


# The word says that files of this machine are sent. The id says where something is kept: items
# given by it are paths at the service, for files that are there already, and no file is read.
def is_uploaded(storage: str) -> bool:
    """Tells whether items in a storage that settings name are local files, to be uploaded."""
    return storage == UPLOADED


def is_public(storage: str) -> bool:
    """Tells whether items in a storage that settings name are URLs."""
    return storage in (PUBLIC, PUBLIC_ID)


def is_built_in(storage: str) -> bool:
    """Tells whether settings name a storage by a word of rbsync's."""
    return storage in BUILT_IN


def is_uuid(text: str) -> bool:
    """Tells whether a storage is given by its id."""
    return _UUID.fullmatch(text) is not None


def is_at_service(storage_id: str) -> bool:
    """Tells whether an id is that of the storage in which the service keeps uploaded files."""
    return storage_id.lower() == SERVICE_ID


def id_of(storage: str) -> str:
    """The id of a storage that settings name."""
    return _IDS.get(storage, storage)


def word_of(storage_id: str) -> str:
    """The word by which settings name a storage; the id itself for a bucket."""
    return _WORDS.get(storage_id.lower(), storage_id)


def words_of(storage_id: str) -> tuple[str, ...]:
    """All by which settings may name the storage of an id, the word first."""
    return tuple(dict.fromkeys((word_of(storage_id), storage_id)))
