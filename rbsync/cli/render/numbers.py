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


def rough(count: float) -> str:
    """A number with three digits that count: ``0.25``, ``41.7``, ``1,490``, ``23,100``."""
    digits = max(0, len(f"{count:.0f}") - 3)
    return f"{count:.3g}" if count < 100 else f"{round(count, -digits):,.0f}"


def plural(count: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 file``, ``1,200 files``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """A time that has gone by, in its largest unit: ``90 s``, ``3 min``, ``2 h``, ``5 days``."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
