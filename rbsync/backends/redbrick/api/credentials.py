"""The API key: where it comes from, and a value that does not show it."""

from __future__ import annotations

import configparser
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, NoReturn

from rbsync.backends.redbrick.api.address import is_local, is_same_service
from rbsync.backends.redbrick.api.constants import DEFAULT_URL, KEY_LENGTH
from rbsync.backends.redbrick.http.redaction import conceal, redact
from rbsync.errors import BackendError
from rbsync.trust import Trust
from rbsync.trust.config import command_of

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
_SESSION_HINT = (
    f"make a key on the service's page of API keys and set {VARIABLE}; the rest is in the profile"
)


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


class Bound(NamedTuple):
    """The place a key may go to: one service, and perhaps one organization only.

    ``source`` is where the key comes from. ``said_by`` says who named the service: where nobody
    did it is the vendor's, or that of a login by browser, and one on this machine is as good.
    ``is_profile`` says that the key is that of a profile.
    """

    url: str
    org_id: str
    source: str
    said_by: Literal["nobody", "login", "profile", "user"]
    is_profile: bool = False

    def is_for(self, url: str) -> bool:
        """Tells whether the key may be sent to the service at a URL."""
        return is_same_service(self.url, url) or (
            is_local(url) and self.said_by in ("nobody", "login")
        )


class Credentials(NamedTuple):
    """A key, and what it is for."""

    key: ApiKey
    bound: Bound

    @property
    def source(self) -> str:
        return self.bound.source

    @property
    def org_id(self) -> str:
        return self.bound.org_id

    @property
    def url(self) -> str:
        return self.bound.url


class _Profile(NamedTuple):
    name: str
    section: Mapping[str, str]

    @property
    def is_session(self) -> bool:
        """Tells whether it is a login by browser: it names the service, and has no key."""
        return self.section.get("type", "apikey") == "session"

    @property
    def url(self) -> str:
        return self.section.get("url", "").strip().rstrip("/")


def bound_to(trust: Trust, environment: Mapping[str, str] = os.environ) -> Bound:
    """The service that the key is for. Reads no key, and runs nothing.

    A key whose profile names no service is for that of the trusted side, else the vendor's.
    """
    if environment.get(VARIABLE) and not trust.profile:
        return _beside_login("API key", trust.url, trust.org_id, environment)
    try:
        profile = _chosen(trust.profile, environment)
    except BackendError:
        # It is told when the key is wanted, and until then there is none to be sent anywhere.
        profile = None
    source = "API key" if profile is None or profile.is_session else ""
    return _bound(source, trust.url, trust.org_id, profile)


def read_credentials(
    *,
    profile: str = "",
    command: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
    url: str = "",
    org_id: str = "",
) -> Credentials:
    """The key of ``profile``, else the environment's, the vendor's credentials file's, a command's.

    ``profile`` names a section of the file. ``REDBRICK_PROFILE`` does so too, or the file's own
    default, where the environment has no key; ``command`` is an argument list that prints the
    key. The key is for the service at ``url`` and for an organization, where its profile does not
    name others. Raises BackendError of kind ``auth`` when there is none, or the one that is asked
    for cannot be used.
    """
    # What was said on the command line wins over what a shell happens to have set.
    if environment.get(VARIABLE) and not profile:
        key = ApiKey(environment[VARIABLE])
        return Credentials(key, _beside_login(VARIABLE, url, org_id, environment))
    try:
        chosen = _chosen(profile, environment)
    except _NoProfileError as error:
        if error.is_asked_for or not command:
            raise
        chosen = None
    source, key = _key_beside(chosen, environment, command)
    return Credentials(key, _bound(source, url, org_id, chosen))


def _key_beside(
    chosen: _Profile | None, environment: Mapping[str, str], command: Sequence[str]
) -> tuple[str, ApiKey]:
    """The key of a profile, and what else it is of: a login has none, and takes any."""
    if chosen is not None and not chosen.is_session:
        return "", _profile_key(chosen)
    if environment.get(VARIABLE):
        return VARIABLE, ApiKey(environment[VARIABLE])
    if command:
        return command[0], ApiKey(_run(command))
    if chosen is None:
        raise _refused("there is no API key", _HINT)
    message = (
        f'the profile "{chosen.name}" is a login by browser: it names the service and the '
        "organization, and has no API key"
    )
    raise _refused(message, _SESSION_HINT)


