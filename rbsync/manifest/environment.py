"""Replaces ``${NAME}`` and ``${NAME:-default}`` in a document's values; ``$$`` is one dollar."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from rbsync.manifest.plain import Plain
from rbsync.manifest.positions import Path
from rbsync.model.fingerprint import Algorithm, digest

_REFERENCE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|(\{))")


Refusal = Literal["", "not-allowed", "secret"]
"""Why a variable may not be read; empty when it may."""


class Missing(NamedTuple):
    """A value that could not be filled; ``name`` is empty where it was not to be understood.

    ``refused`` says why the variable may not be read, and is empty where it is not set.
    """

    path: Path
    name: str
    refused: Refusal = ""


class Filled(NamedTuple):
    """A document's value with its variables replaced.

    ``used`` has what each reference became. Values that could not be filled are as written.
    """

    value: Any
    used: dict[str, str]
    missing: tuple[Missing, ...]

    def meaning(self, algorithm: Algorithm) -> str:
        """The identity of what is said, wherever in the text that stands.

        Comments, blank lines and quotes that change nothing are no part of it. The order of keys
        is.
        """
        return digest(json.dumps(_typed(self.value), separators=(",", ":")).encode(), algorithm)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return ["{", *([key, _typed(member)] for key, member in value.items())]
    if isinstance(value, list):
        return ["[", *map(_typed, value)]
    # `1` is a number where a place takes one, and `"1"` is text.
    return ["plain", value] if isinstance(value, Plain) else value


def any_variable(_name: str, _value: str) -> Refusal:
    """Refuses nothing."""
    return ""


def fill(
    value: Any,
    environ: Mapping[str, str],
    refusal: Callable[[str, str], Refusal] = any_variable,
) -> Filled:
    """Replace the variables in all text values, never in keys.

    What has none is not copied. A default counts where the variable is not set or empty.
    ``refusal`` says of a name and its value why it may not be read; then no default counts, as
    nothing of the variable shall be seen, not even that it is set.
    """
    filler = _Filler(environ, refusal)
    filled = filler.fill(value, ())
    return Filled(filled, filler.used, tuple(filler.missing))


class _Filler:
    def __init__(self, environ: Mapping[str, str], refusal: Callable[[str, str], Refusal]) -> None:
        self._environ = environ
        self._refusal = refusal
        self.used: dict[str, str] = {}
        self.missing: list[Missing] = []

    def fill(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return self._text(value, path) if "$" in value else value
        if isinstance(value, dict):
            return self._members(value, value.items(), path)
        if isinstance(value, list):
            return self._members(value, enumerate(value), path)
        return value

    def _members(self, value: Any, members: Any, path: Path) -> Any:
        changed = {}
        for step, member in members:
            # Most values have no variable, and a list of datapoints has millions: nothing is called
            # for these.
            if member.__class__ is str and "$" not in member:
                continue
            filled = self.fill(member, (*path, step))
            if filled is not member:
                changed[step] = filled
        if not changed:
            return value
        copy = value.copy()
        for step, filled in changed.items():
            copy[step] = filled
        return copy

    def _text(self, text: str, path: Path) -> str:
        before = len(self.missing)
        filled = _REFERENCE.sub(lambda found: self._reference(found, path), text)
        # A half-filled value would show what one of its variables holds.
        return text if len(self.missing) > before else filled

    def _reference(self, found: re.Match[str], path: Path) -> str:
        reference = found.group()
        name, default, unclosed = found.groups()
        if reference == "$$":
            return "$"
        # A default with a reference inside would end at the first brace and leave the rest as text.
        if unclosed or "${" in (default or ""):
            self.missing.append(Missing(path, ""))
            return reference
        value = self._environ.get(name)
        # Before anything is made of the value, also of a missing one: the answer for a name must
        # not tell if it is set.
        refused = self._refusal(name, value or "")
        if refused:
            self.missing.append(Missing(path, name, refused))
            return reference
        # As in a shell, `:-` counts an empty variable as one that is not set: CI services hand an
        # unset secret on as empty.
        if not value and default is not None:
            value = default
        if value is None:
            self.missing.append(Missing(path, name))
            return reference
        self.used[reference] = value
        return value
