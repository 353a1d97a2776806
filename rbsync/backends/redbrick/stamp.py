"""The stamp that rbsync leaves in the metadata of its datapoints: fingerprint and items."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rbsync.backends.base import NOTHING_LEFT, Left, Mark
from rbsync.backends.left import left_text, read_left
from rbsync.backends.redbrick.api.answers import json_text
from rbsync.model.declined_text import declined_in, declined_text
from rbsync.model.fingerprint import Fingerprint, digest
from rbsync.model.record import Declined
from rbsync.model.storages import is_at_service

FINGERPRINT = "rbsync.fingerprint"
ITEMS = "rbsync.items"
REFS = "rbsync.refs"
STATE = "rbsync.state"
DECLINED = "rbsync.declined"
LEFT = "rbsync.left"
VERSION = "rbsync.version"
REVISION = "rbsync.revision"
_OURS = (FINGERPRINT, ITEMS, REFS, STATE, DECLINED, LEFT, VERSION, REVISION)
# Of item names; a video of thousands of frames goes without them.
_MOST_BYTES = 16 << 10
_MOST_DIGITS = 20

_NONE = Fingerprint("", "", "")
_SEPARATOR = ";"


class Metadata(NamedTuple):
    """A task's metadata, taken apart.

    ``names`` is None where the items go by other names. ``refs`` is the digest of the refs of
    uploaded items, which tells whether they were replaced since; empty where it is not known.
    """

    user: dict[str, str]
    stamp: Fingerprint | None = None
    names: tuple[str, ...] | None = None
    refs: str = ""
    mark: Mark = Mark()
    left: Left = NOTHING_LEFT


def metadata_text(metadata: Metadata) -> str | None:
    """The JSON text of metadata, None when there is none."""
    made = dict(metadata.user)
    if metadata.stamp is not None and metadata.stamp != _NONE:
        made[FINGERPRINT] = _SEPARATOR.join(metadata.stamp)
        made |= _mark_json(metadata.mark)
        if metadata.left != NOTHING_LEFT:
            made[LEFT] = left_text(metadata.left)
    if metadata.names is not None:
        names = json.dumps(metadata.names, ensure_ascii=False, separators=(",", ":"))
        if len(names.encode(errors="replace")) <= _MOST_BYTES:
            made[ITEMS] = names
    if metadata.refs:
        made[REFS] = metadata.refs
    return json.dumps(made, separators=(",", ":")) if made else None


def read_metadata(text: str) -> Metadata:
    """The metadata of a task, whoever wrote it; values that are not text come as JSON."""
    found = json_text(text)
    if not isinstance(found, Mapping):
        return Metadata({})
    user = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in found.items()
        if key not in _OURS
    }
    return Metadata(
        user,
        _stamp(found.get(FINGERPRINT)),
        _names(found.get(ITEMS)),
        _text(found.get(REFS)),
        Mark(
            *_state(found.get(STATE)),
            _declined(found.get(DECLINED)),
            version=_text(found.get(VERSION)),
            revision=_text(found.get(REVISION)),
        ),
        read_left(found.get(LEFT)),
    )


def _mark_json(mark: Mark) -> dict[str, str]:
    made = {STATE: f"{mark.lineage}{_SEPARATOR}{mark.serial}"} if mark.lineage else {}
    others = {
        DECLINED: declined_text(mark.declined),
        VERSION: mark.version,
        REVISION: mark.revision,
    }
    return made | {key: text for key, text in others.items() if text}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _state(value: object) -> tuple[str, int]:
    lineage, _, serial = value.partition(_SEPARATOR) if isinstance(value, str) else ("", "", "")
    # Anybody may write metadata, and `int` raises for a number of thousands of digits.
    is_number = serial.isdecimal() and serial.isascii() and len(serial) < _MOST_DIGITS
    return (lineage, int(serial)) if is_number else ("", 0)


def _declined(value: object) -> tuple[Declined, ...]:
    """Returns the declined parts of our own stamp; what others wrote there declines nothing."""
    try:
        return declined_in(value) if isinstance(value, str) else ()
    except ValueError:
        return ()


def _stamp(value: object) -> Fingerprint | None:
    parts = value.split(_SEPARATOR) if isinstance(value, str) else []
    return Fingerprint(*parts) if len(parts) == len(_NONE) else None


def _names(value: object) -> tuple[str, ...] | None:
    names = json_text(value) if isinstance(value, str) else None
    if isinstance(names, list) and all(isinstance(one, str) for one in names):
        return tuple(names)
    return None


def names_apart(items: Sequence[tuple[str, str]], storage_id: str) -> tuple[str, ...] | None:
    """The names of items that their refs do not tell; None when they do."""
    names = tuple(name for name, _ in items)
    return None if names == _told([ref for _, ref in items], storage_id) else names


def of_refs(refs: Sequence[str]) -> str:
    """The digest of refs, in their order."""
    return digest("\0".join(refs).encode(errors="surrogatepass"))


def item_names(
    refs: Sequence[str], storage_id: str, names: tuple[str, ...] | None
) -> tuple[str, ...]:
    """The names of a task's items as people know them; ``names`` are those that were left."""
    if names is not None and len(names) == len(refs):
        return names
    return _told(refs, storage_id)


def _told(refs: Sequence[str], storage_id: str) -> tuple[str, ...]:
    """An uploaded file goes by the end of its path, all else by its URL or key."""
    if is_at_service(storage_id):
        return tuple(ref.rpartition("/")[2] for ref in refs)
    return tuple(refs)
