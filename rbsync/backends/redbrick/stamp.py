"""The stamp that rbsync leaves in the metadata of its datapoints: fingerprint and items."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from rbsync.backends.base import NOTHING_LEFT, Left, Mark
from rbsync.backends.left import left_text, read_left
from rbsync.backends.redbrick.api.answers import json_text
from rbsync.model.declined_text import declined_in, declined_text
from rbsync.model.fingerprint import Fingerprint, digest
from rbsync.model.record import Declined
from rbsync.model.storages import is_at_service

# Some services take a dot in a key for a path, and drop it.
FINGERPRINT = "rbsync_fingerprint"
ITEMS = "rbsync_items"
REFS = "rbsync_refs"
STATE = "rbsync_state"
DECLINED = "rbsync_declined"
LEFT = "rbsync_left"
VERSION = "rbsync_version"
REVISION = "rbsync_revision"
_OURS = (FINGERPRINT, ITEMS, REFS, STATE, DECLINED, LEFT, VERSION, REVISION)
_BEFORE = {f"rbsync.{key.removeprefix('rbsync_')}": key for key in _OURS}
"""The keys of before, of which there are tasks."""

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
    own = _own(found)
    user = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in found.items()
        if key not in _OURS and key not in _BEFORE
    }
    return Metadata(
        user,
        _stamp(own.get(FINGERPRINT)),
        _names(own.get(ITEMS)),
        _text(own.get(REFS)),
        Mark(
            *_state(own.get(STATE)),
            _declined(own.get(DECLINED)),
            version=_text(own.get(VERSION)),
            revision=_text(own.get(REVISION)),
        ),
        read_left(own.get(LEFT)),
    )


def _own(found: Mapping[str, object]) -> Mapping[str, object]:
    """Our members of metadata. Where there are those of before, they are newer.

    Whoever writes today's removes them, so that an older rbsync has been there since.
    """
    before = {key: found[old] for old, key in _BEFORE.items() if old in found}
    return before or found


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
    """The digest of the paths of uploaded files, in their order and in any form.

    A service may give a path back as an address, or with another beginning: what tells a file from
    all others is its own folder and its name.
    """
    return of_whole_refs(["/".join(unquote(_path(one)).split("/")[-2:]) for one in refs])


def of_whole_refs(refs: Sequence[str]) -> str:
    """The digest of paths as they are, of which there are stamps."""
    return digest("\0".join(refs).encode(errors="surrogatepass"))


def _path(ref: str) -> str:
    return urlsplit(ref).path if "://" in ref else ref


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
