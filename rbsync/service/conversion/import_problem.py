"""The reasons that a task cannot be imported."""

from __future__ import annotations

from typing import Any, NoReturn


class NotConvertibleError(Exception):
    """The message names the place in the task."""


def refuse(place: str, message: str) -> NoReturn:
    """Raises NotConvertibleError."""
    raise NotConvertibleError(f"{place}: {message}")


def strings(value: Any, place: str) -> list[str]:
    """One string or a list of them."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) and one for one in found):
        refuse(place, "must be a string or a list of strings")
    return found


def members(value: Any, place: str) -> dict[str, Any]:
    """An object; null is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        refuse(place, "must be an object")
    return value


def objects(value: Any, place: str) -> list[dict[str, Any]]:
    """A list of objects, or one; null is an empty list."""
    if value is None:
        return []
    found = [value] if isinstance(value, dict) else value
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        refuse(place, "must be a list of objects")
    return found
