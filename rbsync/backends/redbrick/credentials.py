"""The API key: where it comes from, and a value that does not show it."""

from __future__ import annotations

import configparser
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

from rbsync.backends.redbrick.constants import KEY_LENGTH
from rbsync.backends.redbrick.redaction import conceal
from rbsync.errors import BackendError

VARIABLE = "RBSYNC_API_KEY"
PROFILE_VARIABLE = "REDBRICK_PROFILE"
COMMAND_SECONDS = 60.0
_FOLDER = ".redbrickai"
_FILE = "credentials"
_DEFAULT = "default"
_HINT = f"set {VARIABLE}, or save a profile with the service's own client"


class ApiKey:
    """An API key that is of the right length; only ``reveal`` shows it.

    Raises BackendError, of kind ``auth``, for another length.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        conceal(self._value)
        if len(self._value) != KEY_LENGTH or not self._value.isascii():
            found = f"{len(self._value)} characters"
            message = f"the API key must have {KEY_LENGTH} characters; this one has {found}"
            raise _refused(message, "copy it again from the service's page of API keys")

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "ApiKey(…)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("an API key is not to be written down")


class Credentials(NamedTuple):
    """A key and where it was found; a profile also says for which organization and service."""

    key: ApiKey
    source: str
    org_id: str = ""
    url: str = ""


def read_credentials(
    *,
    profile: str = "",
    command: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> Credentials:
    """The key from the environment, else the vendor's credentials file, else a command.

    ``profile`` names a section of the file, instead of ``REDBRICK_PROFILE`` or the file's own
    default; ``command`` is an argument list that prints the key. Raises BackendError of kind
    ``auth`` when there is none, or the one that is asked for cannot be used.
    """
    if environment.get(VARIABLE):
        return Credentials(ApiKey(environment[VARIABLE]), VARIABLE)
    wanted = profile or environment.get(PROFILE_VARIABLE, "")
    found = _from_file(wanted, environment)
    if found is not None:
        return found
    if wanted:
        raise _refused(f'there is no profile "{wanted}" in the credentials file', _HINT)
    if command:
        return Credentials(ApiKey(_run(command)), command[0])
    raise _refused("there is no API key", _HINT)


def _from_file(wanted: str, environment: Mapping[str, str]) -> Credentials | None:
    """The vendor's format: one section a profile, and ``[default]`` names one of them."""
    for path in _files(environment):
        parser = configparser.RawConfigParser(default_section="")
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_file(file)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, configparser.Error) as error:
            # The parser's message quotes the line, which may be the one with the key.
            raise _refused(f"{_FOLDER}/{_FILE} cannot be read ({type(error).__name__})") from None
        name = wanted or parser.get(_DEFAULT, "profile", fallback="")
        if name != _DEFAULT and parser.has_section(name):
            return _profile(name, parser[name])
    return None


def _files(environment: Mapping[str, str]) -> Iterator[str]:
    """Where the vendor's client keeps the file: in the virtual environment, else at home."""
    for folder in (environment.get("VIRTUAL_ENV", ""), os.path.expanduser("~")):
        if folder and os.path.isdir(folder):
            yield os.path.join(folder, _FOLDER, _FILE)


def _profile(name: str, section: Mapping[str, str]) -> Credentials:
    if section.get("type", "apikey") != "apikey":
        hint = "make a profile with an API key, and name it with --profile"
        raise _refused(f'the profile "{name}" has a session instead of an API key', hint)
    if not section.get("key"):
        raise _refused(f'the profile "{name}" has no key', _HINT)
    return Credentials(
        ApiKey(section["key"]),
        f"profile {name}",
        section.get("org", "").lower(),
        section.get("url", "").rstrip("/"),
    )


def _run(command: Sequence[str]) -> str:
    """The first line that a command prints; what it says on standard error is for the user."""
    try:
        done = subprocess.run(  # noqa: S603  (the user's own command, without a shell)
            list(command), stdout=subprocess.PIPE, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise _refused(f"`{command[0]}` printed no API key in {COMMAND_SECONDS:.0f} s") from None
    except OSError as error:
        raise _refused(f"`{command[0]}` cannot be run: {error.strerror or error}") from None
    if done.returncode:
        raise _refused(f"`{command[0]}` ended with exit code {done.returncode}")
    return done.stdout.decode(errors="replace").strip().partition("\n")[0]


def _refused(message: str, hint: str = "") -> BackendError:
    return BackendError(message, kind="auth", hint=hint)
