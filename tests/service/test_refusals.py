"""Requests that are not answered: whoever they are from, and whatever is in them."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from starlette.types import Message, Receive, Scope, Send

from rbsync.service.app import Journal
from tests.service import documents
from tests.service.serving import (
    COMPRESSED,
    KEY,
    ORG,
    PROJECT,
    SMALL,
    Client,
    NearClient,
    packed,
    serving,
    task,
)

ASKED = {"query": documents.text("me"), "variables": {}}


def message(answer: requests.Response) -> str:
    (error,) = answer.json()["errors"]
    return str(error["message"])


def test_plain_json_is_understood_too(client: Client) -> None:
    answer = client.post(json.dumps(ASKED).encode(), **{"Content-Type": "application/json"})
    assert answer.json()["data"]["me"]["email"]


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (None, 401),
        ("", 403),
        ("x" * 43, 403),
        (KEY[:-1], 403),
        (KEY + "k", 403),
        (KEY.upper(), 403),
        ("k" * 42 + "é", 403),
    ],
)
def test_a_key_is_needed_and_must_be_right(client: Client, key: str | None, status: int) -> None:
    del client.session.headers["ApiKey"]
    headers = COMPRESSED | ({} if key is None else {"ApiKey": key.encode("latin-1")})
    answer = requests.post(f"{client.url}/graphql/", packed(ASKED), headers=headers, timeout=20)
    assert answer.status_code == status
    assert "API key" in message(answer)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io:80", "", "[::1", "local host"],
)
def test_other_hosts_are_not_served(client: Client, host: str) -> None:
    answer = client.post(packed(ASKED), Host=host, **COMPRESSED)
    assert answer.status_code in (400, 403)
    assert "data" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:99", "[::1]:8000"])
def test_loopback_has_several_names(client: Client, host: str) -> None:
    assert client.post(packed(ASKED), Host=host, **COMPRESSED).status_code == 200


def test_a_name_that_was_allowed_is_served(folder: Path) -> None:
    with serving(folder, hosts=("Labels.Example",)) as client:
        answer = client.post(packed(ASKED), Host="labels.example", **COMPRESSED)
        assert answer.status_code == 200


def test_pages_of_other_origins_are_refused(client: Client) -> None:
    origin = {"Origin": "https://evil.example"}
    assert client.post(packed(ASKED), **COMPRESSED, **origin).status_code == 403
    assert requests.options(f"{client.url}/graphql/", timeout=20).status_code == 405


ENDS_EARLY = "the gzip data of the body ends early"
BODIES = {
    "empty": (b"", ENDS_EARLY),
    "no base64": (b"!!!", "the body is not base64"),
    "plain": (json.dumps(ASKED).encode(), "the body is not base64"),
    "no gzip": (base64.b64encode(b"plain"), "the body is not gzip"),
    "half gzip": (base64.b64encode(gzip.compress(b"x" * 999)[:-9]), ENDS_EARLY),
    "half base64": (packed(ASKED)[:-3], "the body is not base64"),
    "half json": (base64.b64encode(gzip.compress(b"{")), "the body is not JSON"),
    "no text": (base64.b64encode(gzip.compress(b"\xff\xfe\xfd")), "the body is not JSON"),
    "deep": (base64.b64encode(gzip.compress(b"[" * 100_000)), "the body is not JSON"),
    "a list": (packed([]), "the body has no query"),
    "a number": (packed({"query": 1}), "the body has no query"),
    "variables": (
        packed({"query": "{me{email}}", "variables": []}),
        "the variables are not an object",
    ),
}


@pytest.mark.parametrize(("body", "reason"), BODIES.values(), ids=BODIES)
def test_a_body_that_cannot_be_read_is_refused(client: Client, body: bytes, reason: str) -> None:
    answer = client.post(body, **COMPRESSED)
    assert answer.status_code == 400
    assert message(answer) == reason


def test_a_body_over_the_limit_is_refused(folder: Path) -> None:
    with serving(folder, limits=SMALL) as client:
        over = b"x" * (SMALL.request + 1)
        assert client.post(over).status_code == 413
        assert client.post(iter([over])).status_code == 413


def test_a_body_that_grows_over_the_limit_is_refused(folder: Path) -> None:
    """A thousandfold, and within the limit as it is sent."""
    bomb = base64.b64encode(gzip.compress(b" " * (40 << 20), 9))
    assert len(bomb) < SMALL.request
    with serving(folder, limits=SMALL) as client:
        answer = client.post(bomb, **COMPRESSED)
        assert answer.status_code == 413
        assert message(answer) == f"the request is larger than {SMALL.unpacked} bytes"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "Syntax Error"),
        ("{ nothing }", "nothing is not offered here"),
        ("{ me }", "must have a selection of subfields"),
        ("mutation { createDatastore { ok } }", "createDatastore is not offered here"),
        ("{ me " + "{ a " * 5000 + "}" * 5001, ""),
        ("{" + " me { email }" * 9000 + "}", "token"),
        ("query ($a: UUID!) { organization(orgId: $a) { name } }", "$a"),
    ],
)
def test_a_document_that_is_wrong_is_an_error_of_graphql(
    client: Client, document: str, reason: str
) -> None:
    answer = client.post(packed({"query": document, "variables": {}}), **COMPRESSED)
    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert reason in answer.json()["errors"][0]["message"]


def test_values_of_another_type_are_an_error_of_graphql(client: Client) -> None:
    assert "$items" in client.error("createDatapoint", **task("a", items=[1]))
    assert "$priority" in client.error("createDatapoint", **task("a", priority="high"))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_operations_are_posted(client: Client, method: str) -> None:
    answer = client.session.request(method, f"{client.url}/graphql/", timeout=20)
    assert answer.status_code == 405


def test_the_root_says_what_this_is(client: Client) -> None:
    assert requests.get(client.url, timeout=20).json()["graphql"] == "/graphql/"


def test_a_failure_of_ours_is_told_to_the_log_only(
    client: NearClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("with a secret")

    monkeypatch.setattr(type(client.service.project), "counts", fail)
    answer = client.whole("tasksPaged", first=0)
    assert answer["errors"][0]["message"] == "the service failed; its log says why"
    assert "ZeroDivisionError" in caplog.text


def test_no_secret_is_in_the_log(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(folder) as client:
        place = client.place()
        client.put(place, b"x")
        client.put(place | {"presignedUrl": place["presignedUrl"] + "0"}, b"x")
        requests.post(f"{client.url}/graphql/", b"", headers={"ApiKey": "s" * 43}, timeout=20)
        client.error("createDatapoint", **task("", labelsData="["))
    own = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("rbsync"))
    assert place["filePath"] in own
    signature = place["presignedUrl"].rsplit("signature=", 1)[1]
    for secret in (KEY, "s" * 43, signature, "signature="):
        assert secret not in own


def test_who_has_an_answer_finds_it_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """A script that counts what a command sent would else count too little, now and then."""
    caplog.set_level(logging.INFO)
    seen: list[tuple[bytes | None, int]] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for body in (b"ha", b"lf"):
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body"})

    async def send(message: Message) -> None:
        seen.append((message.get("body"), len(caplog.messages)))

    async def receive() -> Message:
        raise AssertionError

    asyncio.run(Journal(app)({"type": "http", "method": "GET", "path": "/a"}, receive, send))
    assert seen == [(None, 0), (b"ha", 0), (b"lf", 1), (None, 1)]
    assert caplog.messages[0].startswith("GET /a 200 ")


def test_settings_do_not_show_the_key(client: NearClient) -> None:
    assert KEY not in repr(client.service.settings)
    assert KEY not in repr(client.service)


def test_ids_and_url_are_all_that_an_answer_is_about(client: Client) -> None:
    """The addresses in answers start as the request did, whatever name of loopback that had."""
    text = packed(
        {"query": documents.text("project"), "variables": {"orgId": ORG, "projectId": PROJECT}}
    )
    answer = client.post(text, Host="127.0.0.1:1234", **COMPRESSED)
    url = answer.json()["data"]["project"]["projectUrl"]
    assert url == f"http://127.0.0.1:1234/{ORG}/projects/{PROJECT}"


def test_many_clients_at_once_get_their_answers(client: Client) -> None:
    start = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: client.create(f"task {number:03}"), range(80)))
    assert len(client.names(first=1000)) == 80
    assert time.monotonic() - start < 20


def test_other_addresses_and_methods_are_refused(client: Client) -> None:
    headers = {"ApiKey": KEY}
    assert requests.get(f"{client.url}/nothing", headers=headers, timeout=20).status_code == 404
    assert requests.post(f"{client.url}/graphql", headers=headers, timeout=20).status_code == 404
    refused = requests.delete(f"{client.url}/objects/a", headers=headers, timeout=20)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, PUT")
    assert requests.get(client.url, timeout=20).json()["graphql"] == "/graphql/"
