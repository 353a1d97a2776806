"""Numbers as people read them."""

from __future__ import annotations

UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(count: float) -> str:
    """Bytes: ``4.2 GiB``."""
    for unit in UNITS:
        if count < 1024 or unit == UNITS[-1]:
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 file``, ``1,200 files``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
