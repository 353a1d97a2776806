"""The user's own configuration: ``$XDG_CONFIG_HOME/rbsync/config.toml``."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rbsync.errors import Location, Problem, UserError

_PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")
# Bytes. A device, or a log that somebody linked here, must not be read to its end.
_MOST = 1 << 20


class Config(NamedTuple):
    """The contents of the file; ``path`` is where it is, or would be."""

    path: str = ""
    api_key_command: tuple[str, ...] = ()
    profile: str = ""
    url: str = ""
    org_id: str = ""
    state: str = ""
    executor: str = ""
    env: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    endpoints: Mapping[str, str] = {}
    allow_private_urls: bool = False
    max_pixels: int = 0
    max_labels: int = 0
    policy: Mapping[str, Any] = {}


def config_path(environ: Mapping[str, str]) -> str:
    """Returns the configuration's path; XDG_CONFIG_HOME counts where it is absolute."""
    folder = environ.get("XDG_CONFIG_HOME", "")
    # A relative one would mean another folder wherever rbsync is run.
    if not os.path.isabs(folder):
        folder = os.path.join(environ.get("HOME") or os.path.expanduser("~"), ".config")
    return os.path.join(folder, "rbsync", "config.toml")


def read_config(environ: Mapping[str, str]) -> Config:
    """Reads the configuration; one that is not there says nothing.

    Raises UserError with all its problems, each with its line.
    """
    path = config_path(environ)
    try:
        with open(path, "rb") as file:
            data = file.read(_MOST)
    except (FileNotFoundError, NotADirectoryError):
        return Config(path)
    except OSError as error:
        message = f"it cannot be read: {error.strerror or error}"
        raise UserError([Problem("config", message, Location(path))]) from None
    text = _text(data, path)
    return _Reader(path, text).read(_parsed(text, path))


def _text(data: bytes, path: str) -> str:
    try:
        # Editors on Windows begin files with a mark, which is no TOML.
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UserError([Problem("config", "it is not UTF-8", Location(path, line, 1))]) from None


def _parsed(text: str, path: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        last = text.rstrip("\n").split("\n")
        line, column = found.groups() if found else (None, None)
        place = Location(path, int(line or len(last)), int(column or len(last[-1]) + 1))
        message = f"this is no TOML: {_PLACE.sub('', str(error))}"
        raise UserError([Problem("config", message, place)]) from None


class _Reader:
    """Takes values out of a parsed file and gathers what is wrong with them."""

    def __init__(self, path: str, text: str) -> None:
        self._path, self._lines = path, text.split("\n")
        self._problems: list[Problem] = []

    def read(self, values: dict[str, Any]) -> Config:
        found = {key: self._value(key, value) for key, value in values.items()}
        if self._problems:
            raise UserError(self._problems)
        return Config(self._path, **found)

    def _value(self, key: str, value: Any) -> Any:
        check = _KEYS.get(key)
        if check is None:
            # Loaded by those who misspelt something, and by nobody else.
            import difflib

            near = difflib.get_close_matches(key, _KEYS, n=1)
            guess = f"; did you mean `{near[0]}`?" if near else ""
            hint = "" if near else f"known here: {', '.join(_KEYS)}"
            self._wrong(key, f"unknown key `{key}`{guess}", hint)
            return None
        try:
            return check(value)
        except ValueError as error:
            self._wrong(key, f"`{key}`: {error}")
            return None

    def _wrong(self, key: str, message: str, hint: str = "") -> None:
        self._problems.append(Problem("config", message, self._place(key), hint))

    def _place(self, key: str) -> Location:
        """Returns where a key of the file's top level stands: TOML's own reader does not tell."""
        begins = re.compile(rf"""\s*(?:\[+\s*)?(["']?){re.escape(key)}\1\s*[=.\]]""")
        for number, line in enumerate(self._lines, 1):
            if begins.match(line):
                return Location(self._path, number, len(line) - len(line.lstrip()) + 1)
        return Location(self._path, 1, 1)


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError('expected a list of texts, such as ["a", "b"]')
    return tuple(value)


def command_of(value: Any) -> tuple[str, ...]:
    """A command and its arguments, from a list, or from one text as a shell would split it.

    Raises ValueError.
    """
    words = tuple(shlex.split(value)) if isinstance(value, str) else _words(value)
    if not words:
        raise ValueError("expected a command and its arguments")
    return words


def _text_of(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("expected text")
    return value.strip()


def _switch(value: Any) -> bool:
    # To Python the text "false" is true.
    if not isinstance(value, bool):
        raise ValueError("expected true or false")
    return value


def number_of(value: Any) -> int:
    """A whole number from 1 on. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("expected a whole number, such as 268435456")
    return value


def _folders(value: Any) -> tuple[str, ...]:
    folders = tuple(map(os.path.expanduser, _words(value)))
    # A relative folder would allow another one from each place that rbsync is run in.
    for one in folders:
        if not os.path.isabs(one):
            raise ValueError(f"`{one}` is not absolute: begin it with / or ~")
    return folders


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("expected a table, [policy]")
    return value


def _endpoints(value: Any) -> Mapping[str, str]:
    known = ("s3", "gs", "az")
    if not isinstance(value, dict) or not set(value) <= {*known}:
        raise ValueError("expected a table, [endpoints], of s3, gs and az")
    return {key: _text_of(one) for key, one in value.items()}


_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "api_key_command": command_of,
    "profile": _text_of,
    "url": _text_of,
    "org_id": _text_of,
    "state": _text_of,
    "executor": _text_of,
    "env": _words,
    "roots": _folders,
    "buckets": _words,
    "endpoints": _endpoints,
    "allow_private_urls": _switch,
    "max_pixels": number_of,
    "max_labels": number_of,
    "policy": _table,
}
