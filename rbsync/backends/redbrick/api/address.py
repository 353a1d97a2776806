"""Which URLs rbsync talks to: the service's, as its own client would rewrite it, and no other."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from rbsync.backends.redbrick.api.constants import DEFAULT_URL
from rbsync.backends.redbrick.http.redaction import redact
from rbsync.errors import Problem, UserError
from rbsync.trust.hosts import LOOPBACK

_HTTPS_HINT = "write https://; only localhost, 127.0.0.1 and [::1] may be spoken to without it"
_NAME_HINT = "write a name with other letters in its form with xn--"
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")


class Address(NamedTuple):
    """``endpoint`` is where operations are posted to, ``host`` the service's name."""

    endpoint: str
    host: str

    @property
    def is_local(self) -> bool:
        return self.host in LOOPBACK


def read_address(url: str) -> Address:
    """The address that a URL in a manifest means.

    As the service's own client has it: all in lower case, the path kept for a service on this
    machine or below amazonaws.com, and ``/api`` for any other host but the service's own.
    Raises UserError for what is no address of a service, or not a safe one.
    """
    # The service's own client writes the whole URL in lower case. A manifest whose URL differs in
    # one letter would otherwise be another service for the state, and be created twice.
    given = url.strip().lower() or DEFAULT_URL
    parts = _split(given if "://" in given else f"https://{given}")
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise _bad(url, "it is not an https URL", _HTTPS_HINT)
    # A password in a manifest would stand in the repository, in messages and in the state's target.
    if "@" in parts.netloc:
        raise _bad(url, "it has a user name in it", "the API key is given apart from the URL")
    if not _HOST.fullmatch(host):
        raise _bad(url, "its host has characters that no host name has", _NAME_HINT)
    if parts.query or parts.fragment:
        raise _bad(url, "it has a query", "give the URL without what follows ? or #")
    return Address(f"{parts.scheme}://{parts.netloc}{_path(parts, host)}/graphql/", host)


def is_same_service(one: str, other: str) -> bool:
    """Tells whether two URLs mean the same service, however they are written."""
    try:
        return read_address(one) == read_address(other)
    except UserError:
        return False


def is_local(url: str) -> bool:
    """Tells whether a URL means a service on this machine, on whatever port."""
    try:
        return read_address(url).is_local
    except UserError:
        return False


def hosts_named(one: str, other: str) -> tuple[str, str]:
    """Returns names that tell two services apart: hosts, with ports where these differ alone."""
    first, second = map(_origin, (one, other))
    if first.hostname and second.hostname and first.hostname != second.hostname:
        return first.hostname, second.hostname
    return f"{first.scheme}://{first.netloc}", f"{second.scheme}://{second.netloc}"


def _origin(url: str) -> SplitResult:
    try:
        return urlsplit(read_address(url).endpoint)
    except UserError:
        return SplitResult("", redact(url), "", "", "")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise _bad(url, "it has no host, or a wrong port")


def _path(parts: SplitResult, host: str) -> str:
    if host == urlsplit(DEFAULT_URL).hostname:
        return ""
    if host in LOOPBACK or host.endswith(".amazonaws.com"):
        return parts.path.rstrip("/")
    return "/api"


def _bad(url: str, why: str, hint: str = "") -> UserError:
    return UserError([Problem("backend-url", f"`{redact(url)}` cannot be used: {why}", hint=hint)])


def is_safe_upload(url: str, service: Address) -> bool:
    """Tells whether bytes may be sent to a presigned URL: over TLS, or all on this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    # A service on the network that hands out a URL of this machine would have the file sent to
    # whatever listens here.
    return parts.scheme == "http" and parts.hostname in LOOPBACK and service.is_local
