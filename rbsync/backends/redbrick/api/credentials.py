"""The API key: where it comes from, and a value that does not show it."""

from __future__ import annotations

import configparser
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, NoReturn

from rbsync.backends.redbrick.api.address import is_same_service
from rbsync.backends.redbrick.api.constants import KEY_LENGTH
from rbsync.backends.redbrick.http.redaction import conceal, redact
from rbsync.errors import BackendError

VARIABLE = "RBSYNC_API_KEY"
PROFILE_VARIABLE = "REDBRICK_PROFILE"
COMMAND_SECONDS = 60.0
_FOLDER = ".redbrickai"
_FILE = "credentials"
_DEFAULT = "default"
ODD_CHARACTERS = "characters that no key has, such as letters with accents"
_COPY_HINT = "copy it again from the service's page of API keys"
_OTHER_HINT = "choose another profile with --profile, or correct the manifest"
_HINT = f"set {VARIABLE}, or save a profile with the service's own client"


def is_sendable(key: str) -> bool:
    """Tells whether a key can stand in a header, and mean the same to everybody who reads it."""
    return key.isascii() and key.isprintable()


class ApiKey:
    """An API key that is of the right length; only ``reveal`` shows it.

    Raises BackendError, of kind ``auth``, for another length and for characters of no key.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        # Before the check, so that a key of the wrong length appears in no message either.
        conceal(self._value)
        if len(self._value) != KEY_LENGTH:
            found = f"{len(self._value)} characters"
            message = f"the API key must have {KEY_LENGTH} characters; this one has {found}"
            raise _refused(message, _COPY_HINT)
        if not is_sendable(self._value):
            raise _refused(f"the API key has {ODD_CHARACTERS}", _COPY_HINT)

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "ApiKey(…)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        # Pickling is how values reach other processes and caches on disk.
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
    """The key of ``profile``, else the environment's, the vendor's credentials file's, a command's.

    ``profile`` names a section of the file. ``REDBRICK_PROFILE`` does so too, or the file's own
    default, where the environment has no key; ``command`` is an argument list that prints the
    key. Raises BackendError of kind ``auth`` when there is none, or the one that is asked for
    cannot be used.
    """
    # What was said on the command line wins over what a shell happens to have set.
    if environment.get(VARIABLE) and not profile:
        return Credentials(ApiKey(environment[VARIABLE]), VARIABLE)
    wanted = profile or environment.get(PROFILE_VARIABLE, "")
    absent = ""
    for shown, parser in _files(environment):
        name = wanted or parser.get(_DEFAULT, "profile", fallback="")
        # `[default]` names a profile and is none: a profile that is called so would be its own
        # name.
        if name != _DEFAULT and parser.has_section(name):
            return _profile(name, parser[name])
        if name and not absent:
            absent = f'[default] of {shown} names the profile "{name}", which is not in it'
    if wanted:
        raise _refused(f'there is no profile "{wanted}" in the credentials file', _HINT)
    if command:
        return Credentials(ApiKey(_run(command)), command[0])
    raise _refused(absent or "there is no API key", _HINT)


def key_for(credentials: Credentials, url: str, org_id: str) -> ApiKey:
    """The key, to be sent to the service at ``url`` for an organization.

    Raises BackendError of kind ``auth`` when its profile is for another service or organization.
    """
    source = f"the {credentials.source} is for"
    # A manifest from a stranger may name a service of theirs. The key of the profile was given for
    # another one and stays here.
    if credentials.url and not is_same_service(credentials.url, url):
        message = f"{source} {redact(credentials.url)}, and the manifest names {redact(url)}"
        raise _refused(message, _OTHER_HINT)
    if credentials.org_id and credentials.org_id != org_id.lower():
        message = f"{source} the organization {credentials.org_id}, and the manifest names {org_id}"
        raise _refused(message, _OTHER_HINT)
    return credentials.key


def _files(environment: Mapping[str, str]) -> Iterator[tuple[str, configparser.RawConfigParser]]:
    """The vendor's files, each with how it is called: in the virtual environment, then at home.

    One section a profile, and ``[default]`` names one of them.
    """
    folders = (("$VIRTUAL_ENV", environment.get("VIRTUAL_ENV", "")), ("~", os.path.expanduser("~")))
    for name, folder in folders:
        if not os.path.isdir(folder):
            continue
        shown = f"{name}/{_FOLDER}/{_FILE}"
        parser = configparser.RawConfigParser(default_section="")
        try:
            # Windows' editors put a byte order mark in front.
            with open(os.path.join(folder, _FOLDER, _FILE), encoding="utf-8-sig") as file:
                parser.read_file(file)
        except FileNotFoundError:
            continue
        except (OSError, ValueError, configparser.Error) as error:
            # The parser's message quotes the line, which may be the one with the key.
            raise _refused(f"{shown} cannot be read ({type(error).__name__})") from None
        yield shown, parser


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
    # Password managers print hints after the secret.
    return done.stdout.decode(errors="replace").strip().partition("\n")[0]


def _refused(message: str, hint: str = "") -> BackendError:
    return BackendError(message, kind="auth", hint=hint)
