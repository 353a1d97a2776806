"""Records as JSON: in the document of a state, and in the lines of a recovery file."""

from __future__ import annotations

from typing import Any

from rbsync.model.declined_text import declined_json
from rbsync.model.record import Intent, Record


def record_json(record: Record) -> dict[str, Any]:
    """A record as `rbsync.stores.record_parts.RecordPart` reads it."""
    return {
        **record._asdict(),
        "failure": record.failure._asdict() if record.failure else None,
        "pending": _intent_json(record.pending) if record.pending else None,
        "declined": declined_json(record.declined),
    }


def _intent_json(intent: Intent) -> dict[str, Any]:
    return {**intent._asdict(), "declined": declined_json(intent.declined)}
