"""The ids of the storages that every organization has, and rbsync's words for them."""

from __future__ import annotations

PUBLIC = "11111111-1111-1111-1111-111111111111"
REDBRICK = "22222222-2222-2222-2222-222222222222"
_WORDS = {PUBLIC: "public", REDBRICK: "redbrick"}
_IDS = {word: id_ for id_, word in _WORDS.items()}


def word_of(storage_id: str) -> str:
    """Returns what settings call a storage: a word, or the id of a bucket."""
    return _WORDS.get(storage_id.lower(), storage_id)


def id_of(word: str) -> str:
    """The id of a storage that settings name."""
    return _IDS.get(word, word)