def key_for(credentials: Credentials, url: str, org_id: str) -> ApiKey:
    """The key, to be sent to the service at ``url`` for an organization.

    Raises BackendError of kind ``auth`` when it is for another service or organization.
    """
    bound = credentials.bound
    source = f"the {bound.source} is for"
    # A manifest from a stranger may name a service of theirs. The key was given for another one
    # and stays here.
    if not bound.is_for(url):
        message = f"{source} {redact(bound.url)}, and the manifest names {redact(url)}"
        raise _refused(message, _OTHER_HINT)
    if bound.org_id and bound.org_id != org_id.lower():
        message = f"{source} the organization {bound.org_id}, and the manifest names {org_id}"
        raise _refused(message, _OTHER_HINT)
    return credentials.key


def saved_keys(environment: Mapping[str, str]) -> frozenset[str]:
    """All keys of the vendor's files, so that nothing else is taken for what is one of them."""
    try:
        found = [parser for _, parser in _files(environment)]
    except BackendError:
        return frozenset()
    sections = (parser[name] for parser in found for name in parser.sections())
    return frozenset(one["key"].strip() for one in sections if one.get("key"))


class _NoProfileError(BackendError):
    """There is no such profile. ``is_asked_for`` says that it was named outside of the file."""

    def __init__(self, message: str, *, is_asked_for: bool) -> None:
        super().__init__(message, kind="auth", hint=_HINT)
        self.is_asked_for = is_asked_for


def _beside_login(source: str, url: str, org_id: str, environment: Mapping[str, str]) -> Bound:
    """The place of the environment's key: where nobody names one, that of the default login.

    Its organization binds nothing: a login is of one person, and such a key may be of another.
    """
    try:
        found = _chosen("", environment)
    except BackendError:
        # Whoever gives the key needs no profile, and none that is right.
        found = None
    if url or found is None or not found.is_session or not found.url:
        return _bound(source, url, org_id)
    return Bound(found.url, org_id, f"{source} of profile {found.name}", "login")


def _chosen(profile: str, environment: Mapping[str, str]) -> _Profile | None:
    """The profile that is asked for, by name or as the default; None when there is none."""
    wanted = profile or environment.get(PROFILE_VARIABLE, "")
    absent = ""
    for shown, parser in _files(environment):
        name = wanted or parser.get(_DEFAULT, "profile", fallback="")
        # `[default]` names a profile and is none: a profile that is called so would be its own
        # name.
        if name != _DEFAULT and parser.has_section(name):
            return _Profile(name, parser[name])
        if name and not absent:
            absent = f'[default] of {shown} names the profile "{name}", which is not in it'
    if wanted:
        message = f'there is no profile "{wanted}" in the credentials file'
        raise _NoProfileError(message, is_asked_for=True)
    if absent:
        raise _NoProfileError(absent, is_asked_for=False)
    return None


def _bound(source: str, url: str, org_id: str, profile: _Profile | None = None) -> Bound:
    if profile is not None:
        org_id = profile.section.get("org", "").lower() or org_id
        source = f"{source} of profile {profile.name}" if source else f"profile {profile.name}"
        if profile.url:
            return Bound(profile.url, org_id, source, "profile", is_profile=True)
    said_by: Literal["user", "nobody"] = "user" if url else "nobody"
    return Bound(url or DEFAULT_URL, org_id, source, said_by, is_profile=profile is not None)


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


def _profile_key(profile: _Profile) -> ApiKey:
    name, section = profile
    if section.get("key"):
        return ApiKey(section["key"])
    if not section.get("api_key_command"):
        raise _refused(f'the profile "{name}" has no key', _HINT)
    try:
        return ApiKey(_run(command_of(section["api_key_command"])))
    except ValueError as error:
        raise _refused(f'the `api_key_command` of the profile "{name}": {error}') from None


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
