"""Hints about the service, its network and the key, followed."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest

from rbsync.backends.base import Gap, GapsError
from rbsync.backends.redbrick.api.address import read_address
from rbsync.backends.redbrick.api.answers import read_answer
from rbsync.backends.redbrick.api.credentials import ApiKey, key_for, read_credentials
from rbsync.backends.redbrick.api.operations.tasks import TaskPage
from rbsync.backends.redbrick.api.paging import _entries
from rbsync.backends.redbrick.checkup import _answered, _authorities, _clock, _described
from rbsync.backends.redbrick.http.network_errors import status_failure, transport_failure
from rbsync.backends.redbrick.http.proxies import proxy_for
from rbsync.backends.redbrick.http.sending import ExpiredError, send_bytes
from rbsync.backends.redbrick.http.transport import Reply
from rbsync.backends.redbrick.open_project import _check_status
from rbsync.doctor import machine
from rbsync.doctor.probing import _deleted, listing_check
from tests.hints.following import Followed, follow

HOST = "api.example.org"
PAGE = b"<!DOCTYPE html><title>Sign in</title>"
KEY = "k" * 43
ORG = "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"
CREDENTIALS = f"""\
[default]
profile = person
[person]
type = session
org = {ORG}
url = https://{HOST}
[machine]
key = {KEY}
org = {ORG}
url = https://{HOST}
"""


def answered(status: int = 200, body: bytes = b'{"data": {}}') -> None:
    """What is made of an answer of the service, as it comes over HTTP."""
    if status != 200:
        raise status_failure(status, HOST, {}, body=body)
    read_answer(body, HOST, "getProjectSDK")


def stored(status: int = 200, body: bytes = b"") -> None:
    """Sends a file to a storage that answers so."""
    storage: Any = SimpleNamespace(send=lambda *_, **__: Reply(status, {}, body))
    try:
        send_bytes(storage, f"https://{HOST}/a.png?X-Amz-Signature=1", b"x", {})
    except ExpiredError as error:
        raise error.failure from None


def connected(error: Exception | None = None) -> None:
    if error:
        raise transport_failure(error, HOST, sent=False, late=False)


def proxied(proxy: str) -> None:
    with mock.patch.dict(os.environ, {"HTTPS_PROXY": proxy, "https_proxy": proxy}):
        proxy_for(f"https://{HOST}")


def keyed(home: str, profile: str = "", **environment: str) -> None:
    with mock.patch.dict(os.environ, {"HOME": home}):
        read_credentials(environment=environment, profile=profile)


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    (folder / ".redbrickai").mkdir()
    (folder / ".redbrickai/credentials").write_text(CREDENTIALS)
    with mock.patch.dict(os.environ, {"HOME": str(folder)}):
        yield folder


def used(profile: str, url: str) -> None:
    key_for(read_credentials(environment={}, profile=profile), url, ORG)


def listed(*cursors: str | None) -> None:
    pages = iter(cursors)
    task: Any = SimpleNamespace(task_id="1")
    list(_entries(lambda _: TaskPage([task], next(pages))))


def status_of(status: str) -> None:
    facts: Any = SimpleNamespace(name="cars", status=status)
    _check_status(facts)


def named(*names: str) -> Any:
    """A project that lists datapoints of these names, and keeps those that it is to delete."""
    tasks = [SimpleNamespace(name=name) for name in names]
    return SimpleNamespace(list=lambda **_: iter(tasks), delete=lambda tasks: set(names))


def lacking(number: int) -> Any:
    """A project whose listing says that it has more tasks than came."""

    def listed(**_: object) -> Iterator[Any]:
        raise GapsError([Gap("", f"the listing has 0 of {number} tasks")])
        yield

    return SimpleNamespace(list=listed)


def extra(found: object) -> Any:
    with mock.patch("importlib.util.find_spec", return_value=found):
        return list(machine._parts())


def seen(seconds: float) -> Any:
    return list(_clock(Reply(200, {"Date": formatdate(time.time() - seconds, usegmt=True)}, b"")))


def trusting(path: str) -> Any:
    with mock.patch.dict(os.environ, {"REQUESTS_CA_BUNDLE": path}):
        return _authorities()


def described(unknown: str) -> Any:
    """The check of a project of a type that this version may not know."""
    project = SimpleNamespace(name="cars", type=None, unknown_type=unknown, categories=())
    return _described(SimpleNamespace(look=lambda: project))  # type: ignore[arg-type]


def room(free: int) -> Any:
    with mock.patch("shutil.disk_usage", return_value=SimpleNamespace(free=free)):
        return machine._room("/")


HINTS = {
    "an address with a query": Followed(
        "give the URL without what follows ? or #",
        lambda: read_address(f"https://{HOST}/?a=1#b"),
        lambda: str(read_address(f"https://{HOST}/")),
    ),
    "authorities that are not there": Followed(
        "correct or unset REQUESTS_CA_BUNDLE",
        lambda: trusting("/nowhere/ca.pem"),
        lambda: trusting(""),
    ),
    "a type of later": Followed(
        "a newer rbsync may know it: upgrade rbsync",
        lambda: described("HOLOGRAM_MULTI"),
        lambda: described(""),
    ),
    "a rate of Cloudflare's": Followed(
        "use fewer --jobs", lambda: answered(429, b"error code: 1015"), answered
    ),
    "a service that failed": Followed(
        "try again later, and check the key: it has also answered so",
        lambda: answered(500),
        answered,
    ),
    "a disk without room": Followed(
        "the state and its history need some: make room", lambda: room(1000), lambda: room(1 << 40)
    ),
    "a firewall": Followed(
        "ask who runs the network or the service to let this machine through",
        lambda: answered(403, PAGE),
        answered,
    ),
    "Cloudflare": Followed(
        "the service is behind Cloudflare, which did not get its answer; try again later",
        lambda: answered(521),
        answered,
    ),
    "a gateway": Followed(
        "it may have been done all the same; the project is asked before it is sent again",
        lambda: answered(504),
        answered,
    ),
    "very many labels": Followed(
        "gateways take 10 MB at most: send fewer labels at a time", lambda: answered(413), answered
    ),
    "another clock than the bucket's": Followed(
        "set this machine's clock: it differs by more than 15 minutes",
        lambda: stored(403, b"<Error><Code>RequestTimeTooSkewed</Code></Error>"),
        stored,
    ),
    "another region": Followed(
        "the bucket is in another region than its storage says: correct the storage's region",
        lambda: stored(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"),
        stored,
    ),
    "a line that is too slow": Followed(
        "the line is too slow for so many files at a time: use fewer --jobs",
        lambda: stored(400, b"<Error><Code>RequestTimeout</Code></Error>"),
        stored,
    ),
    "a storage that failed": Followed(
        "the storage failed, and not the request: try again later",
        lambda: stored(200, b"<Error><Code>InternalError</Code></Error>"),
        stored,
    ),
    "a file that is too large for a storage": Followed(
        "a storage takes 5 GB in one request: send the file in parts, or by its address",
        lambda: stored(400, b"<Error><Code>EntityTooLarge</Code></Error>"),
        stored,
    ),
    "an address that is too old": Followed(
        "a new upload URL was refused too: check this machine's clock",
        lambda: stored(403),
        stored,
    ),
    "a page in place of the storage": Followed(
        "a proxy or a login page may have answered instead", lambda: stored(200, PAGE), stored
    ),
    "a page in place of the service": Followed(
        "check the backend's `url`; a proxy or a login page may have answered instead",
        lambda: answered(200, PAGE),
        answered,
    ),
    "no such service": Followed(
        "check the network and the backend's `url`", lambda: answered(404), answered
    ),
    "a certificate of others": Followed(
        "check the clock, and REQUESTS_CA_BUNDLE where a proxy has certificates of its own",
        lambda: connected(ssl.SSLError("certificate verify failed")),
        connected,
    ),
    "a key that is not accepted": Followed(
        "check the API key, and that it may use this organization and project",
        lambda: answered(401),
        answered,
    ),
    "a proxy of another kind": Followed(
        "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
        lambda: proxied("socks5://proxy:1080"),
        lambda: proxied("http://proxy:3128"),
    ),
    "an address without TLS": Followed(
        "write https://; only localhost, 127.0.0.1 and [::1] may be spoken to without it",
        lambda: read_address(f"http://{HOST}"),
        lambda: [str(read_address(one)) for one in (f"https://{HOST}", "http://localhost:1")],
    ),
    "an address of other letters": Followed(
        "write a name with other letters in its form with xn--",
        lambda: read_address("https://bücher.example"),
        lambda: str(read_address("https://xn--bcher-kva.example")),
    ),
    "a key of another length": Followed(
        "copy it again from the service's page of API keys",
        lambda: ApiKey("k" * 42),
        lambda: ApiKey(KEY),
    ),
    "a key of another service": Followed(
        "choose another profile with --profile, or correct the manifest",
        lambda: used("machine", "https://other.example"),
        lambda: used("machine", f"https://{HOST}"),
    ),
    "no key at all": Followed(
        ", or save a profile with the service's own client",
        lambda: keyed("/nowhere", "nobody"),
        lambda: keyed("/nowhere", RBSYNC_API_KEY=KEY),
    ),
    "a session of a person": Followed(
        "make a key on the service's page of API keys and set RBSYNC_API_KEY; the rest is in the "
        "profile",
        lambda: keyed(os.environ["HOME"]),
        lambda: keyed(os.environ["HOME"], RBSYNC_API_KEY=KEY),
    ),
    "a listing that lacks a part": Followed(
        "look again, for others may have worked meanwhile; plans go on with what can be read",
        lambda: listing_check(lacking(1)),
        lambda: listing_check(named("a")),
    ),
    "a listing in circles": Followed(
        "nothing was changed; try again later", lambda: listed("1", "1"), lambda: listed("1", None)
    ),
    "a project that is being made": Followed(
        "try again soon", lambda: status_of("CREATING"), lambda: status_of("CREATION_SUCCESS")
    ),
    "a line to another page": Followed(
        "check the backend's `url`; a proxy or a login page may answer in its place",
        lambda: _answered(Reply(200, {}, PAGE), "1 s"),
        lambda: _answered(Reply(200, {}, b"{}"), "1 s"),
    ),
    "a proxy that wants a user": Followed(
        "give the proxy's user and password in HTTPS_PROXY or HTTP_PROXY",
        lambda: _answered(Reply(407, {}, b""), "1 s"),
        lambda: _answered(Reply(200, {}, b"{}"), "1 s"),
    ),
    "a clock that is wrong": Followed(
        "set the clock: storages refuse uploads that are signed for another time",
        lambda: seen(3600),
        lambda: seen(0),
    ),
    "names that are there twice": Followed(
        "rename or delete one of each there: rbsync knows a datapoint by its name",
        lambda: listing_check(named("a", "a")),
        lambda: listing_check(named("a", "b")),
    ),
    "a probe that stays": Followed(
        "delete the datapoint a at the project",
        lambda: _deleted(named("a"), SimpleNamespace(name="a")),  # type: ignore[arg-type]
        lambda: _deleted(named(), SimpleNamespace(name="a")),  # type: ignore[arg-type]
    ),
    "an extra that is not there": Followed(
        "pip install 'rbsync[coco]', where it is wanted", lambda: extra(None), lambda: extra(1)
    ),
}


@pytest.mark.parametrize("kind", HINTS)
def test_the_hint_is_followed(kind: str) -> None:
    follow(HINTS[kind])
