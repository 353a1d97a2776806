"""The answers of what stands before and behind the service, told apart from its own.

Source: the status pages of Cloudflare, AWS (load balancers, gateways, firewall, S3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from rbsync.model.outcome import REQUEST
from rbsync.reasons import FailureKind

_TRACES = ("cf-ray", "x-amz-request-id", "x-amzn-requestid", "apigw-requestid", "x-ms-request-id")
"""Headers by which those who run a service find a request again."""

_LOGIN_HINT = "ask who runs the network or the service to let this machine through"
_EDGE_HINT = "the service is behind Cloudflare, which did not get its answer; try again later"
_LATE_HINT = "it may have been done all the same; the project is asked before it is sent again"
_SIZE_HINT = "gateways take 10 MB at most: send fewer labels at a time"
_FEWER_HINT = "use fewer --jobs"
_SLOW_HINT = "the line is too slow for so many files at a time: use fewer --jobs"
_STORAGE_HINT = "the storage failed, and not the request: try again later"
_LARGEST_HINT = "a storage takes 5 GB in one request: send the file in parts, or by its address"
_CLOCK_HINT = "set this machine's clock: it differs by more than 15 minutes"
_REGION_HINT = "the bucket is in another region than its storage says: correct the storage's region"


class Meaning(NamedTuple):
    """``sent`` is False where the answer says that nothing was done."""

    kind: FailureKind
    sent: bool
    what: str
    hint: str = ""


# By their status alone: no service of its own has these.
_EDGES: dict[int, Meaning] = {
    460: Meaning("transient", True, "the load balancer lost us", _LATE_HINT),
    502: Meaning("transient", True, "the service failed, or its gateway did", _LATE_HINT),
    504: Meaning("transient", True, "the service did not answer its gateway in time", _LATE_HINT),
    520: Meaning("transient", True, "Cloudflare got an answer that is none", _EDGE_HINT),
    521: Meaning("transient", False, "Cloudflare was not let in by the service", _EDGE_HINT),
    522: Meaning("transient", False, "Cloudflare could not connect to the service", _EDGE_HINT),
    523: Meaning("transient", False, "Cloudflare does not find the service", _EDGE_HINT),
    524: Meaning("transient", True, "the service did not answer Cloudflare in time", _LATE_HINT),
    525: Meaning("transient", False, "Cloudflare has no TLS with the service", _EDGE_HINT),
    526: Meaning("transient", False, "Cloudflare does not trust the service", _EDGE_HINT),
    530: Meaning("transient", False, "Cloudflare does not reach the service", _EDGE_HINT),
}
_RATE = Meaning("throttled", False, "Cloudflare limits the rate of requests", _FEWER_HINT)
# Of no other class: the run goes on, nothing is sent again, and the next run tries once more.
_CHALLENGE = Meaning("quota", False, "Cloudflare wants a browser to answer", _LOGIN_HINT)
_FIREWALL = Meaning("quota", False, "a firewall or proxy refuses it, not the service", _LOGIN_HINT)
_TOO_LONG = Meaning("quota", False, "the request is too large for a gateway", _SIZE_HINT)
_RATE_CODE = b"1015"
_PAGE = re.compile(rb"\s*<(!doctype|html|head|body|title)", re.IGNORECASE)
_FIRST = 120
"""Bytes of a page that are shown: enough to know whose it is."""


def meaning_of_edge(status: int, headers: Mapping[str, str], body: bytes) -> Meaning | None:
    """The meaning of an answer that is not the service's own; None where it may be."""
    if headers.get("cf-mitigated"):
        return _CHALLENGE
    start = body[:2000]
    # Cloudflare has it as the text of a page, with a status that says less.
    if status in (403, 429, 530) and _RATE_CODE in start and b"error code" in start.lower():
        return _RATE
    if status == 413 or (status == 400 and b"Request Too Long" in start):
        return _TOO_LONG
    # A key that is not accepted is told in JSON. A page in HTML is that of whoever stands between.
    if status == 403 and _PAGE.match(start):
        return _FIREWALL
    return _EDGES.get(status)


def told_by(headers: Mapping[str, str], body: bytes) -> str:
    """Who answered, in short: its header, and the first words of a page."""
    server, page = headers.get("Server"), ""
    if _PAGE.match(body[:2000]):
        text = re.sub(rb"<(script|style).*?</\1>|<[^>]*>", b" ", body[:4000], flags=re.S | re.I)
        page = " ".join(text.decode(errors="replace").split())[:_FIRST]
    parts = [f"server: {server}" if server else "", f'page: "{page}"' if page else ""]
    return "; ".join(filter(None, parts))


def traced(headers: Mapping[str, str]) -> str:
    """The end of a message: the ids by which others find the request; empty where there are none.

    Behind all else, as it is another one for each of 2,000 requests that were refused alike.
    """
    trace = trace_of(headers)
    return f"{REQUEST}{trace}]" if trace else ""


def trace_of(headers: Mapping[str, str]) -> str:
    """The ids by which those who run a service find the request, empty where there are none."""
    return ", ".join(f"{name} {one}" for name in _TRACES if (one := headers.get(name)))


class StorageCode(NamedTuple):
    """The meaning of an error code of S3."""

    kind: FailureKind
    hint: str = ""


STORAGE_CODES: dict[str, StorageCode] = {
    "RequestTimeout": StorageCode("transient", _SLOW_HINT),
    "InternalError": StorageCode("transient", _STORAGE_HINT),
    "ServiceUnavailable": StorageCode("throttled", _FEWER_HINT),
    "SlowDown": StorageCode("throttled", _FEWER_HINT),
    "RequestTimeTooSkewed": StorageCode("transient", _CLOCK_HINT),
    "EntityTooLarge": StorageCode("quota", _LARGEST_HINT),
    "SignatureDoesNotMatch": StorageCode("transient", _REGION_HINT),
}
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")


def storage_code(body: bytes) -> str:
    """The error code in an answer of a storage, empty where there is none."""
    found = _CODE.search(body[:4000])
    return found[1].decode() if found else ""
