"""The one redirect that is followed: that of a bucket to the region that it is in."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from rbsync.backends.redbrick.http.transport import Reply

# S3 answers so, for hours after a bucket was made, to uploads that go to the global host.
_ELSEWHERE = (307, 308)
_S3 = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-][a-z0-9.-]+?)?\.(?P<domain>amazonaws\.com(?:\.cn)?)"
)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class _Place(NamedTuple):
    """The provider, the bucket and the key that a URL of a storage is for."""

    domain: str
    bucket: str
    key: str


def elsewhere(url: str, reply: Reply) -> str | None:
    """The address that a storage redirects an upload to, where it may be followed.

    It is followed over https alone, to the same object of the same bucket at the same provider:
    whoever could redirect it elsewhere would be sent a patient's images.
    """
    if reply.status not in _ELSEWHERE:
        return None
    target = reply.headers.get("Location") or ""
    try:
        old, new = urlsplit(url), urlsplit(target)
        is_same = _place(old) == _place(new)
    except ValueError:
        return None
    is_safe = new.scheme == "https" or (_is_here(old) and _is_here(new))
    return target if is_same and is_safe and not (new.username or new.password) else None


def _is_here(url: SplitResult) -> bool:
    # What `rbsync serve` answers here without TLS no other machine gets to see.
    return url.hostname in _LOOPBACK and url.scheme == "http"


def _place(url: SplitResult) -> _Place:
    """Raises ValueError for what is no address of a storage that has regions."""
    host = url.hostname or ""
    if _is_here(url):
        return _Place("loopback", "", url.path)
    found = _S3.fullmatch(host)
    if not found:
        raise ValueError(host)
    path = url.path.lstrip("/")
    if found["bucket"]:
        return _Place(found["domain"], found["bucket"], path)
    bucket, _, key = path.partition("/")
    return _Place(found["domain"], bucket, key)
