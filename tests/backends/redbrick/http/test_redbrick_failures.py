"""Every failure of the network and every bad answer is told as what it is."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from email.utils import formatdate
from pathlib import Path

import pytest
import trustme

from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.backends.redbrick.http.network_errors import DeniedError, seconds_of
from rbsync.errors import BackendError
from rbsync.model.outcome import Failure
from tests.backends.redbrick.samples import draft
from tests.backends.redbrick.wire import (
    KEY,
    ORG,
    PROJECT,
    PROJECT_ANSWER,
    Answer,
    Request,
    Wire,
    data,
    reply,
    until_closed,
)


def caught(backend: RedbrickBackend) -> BackendError:
    with pytest.raises(BackendError) as raised:
        backend.create([draft()])
    return raised.value


def told(error: BackendError) -> tuple[str, bool, int | None]:
    return error.kind, error.sent, error.status


@pytest.fixture
def opened(backend: RedbrickBackend) -> RedbrickBackend:
    backend.project()
    return backend


def reset(_: Request, connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(_: Request, connection: socket.socket) -> None:
    """Until the other end has had enough."""
    connection.recv(1)


def closed(_: Request, connection: socket.socket) -> None:
    return None


def truncated(_: Request, connection: socket.socket) -> None:
    connection.sendall(reply('{"data": {"createDatapoint": null}}')[:-20])


def cut_chunk(_: Request, connection: socket.socket) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.sendall(head + b'40\r\n{"data": ')


def dripping(_: Request, connection: socket.socket) -> None:
    for byte in reply("x" * 400):
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def dripping_body(_: Request, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n")
    for _step in range(400):
        connection.sendall(b"x")
        time.sleep(0.05)


def not_http(_: Request, connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


def bomb(_: Request, __: socket.socket) -> bytes:
    """Packed when it is asked for: each process that runs tests reads this file."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(bytes(80 << 20)) + packer.flush()
    return reply(packed, Content_Encoding="gzip")


AMBIGUOUS = ("transient", True, None)
ODD = ("transient", True, 200)
REFUSED = ("invalid", True, 200)

