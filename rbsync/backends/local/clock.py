"""The time, as it is written into the project."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """ISO 8601 in UTC with microseconds, which sorts as it runs."""
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
