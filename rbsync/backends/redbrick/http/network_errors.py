"""The meaning of every failure of the network and of every bad answer, in one table."""

from __future__ import annotations

import math
import re
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http.client import HTTPException, IncompleteRead
from typing import TypedDict, Unpack

from urllib3.exceptions import (
    ConnectTimeoutError,
    DecodeError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from rbsync.backends.redbrick.http.intermediaries import (
    Meaning,
    meaning_of_edge,
    told_by,
    traced,
)
from rbsync.backends.redbrick.http.redaction import redact
from rbsync.errors import BackendError
from rbsync.reasons import FailureKind

NETWORK_ERRORS = (HTTPError, HTTPException, OSError)
_NETWORK_HINT = "check the network and the backend's `url`"
_TLS_HINT = "check the clock, and REQUESTS_CA_BUNDLE where a proxy has certificates of its own"
# An HTML page as a message would fill the terminal and the state.
_LONGEST = 1000


class DeniedError(BackendError):
    """The service answered in full, and the answer is an error or nothing.

    Whether it did something before it failed, only the project itself can tell. ``words`` are the
    service's own, and ``codes`` those beside them.
    """

    words = ""
    codes = ""


class TooLargeError(BackendError):
    """The answer is larger than somebody on the way takes; to ask for less helps, to wait not."""


def too_large(message: str) -> TooLargeError:
    """The error of an answer that is too large."""
    return TooLargeError(_clipped(redact(message)), sent=True)


class Facts(TypedDict, total=False):
    """The facts of a BackendError beside its message."""

    kind: FailureKind
    sent: bool
    answered: bool
    status: int | None
    retry_after: float | None
    hint: str
    misset: bool


def problem(message: str, **facts: Unpack[Facts]) -> BackendError:
    """A BackendError whose message has no secrets; ``facts`` are those of BackendError."""
    return BackendError(_clipped(redact(message)), **facts)


def denied(message: str, words: str = "", codes: str = "") -> DeniedError:
    """An answer that is complete, and an error or nothing; ``words`` are the service's own."""
    error = DeniedError(_clipped(redact(message)), sent=True, answered=True, status=200)
    error.words, error.codes = words, codes
    return error


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


# In this order: the specific before the general. A name that cannot be resolved is also a
# connection that cannot be made, and a timeout of a socket is also an OSError.
_TRANSPORT: tuple[tuple[type[Exception], str, str], ...] = (
    (NameResolutionError, "its name cannot be resolved", _NETWORK_HINT),
    (NewConnectionError, "nothing answers there", _NETWORK_HINT),
    (ConnectTimeoutError, "it cannot be reached in time", _NETWORK_HINT),
    (ProxyError, "the proxy does not let us through", "check HTTPS_PROXY and NO_PROXY"),
    (SSLError, "no secure connection", _TLS_HINT),
    (ssl.SSLError, "no secure connection", _TLS_HINT),
    (TimeoutError, "no answer in time", ""),
    (DecodeError, "the answer cannot be decompressed", ""),
    (IncompleteRead, "the connection broke", ""),
    (OSError, "the connection broke", ""),
    (HTTPException, "the answer is not HTTP", ""),
    (HTTPError, "the request failed", _NETWORK_HINT),
)

_MISSET = (NameResolutionError, ProxyError, SSLError, ssl.SSLError)


def transport_failure(error: Exception, host: str, *, sent: bool, late: bool) -> BackendError:
    """Returns what an exception of the HTTP library means; its own text, with URLs in it, is left
    out.
    """
    what, hint = next((what, hint) for kind, what, hint in _TRANSPORT if isinstance(error, kind))
    if late:
        what, hint = "no answer in time", ""
    misset = isinstance(error, _MISSET) and not late
    return problem(f"{host}: {what}{_cause(error)}", sent=sent, hint=hint, misset=misset)


_OF_PROXIES: dict[type[BaseException], str] = {
    NameResolutionError: "its own name cannot be resolved",
    NewConnectionError: "nothing answers at its address",
    ConnectTimeoutError: "it cannot be reached in time",
}
"""What is wrong with a proxy, and not with whom it leads to."""

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_UNKNOWN_USER = "407"


def _cause(error: BaseException | None) -> str:
    """Returns what is wrong with a certificate or a proxy, wherever in the exception it is said."""
    depth = 0
    # Exceptions may contain each other in a circle.
    while error is not None and depth < 5:
        if isinstance(error, ProxyError):
            error = error.original_error
            if said := _OF_PROXIES.get(type(error)):
                return f" ({said})"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f" ({error.verify_message})"
        if refused := _TUNNEL.search(str(error)):
            status = refused[1]
            more = ": it wants a user name and a password" if status == _UNKNOWN_USER else ""
            return f" (HTTP {status}{more})"
        inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else None
        error = getattr(error, "reason", None) or inner
        error = error if isinstance(error, BaseException) else None
        depth += 1
    return ""


_KEY_HINT = "check the API key, and that it may use this organization and project"
_SERVER = Meaning(
    "transient",
    True,
    "the service failed",
    "try again later, and check the key: it has also answered so to keys that it does not know",
)
_OTHER = Meaning("transient", True, "an answer that is not expected")
# Followed, a redirect would carry the key and the images to whatever host it names.
_REDIRECT = Meaning("transient", False, "a redirect, which is not followed", _NETWORK_HINT)

_ALSO_A_WRONG_KEY = 500
"""From a service that answered nothing yet, this is no outage: nobody waits ten minutes for a key
that is mistyped. Gateways say 502 and above of a service that is gone."""


STATUSES: dict[int, Meaning] = {
    # Refused by the request's form, before anything was done; a second attempt would be refused as
    # well.
    400: Meaning("invalid", False, "the request is refused"),
    401: Meaning("auth", False, "the key is not accepted", _KEY_HINT),
    403: Meaning("auth", False, "the key is not allowed to do this", _KEY_HINT),
    # Passing, since a gateway that restarts says so too. A wrong address says it four times and is
    # then reported.
    404: Meaning("transient", False, "there is no such service there", _NETWORK_HINT),
    405: Meaning("transient", False, "there is no such service there", _NETWORK_HINT),
    429: Meaning("throttled", False, "too many requests"),
    # Unlike 429, which is said before anything is done, this may come from a gateway whose back end
    # is still at work.
    503: Meaning("throttled", True, "the service is not available"),
}


def meaning_of(status: int) -> Meaning:
    """Returns what an HTTP status of the service's interface means; 200 is none of these."""
    if 300 <= status < 400:
        return _REDIRECT
    return STATUSES.get(status, _SERVER if status >= 500 else _OTHER)


def status_failure(
    status: int, host: str, headers: Mapping[str, str], *, body: bytes = b"", detail: str = ""
) -> BackendError:
    """The failure that an answer amounts to; ``detail`` is what it says.

    Where it is not the service's own, it says who answered.
    """
    found = meaning_of_edge(status, headers, body) or meaning_of(status)
    retry_after = headers.get("Retry-After")
    every = (" ".join(detail.split()), told_by(headers, body) if status >= 400 else "")
    more = "".join(f": {one}" for one in every if one)
    return problem(
        f"{host}: {found.what} (HTTP {status}){more}{traced(headers)}",
        kind=found.kind,
        sent=found.sent,
        status=status,
        retry_after=seconds_of(retry_after),
        hint=found.hint,
        misset=found.hint == _NETWORK_HINT or (found is _SERVER and status == _ALSO_A_WRONG_KEY),
    )


def seconds_of(retry_after: str | None) -> float | None:
    """The seconds that a Retry-After header asks for, in any of its forms; None for nonsense."""
    text = (retry_after or "").strip()
    # `float` alone takes "inf" and "1e999", and a run would wait for ever.
    if re.fullmatch(r"\d{1,12}(\.\d+)?", text):
        return float(text)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None
