"""The key and presigned URLs appear in no message, traceback, log line or written value."""

from __future__ import annotations

import copy
import io
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator

import pytest

from rbsync.backends.redbrick.api.credentials import ApiKey
from rbsync.backends.redbrick.api.operations.files import Place
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.backends.redbrick.http.redaction import conceal, redact
from rbsync.errors import BackendError
from rbsync.files.body import FileBody
from tests.backends.redbrick.http.test_redbrick_failures import ANSWERS
from tests.backends.redbrick.samples import draft
from tests.backends.redbrick.wire import KEY, SIGNATURE, Wire, reply

CANARY = "CANARY"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that is logged, at the most talkative level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def told(error: BaseException) -> str:
    """All that anybody could print of an exception and of those behind it."""
    trace = traceback.TracebackException.from_exception(error)
    chain = []
    link: BaseException | None = error
    while link is not None:
        chain += [str(link), repr(link), repr(link.args), str(getattr(link, "hint", ""))]
        link = link.__cause__ or link.__context__
    return "".join([*trace.format(), *chain])


@pytest.mark.parametrize("name", ANSWERS)
def test_a_failed_create_shows_no_secret(
    wire: Wire, backend: RedbrickBackend, log: io.StringIO, name: str
) -> None:
    backend.project()
    wire.answers["createDatapointSDK"] = ANSWERS[name][0]
    with pytest.raises(BackendError) as raised:
        backend.create([draft()])
    assert CANARY not in told(raised.value)
    assert CANARY not in log.getvalue()
    assert f"POST {wire.url}/graphql/: " in log.getvalue()


# What a storage answers with 200 is not looked into, and 201 is success.
FAILING = [name for name, (answer, _) in ANSWERS.items() if callable(answer) or name[0] in "345"]


@pytest.mark.parametrize("name", FAILING)
def test_a_failed_upload_shows_no_secret(
    wire: Wire,
    backend: RedbrickBackend,
    body: Callable[..., FileBody],
    log: io.StringIO,
    name: str,
) -> None:
    wire.puts = [ANSWERS[name][0]] * 2
    with pytest.raises(BackendError) as raised:
        backend.upload(body(), storage="redbrick")
    assert CANARY not in told(raised.value)
    assert CANARY not in log.getvalue()


def test_a_service_that_repeats_the_key_is_not_repeated(
    wire: Wire, backend: RedbrickBackend
) -> None:
    backend.project()
    wire.answers["createDatapointSDK"] = reply(f"ApiKey: {KEY} is unknown", "400 Bad Request")
    with pytest.raises(BackendError) as raised:
        backend.create([draft()])
    assert CANARY not in told(raised.value)
    wire.answers["createDatapointSDK"] = reply(f'{{"errors": [{{"message": "{KEY}"}}]}}')
    with pytest.raises(BackendError) as raised:
        backend.create([draft()])
    assert CANARY not in told(raised.value)


def test_a_successful_upload_logs_no_signature(
    wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody], log: io.StringIO
) -> None:
    backend.upload(body(), storage="redbrick")
    assert f"PUT {wire.url}/put/0/one.png?…: HTTP 200" in log.getvalue()
    assert CANARY not in log.getvalue()


def test_a_key_does_not_show_itself() -> None:
    key = ApiKey(KEY)
    for text in (str(key), repr(key), f"{key}", f"{[key]}"):
        assert CANARY not in text
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.deepcopy(key)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "PUT https://s3.example/b/k?X-Amz-Signature=abc&x=1 ok",
            "PUT https://s3.example/b/k?… ok",
        ),
        ('"PUT /b/k.png?sig=abc HTTP/1.1" 200', '"PUT /b/k.png?… HTTP/1.1" 200'),
        ("{'ApiKey': 'abcdefghijkl'}", "{'ApiKey': '…'}"),
        (r"b'ApiKey: abcdefghijkl\r\nAccept'", r"b'ApiKey: …\r\nAccept'"),
        ("Authorization: Bearer abcdefghijkl", "Authorization: …"),
        ("authorization=abcdefghijkl;", "authorization=…;"),
        ("Proxy-Authorization: Basic abcdefghijkl", "Proxy-Authorization: …"),
        ("http://user:pass@proxy:8080/", "http://…@proxy:8080/"),
        ("x-amz-signature%3Dabc", "x-amz-signature%3D…"),
        ('"access_token": "abcdefghijkl"', '"access_token": "…"'),
        ("the api_key must be given", "the api_key must be given"),
        ("what is wrong? nothing", "what is wrong? nothing"),
        ("images/a.png and b.png", "images/a.png and b.png"),
    ],
)
def test_redaction(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_a_secret_is_taken_out_wherever_it_stands() -> None:
    conceal("quite-a-secret-word")
    assert redact("xquite-a-secret-wordx") == "x…x"


def test_a_place_does_not_show_its_signature() -> None:
    assert SIGNATURE not in repr(Place(f"https://x/y?sig={SIGNATURE}", "p", "n"))
