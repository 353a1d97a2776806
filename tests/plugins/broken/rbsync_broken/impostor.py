"""Offers what is no plug-in."""

from typing import Any

command = "rm -rf"


class Unlike:
    """No source."""


def __getattr__(name: str) -> Any:
    raise SystemExit(f"there is no {name}")
