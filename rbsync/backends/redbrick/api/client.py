"""Ask the service: named operations, posted to its one endpoint in its compressed form."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from rbsync.backends.base import Reading, once
from rbsync.backends.redbrick.api.address import Address
from rbsync.backends.redbrick.api.answers import Node, read_answer
from rbsync.backends.redbrick.api.constants import DIALECT
from rbsync.backends.redbrick.api.credentials import ApiKey
from rbsync.backends.redbrick.http.intermediaries import traced
from rbsync.backends.redbrick.http.network_errors import TooLargeError, status_failure
from rbsync.backends.redbrick.http.transport import Reply, Transport

# For a whole request; the service itself gives up on one a little earlier.
SECONDS = 30.0

# Of compression: requests are small, and a better one costs more time than it saves.
_LEVEL = 1


class Operation(NamedTuple):
    """A query or mutation, by the name that the service knows it by."""

    name: str
    document: str


class Client:
    """One project of the service. Raises BackendError for everything but a complete answer.

    A project whose id nobody gave is found by ``find``, when it is asked for first.
    """

    def __init__(
        self,
        transport: Transport,
        address: Address,
        org_id: str,
        project_id: str,
        key: Callable[[], ApiKey],
        *,
        find: Callable[[Client], str] | None = None,
        seconds: float = SECONDS,
        reading: Reading = once,
    ) -> None:
        self.transport = transport
        self.address = address
        self.org_id = org_id
        self._project_id = project_id
        self._find = find
        self._finding = threading.RLock()
        self._key = key
        self._seconds = seconds
        self.reading = reading

    @property
    def project_id(self) -> str:
        """The project's id. Raises BackendError where it has to be found and cannot be."""
        if not self._project_id and self._find is not None:
            with self._finding:
                self._project_id = self._project_id or self._find(self)
        return self._project_id

    def read(self, operation: Operation, *, partly: bool = False, **variables: Any) -> Node:
        """As `ask`, tried again where that may help: for questions, which change nothing."""
        return self.reading(lambda: self.ask(operation, partly=partly, **variables))

    def ask(self, operation: Operation, *, partly: bool = False, **variables: Any) -> Node:
        """The data of the answer to an operation on this organization and project.

        A variable that is given as ``...`` is left out. ``partly`` is as in ``read_answer``.
        """
        every = {"orgId": self.org_id, **variables}
        if "projectId" not in every:
            every["projectId"] = self.project_id
        sent = {name: value for name, value in every.items() if value is not ...}
        try:
            return self._asked(operation, sent, partly=partly)
        except TooLargeError as error:
            # Asked again for the same, it is as large.
            error.kind = "quota" if partly else error.kind
            raise

    def _asked(self, operation: Operation, sent: Mapping[str, Any], *, partly: bool) -> Node:
        body = packed({"query": operation.document, "variables": sent})
        reply = self.transport.send(
            "POST",
            self.address.endpoint,
            request_headers(self._key()),
            body,
            seconds=self._seconds,
        )
        # 201 or 204 are no answers of this interface. Read as success they would be a create
        # without an id.
        if reply.status != 200:
            raise status_failure(
                reply.status,
                self.address.host,
                reply.headers,
                body=reply.body,
                detail=_detail(reply),
            )
        return read_answer(
            reply.body,
            self.address.host,
            operation.name,
            partly=partly,
            trace=traced(reply.headers),
        )


def request_headers(key: ApiKey) -> dict[str, str]:
    """Those of the service's own client, but for brotli, which we may not be able to read."""
    return {
        "RB-SDK-Version": DIALECT,
        "ApiKey": key.reveal(),
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Content-Encoding-RB": "gzip",
        # The client of the service asks for brotli too, and the service would send it.
        "Accept-Encoding": "gzip",
    }


def packed(request: Mapping[str, Any]) -> bytes:
    """A request's body: base64 of gzip of compact JSON."""
    text = json.dumps(request, separators=(",", ":"), allow_nan=False)
    # Without the time of packing equal requests are equal bytes, which tests and caches can rely
    # on.
    return base64.b64encode(gzip.compress(text.encode(), _LEVEL, mtime=0))


def _detail(reply: Reply) -> str:
    """Returns what a failure says, where it says it in words."""
    if reply.status == 400 and not reply.body.lstrip().startswith(b"<"):
        return reply.body[:500].decode(errors="replace")
    target = reply.headers.get("Location")
    return f"to {target}" if target and 300 <= reply.status < 400 else ""
