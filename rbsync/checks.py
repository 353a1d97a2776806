"""The result of one check of `rbsync doctor`."""

from __future__ import annotations

from typing import Literal, NamedTuple

Verdict = Literal["ok", "warning", "failed", "skipped"]


class Check(NamedTuple):
    """One thing that was looked at. ``found`` is what was seen, ``hint`` what to do about it."""

    name: str
    verdict: Verdict
    found: str
    hint: str = ""
