"""The log on the terminal, on standard error."""

from __future__ import annotations

import logging
import sys

_FORM = "%(asctime)s %(message)s"


def log_requests() -> None:
    """Logs a line for each request to RedBrick's service, without key and signatures."""
    logging.basicConfig(stream=sys.stderr, format=_FORM)
    # Only ours: the HTTP library's own log has addresses with their signatures.
    logging.getLogger("rbsync").setLevel(logging.DEBUG)


def log_service(*, verbose: bool) -> None:
    """Logs what goes wrong in a service of our own, and with ``verbose`` each request to it."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, stream=sys.stderr, format=_FORM)
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL if level > logging.INFO else level)
