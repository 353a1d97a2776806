"""Keep secrets out of all text: the one place that knows what they look like."""

from __future__ import annotations

import logging
import re
import threading

GONE = "…"
# A filter acts only on what is logged to its own logger, not on what passes through it.
LOGGERS = (
    "requests",
    "urllib3",
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
    "urllib3.util.ssl_",
    "urllib3.util.connection",
)

# A secret of a few letters would take parts out of ordinary words, and so tell what it is.
_SHORTEST = 8
_secrets: set[str] = set()
_lock = threading.Lock()

_USERINFO = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/?#@\"'<>]+@", re.IGNORECASE)
_QUERY = re.compile(r"(/[^\s?\"'<>\\]*)\?[^\s\"'<>\\]+")
_SIGNED = re.compile(
    r"\b(x-(?:amz|goog)-[\w-]+|signature|sig|awsaccesskeyid|googleaccessid|key-pair-id)"
    r"(=|%3D)[^\s&\"'<>\\]+",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\b((?:x-)?api[-_]?key|(?:proxy-)?authorization|(?:access|refresh|id)_token)"
    r"([\"']?\s*[:=,]\s*b?[\"']?)(?:(?:bearer|basic|token)\s+)?[^\s\"',;\\]{8,}",
    re.IGNORECASE,
)


def conceal(secret: str) -> None:
    """Remembers a secret, so that it is taken out of any text from now on."""
    if len(secret) >= _SHORTEST:
        with _lock:
            _secrets.add(secret)


def redact(text: str) -> str:
    """The text without keys, tokens, passwords in URLs and the queries of URLs.

    All queries go: whoever has the one of a presigned URL may use it.
    """
    for secret in tuple(_secrets):
        text = text.replace(secret, GONE)
    # Known secrets first, then everything that has the form of one: a URL in an answer is seen here
    # for the first time.
    text = _USERINFO.sub(rf"\1{GONE}@", text)
    text = _QUERY.sub(rf"\1?{GONE}", text)
    text = _SIGNED.sub(rf"\1\2{GONE}", text)
    return _HEADER.sub(rf"\1\2{GONE}", text)


class _Redacting(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        # The arguments are merged first: a URL that is split over two of them would pass.
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        return True


_FILTER = _Redacting()


def guard_logs() -> None:
    """Redacts whatever the HTTP libraries log, at any level."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
