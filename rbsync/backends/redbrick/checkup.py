"""Looks at the way to the service, step by step, for `rbsync doctor`.

Each step names what was seen: the first user of a network is the first who tries it, and a message
that leaves out the cause costs a day.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from rbsync.backends.redbrick.api.address import Address, read_address
from rbsync.backends.redbrick.api.client import Client, packed
from rbsync.backends.redbrick.api.credentials import Credentials, key_for
from rbsync.backends.redbrick.api.operations.files import presign_items
from rbsync.backends.redbrick.http.proxies import proxy_for
from rbsync.backends.redbrick.http.routes import authorities
from rbsync.backends.redbrick.http.transport import Reply, Transport
from rbsync.backends.redbrick.open_project import MISSING_HINT, NAMED_HINT, Name, OpenProject
from rbsync.checks import Check
from rbsync.errors import BackendError, UserError

SECONDS = 10.0
"""For one request; a line that needs longer is no line."""

_SHOWN = 60
# Signatures of uploads are refused by storages whose clock differs by more than a quarter of an
# hour; half of that is time to mend it.
_MOST_APART = 450.0
_QUESTION = {"query": "query { __typename }", "variables": {}}
_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Content-Encoding-RB": "gzip",
    "Accept-Encoding": "gzip",
}
_URL_HINT = "check the backend's `url`; a proxy or a login page may answer in its place"
_SILENT_HINT = (
    "try again later; if it stays so, show this to who runs the network or the service "
    "(`rbsync doctor --report FILE`)"
)
_PROBE = ("rbsync-doctor.png", "image/png")


class Checkup:
    """One look at a project of the service. The key is read when its turn comes."""

    def __init__(
        self,
        url: str,
        org_id: str,
        project_id: str,
        credentials: Callable[[], Credentials],
        name: str = "",
    ) -> None:
        """``name`` is that of a project whose id is not given."""
        self._name = None if project_id else Name(name)
        self._url = url
        self._org_id = org_id
        self._project_id = project_id
        self._credentials = credentials

    def checks(self) -> Iterator[Check]:
        """Yields each step as it is done; none after one that failed."""
        transport = Transport()
        try:
            for one in self._steps(transport):
                yield one
                if one.verdict == "failed":
                    return
        finally:
            transport.close()

    def _steps(self, transport: Transport) -> Iterator[Check]:
        try:
            address = read_address(self._url)
        except UserError as error:
            yield Check("address", "failed", error.problems[0].message, error.problems[0].hint)
            return
        yield Check("address", "ok", address.endpoint)
        yield _proxy(address)
        yield _authorities()
        yield from _line(transport, address)
        yield self._key()
        yield from self._project(transport, address)

    def _key(self) -> Check:
        try:
            found = self._credentials()
            key = key_for(found, self._url, self._org_id).reveal()
        except BackendError as error:
            return Check("API key", "failed", str(error), error.hint)
        return Check("API key", "ok", f"{len(key)} characters, …{key[-2:]}, from {found.source}")

    def _project(self, transport: Transport, address: Address) -> Iterator[Check]:
        client = Client(
            transport,
            address,
            self._org_id.lower(),
            self._project_id.lower(),
            lambda: self._credentials().key,
            seconds=SECONDS,
            find=self._name.find if self._name else None,
        )
        opened = OpenProject(client, self._name)
        hint = NAMED_HINT if self._name else MISSING_HINT
        yield _asked("project", lambda: _described(opened, hint))
        yield _asked("stages", lambda: Check("stages", "ok", _stages(opened)))
        yield _asked("storages", lambda: Check("storages", "ok", _storages(opened)))
        yield _asked("uploads", lambda: _uploads(client))


def _asked(name: str, ask: Callable[[], Check]) -> Check:
    try:
        return ask()
    except BackendError as error:
        return Check(name, "failed", str(error), error.hint or _SILENT_HINT)


def _proxy(address: Address) -> Check:
    parts = urlsplit(address.endpoint)
    try:
        found = proxy_for(f"{parts.scheme}://{parts.netloc}/")
    except BackendError as error:
        return Check("proxy", "failed", str(error), error.hint)
    # Without its user and password: the report is made to be attached to an issue.
    return Check("proxy", "ok", f"{found.host}:{found.port}" if found else "none")


def _authorities() -> Check:
    source, path = authorities()
    if not os.path.exists(path):
        found = f"{source} names {path}, which is not there"
        return Check("certificates", "failed", found, f"correct or unset {source}")
    return Check("certificates", "ok", f"{path} ({source})" if source else path)


def _line(transport: Transport, address: Address) -> Iterator[Check]:
    began = time.monotonic()
    try:
        # No key: what answers may be anybody.
        reply = transport.send(
            "POST", address.endpoint, _HEADERS, packed(_QUESTION), seconds=SECONDS
        )
    except BackendError as error:
        yield Check("line", "failed", str(error), error.hint or _SILENT_HINT)
        return
    spent = f"{(time.monotonic() - began) * 1000:.0f} ms"
    yield _answered(reply, spent)
    yield from _clock(reply)


def _answered(reply: Reply, spent: str) -> Check:
    server = reply.headers.get("Server")
    found = f"HTTP {reply.status} in {spent}" + (f" from {server}" if server else "")
    if 300 <= reply.status < 400:
        to = reply.headers.get("Location")
        return Check("line", "failed", f"{found}: it leads on to {to}", _URL_HINT)
    if reply.body.lstrip()[:1] == b"<":
        return Check("line", "failed", f"{found}: a web page, {_start(reply.body)}", _URL_HINT)
    if reply.status == 407:
        hint = "give the proxy's user and password in HTTPS_PROXY or HTTP_PROXY"
        return Check("line", "failed", f"{found}: the proxy wants a user and a password", hint)
    if reply.status in (404, 405) or reply.status >= 500:
        return Check("line", "failed", f"{found}: {_start(reply.body)}", _URL_HINT)
    return Check("line", "ok", found)


def _start(body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())
    return f"{text[:_SHOWN]!r}" + ("…" if len(text) > _SHOWN else "")


def _clock(reply: Reply) -> Iterator[Check]:
    try:
        theirs = parsedate_to_datetime(reply.headers.get("Date") or "").timestamp()
    except (ValueError, TypeError, OverflowError):
        yield Check("clock", "skipped", "the service does not tell its time")
        return
    apart = time.time() - theirs
    if abs(apart) > _MOST_APART:
        way = "ahead of" if apart > 0 else "behind"
        found = f"this machine is {abs(apart) / 60:.0f} minutes {way} the service"
        hint = "set the clock: storages refuse uploads that are signed for another time"
        yield Check("clock", "warning", found, hint)
    else:
        yield Check("clock", "ok", f"within {max(1, round(abs(apart)))} s of the service's")


def _described(opened: OpenProject, hint: str = MISSING_HINT) -> Check:
    found = opened.look()
    if found is None:
        return Check("project", "failed", "the service has no such project", hint)
    kind = found.type or found.unknown_type or "any"
    text = f"{found.name}, of type {kind}, {len(found.categories)} categories"
    if found.unknown_type:
        text += "; labels are not checked against this type"
        return Check("project", "warning", text, "a newer rbsync may know it: upgrade rbsync")
    return Check("project", "ok", text)


def _stages(opened: OpenProject) -> str:
    stages = opened.stages
    return f"{', '.join(sorted(stages.starts)) or 'none'} to {', '.join(sorted(stages.ends))}"


def _storages(opened: OpenProject) -> str:
    return ", ".join(["public", "redbrick", *(one.name for one in opened.storages())])


def _uploads(client: Client) -> Check:
    # Asked for and not used: hospitals open their firewall for the service, and forget the host
    # that files go to.
    (place,) = presign_items(client, [_PROBE])
    return Check("uploads", "ok", f"files go to {urlsplit(place.url).hostname}")
