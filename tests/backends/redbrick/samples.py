"""Datapoints to send."""

from __future__ import annotations

from typing import Any

from rbsync.backends.base import Draft, LabelText
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from tests.builders import PRINT

PNG = b"\x89PNG\r\n\x1a\n"
URL = "https://example.org/a.png"


def draft(
    name: str = "case-1",
    *,
    items: tuple[tuple[str, str], ...] = ((URL, URL),),
    labels: LabelText | None = None,
    storage: str = "public",
    fingerprint: Fingerprint = PRINT,
    **settings: Any,
) -> Draft:
    return Draft(name, items, labels, Settings(storage, **settings), fingerprint)