ANSWERS: dict[str, tuple[Answer, tuple[str, bool, int | None]]] = {
    "reset": (reset, AMBIGUOUS),
    "closed without an answer": (closed, AMBIGUOUS),
    "not HTTP": (not_http, AMBIGUOUS),
    "truncated": (truncated, AMBIGUOUS),
    "cut in a chunk": (cut_chunk, AMBIGUOUS),
    "truncated gzip": (
        reply(
            gzip.compress(b'{"data": {"createDatapoint": {"taskId": "x"}}}' * 9, mtime=0)[:-30],
            Content_Encoding="gzip",
        ),
        AMBIGUOUS,
    ),
    "broken gzip": (reply(b"\x1f\x8bxxxxxxxxxxxx", Content_Encoding="gzip"), AMBIGUOUS),
    "gzip bomb": (bomb, AMBIGUOUS),
    "HTML": (reply("<!doctype html><title>Sign in</title>", Content_Type="text/html"), ODD),
    "nothing": (reply(""), ODD),
    "a list": (reply("[]"), ODD),
    "null": (reply("null"), ODD),
    "NaN": (reply('{"data": {"createDatapoint": {"taskId": "x", "dpId": NaN}}}'), ODD),
    "not text": (reply(b'{"data": "\xff\xfe"}'), ODD),
    "deep nesting": (reply("[" * 100_000), ODD),
    "neither data nor errors": (reply('{"message": "created"}'), ODD),
    "no data": (reply('{"data": null}'), ODD),
    "data of another type": (reply('{"data": {"createDatapoint": "ok"}}'), ODD),
    "made nothing": (reply('{"data": {"createDatapoint": null}}'), ODD),
    "no id": (reply('{"data": {"createDatapoint": {"taskId": ""}}}'), ODD),
    "errors": (reply('{"errors": [{"message": "oops"}], "data": null}'), REFUSED),
    "errors that are none": (reply('{"errors": "oops"}'), REFUSED),
    "errors beside data": (
        reply('{"errors": [{"message": "oops"}], "data": {"createDatapoint": {"taskId": "x"}}}'),
        REFUSED,
    ),
    "201": (reply("{}", "201 Created"), ("transient", True, 201)),
    "204": (reply("", "204 No Content"), ("transient", True, 204)),
    "302": (
        reply("", "302 Found", Location="https://elsewhere.example/x?sig=1"),
        ("transient", False, 302),
    ),
    "307": (reply("", "307 T", Location="http://127.0.0.1:1/"), ("transient", False, 307)),
    "400": (reply('{"errors": "no such field"}', "400 Bad"), ("invalid", False, 400)),
    "401": (reply("", "401 Unauthorized"), ("auth", False, 401)),
    "403": (reply("", "403 Forbidden"), ("auth", False, 403)),
    "404": (reply("", "404 Not Found"), ("transient", False, 404)),
    "408": (reply("", "408 Timeout"), ("transient", True, 408)),
    "409": (reply("", "409 Conflict"), ("transient", True, 409)),
    "413": (reply("", "413 Too Large"), ("quota", False, 413)),
    "429": (reply("", "429 Slow down"), ("throttled", False, 429)),
    "500": (reply("", "500 Oops"), ("transient", True, 500)),
    "502": (reply("<html>", "502 Bad Gateway"), ("transient", True, 502)),
    "503": (reply("", "503 Unavailable"), ("throttled", True, 503)),
    "504": (reply("", "504 Timeout"), ("transient", True, 504)),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_bad_answer_is_told_as_what_it_is(wire: Wire, opened: RedbrickBackend, name: str) -> None:
    answer, expected = ANSWERS[name]
    wire.answers["createDatapointSDK"] = answer
    assert told(caught(opened)) == expected
    assert len(wire.of("createDatapointSDK")) == 1


@pytest.mark.parametrize("answer", [silent, dripping, dripping_body])
def test_an_answer_has_a_deadline_as_a_whole(wire: Wire, answer: Answer) -> None:
    backend = RedbrickBackend(wire.url, ORG, PROJECT, KEY, seconds=0.5)
    backend.project()
    wire.answers["createDatapointSDK"] = answer
    began = time.monotonic()
    error = caught(backend)
    assert told(error) == AMBIGUOUS
    assert "no answer in time" in str(error)
    # To be read byte by byte it would take twenty.
    assert time.monotonic() - began < 10
    backend.close()


def test_a_service_that_is_not_there_was_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = caught(RedbrickBackend(f"http://localhost:{port}", ORG, PROJECT, KEY))
    assert told(error) == ("transient", False, None)
    assert str(error) == "localhost: nothing answers there"


def test_a_name_that_does_not_exist_was_sent_nothing() -> None:
    error = caught(RedbrickBackend("https://nowhere.invalid", ORG, PROJECT, KEY))
    assert told(error) == ("transient", False, None)
    assert str(error) == "nowhere.invalid: its name cannot be resolved"


def test_what_does_not_speak_tls_was_sent_nothing(wire: Wire) -> None:
    backend = RedbrickBackend(f"https://localhost:{wire.port}", ORG, PROJECT, KEY, seconds=2)
    error = caught(backend)
    assert told(error) == ("transient", False, None)
    assert "no secure connection" in str(error)


def test_a_certificate_that_nobody_vouches_for_is_named(
    certificate: ssl.SSLContext,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with contextlib.suppress(OSError):
                certificate.wrap_socket(connection, server_side=True).read()

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        error = caught(RedbrickBackend(url, ORG, PROJECT, KEY))
        thread.join()
    assert told(error) == ("transient", False, None)
    assert "self-signed certificate" in str(error)


def test_a_certificate_that_the_environment_vouches_for_is_enough(
    certificate: ssl.SSLContext,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(known)
    monkeypatch.setenv("SSL_CERT_FILE", str(known))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    answer = data(**PROJECT_ANSWER)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with certificate.wrap_socket(connection, server_side=True) as secure:
                file = secure.makefile("rb")
                for _request in range(2):
                    head = iter(lambda: file.readline().lower().strip(), b"")
                    size = [int(line[15:]) for line in head if line.startswith(b"content-length:")]
                    file.read(size[0])
                    secure.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        backend = RedbrickBackend(url, ORG, PROJECT, KEY, seconds=5)
        assert [backend.project().name, backend.project().name] == ["proj-a", "proj-a"]
        thread.join()
        backend.close()


def test_a_connection_that_was_closed_between_requests_is_replaced(
    wire: Wire, opened: RedbrickBackend
) -> None:
    wire.answers["createDatapointSDK"] = lambda request, connection: connection.sendall(
        reply('{"data": {"createDatapoint": {"taskId": "x"}}}')
    )
    opened.create([draft("a")])
    until_closed(wire.port)
    opened.create([draft("b")])
    assert len({one.connection for one in wire.requests}) == 2


def test_one_connection_serves_many_requests(wire: Wire, opened: RedbrickBackend) -> None:
    for name in "abcdef":
        opened.create([draft(name)])
    assert {one.connection for one in wire.requests} == {1}


def test_all_that_the_service_says_is_told(wire: Wire, opened: RedbrickBackend) -> None:
    wire.answers["createDatapointSDK"] = reply(
        '{"errors": [{"message": "first"}, {"message": "second"}, {"message": "first"}]}'
    )
    error = caught(opened)
    assert isinstance(error, DeniedError)
    assert str(error) == "createDatapointSDK: first; second"
    said = '{"errors": [{"message": "first"}]}'
    wire.answers["createDatapointSDK"] = reply(said, x_amzn_requestid="7f")
    error = caught(opened)
    assert str(error) == "createDatapointSDK: first [request: x-amzn-requestid 7f]"
    # By which those that were refused alike are known, whatever their requests are.
    assert Failure(error.kind, "create", str(error)).words == "createDatapointSDK: first"


def test_what_a_refusal_says_is_told(wire: Wire, opened: RedbrickBackend) -> None:
    wire.answers["createDatapointSDK"] = reply("Cannot query field `x`", "400 Bad Request")
    assert str(caught(opened)).endswith("(HTTP 400): Cannot query field `x`")


def test_a_redirect_is_not_followed_and_its_target_is_named(
    wire: Wire, opened: RedbrickBackend
) -> None:
    other = Wire()
    for status in ("301 M", "302 F", "303 S", "307 T", "308 P"):
        wire.answers["createDatapointSDK"] = reply("", status, Location=f"{other.url}/x?key=1")
        assert f"{other.url}/x" in str(caught(opened))
    assert other.requests == []
    other.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        (" 7 ", 7.0),
        ("86400", 86400.0),
        ("-5", None),
        ("soon", None),
        ("nan", None),
        ("1e9", None),
        ("", None),
        (None, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 99 Oct 2015", None),
        ("9" * 400, None),
    ],
)
def test_a_retry_after_of_any_form_is_understood(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_a_retry_after_may_be_a_date() -> None:
    found = seconds_of(formatdate(time.time() + 90, usegmt=True))
    assert found is not None
    assert 85 < found <= 90


@pytest.mark.parametrize("status", ["429 Slow", "503 Unavailable"])
def test_a_retry_after_reaches_the_applier(
    wire: Wire, opened: RedbrickBackend, status: str
) -> None:
    wire.answers["createDatapointSDK"] = reply("", status, Retry_After="17")
    assert caught(opened).retry_after == 17.0


def test_a_project_that_is_not_there(wire: Wire, backend: RedbrickBackend) -> None:
    wire.answers["getProjectSDK"] = {"project": None}
    assert backend.describe() is None
    with pytest.raises(BackendError, match="has no project") as raised:
        backend.project()
    assert raised.value.kind == "invalid"


@pytest.mark.parametrize(
    ("status", "kind"), [("CREATING", "transient"), ("REMOVING", "invalid"), ("X", "invalid")]
)
def test_a_project_that_is_not_ready(
    wire: Wire, backend: RedbrickBackend, status: str, kind: str
) -> None:
    wire.answers["getProjectSDK"] = {"project": {**PROJECT_ANSWER["project"], "status": status}}
    with pytest.raises(BackendError) as raised:
        backend.project()
    assert raised.value.kind == kind
