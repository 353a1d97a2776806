"""Connections to a host: which are kept, and what comes of answers of every form."""

from __future__ import annotations

import contextlib
import gzip
import os
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from rbsync.backends.redbrick.http.connections import Request, begin
from rbsync.backends.redbrick.http.routes import Pools
from rbsync.backends.redbrick.http.transport import Transport
from rbsync.errors import BackendError
from rbsync.files.body import FileBody
from tests.backends.redbrick.wire import until_closed

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answer = bytes | Callable[[socket.socket, bytes], None]


class Host:
    """Answers each request with the next answer, the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [OK]
        self.heads: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(ConnectionError):
            while head := self._head(connection):
                self.heads.append(head)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if not isinstance(answer, bytes):
                    answer(connection, head)
                    return
                connection.sendall(answer)

    @staticmethod
    def _head(connection: socket.socket) -> bytes:
        data = b""
        while not data.endswith(b"\r\n\r\n"):
            piece = connection.recv(1)
            if not piece:
                return b""
            data += piece
        return data


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


def get(transport: Transport, host: Host, path: str = "/a", **more: Any) -> bytes:
    return transport.send("GET", host.url + path, {}, seconds=60, **more).body


def test_one_connection_is_used_again(host: Host, transport: Transport) -> None:
    assert [get(transport, host) for _ in range(3)] == [b"ok"] * 3
    assert host.connections == 1


def test_threads_have_connections_of_their_own(host: Host, transport: Transport) -> None:
    barrier = threading.Barrier(4)

    def answer(connection: socket.socket, _: bytes) -> None:
        barrier.wait(60)
        connection.sendall(OK)

    host.answers = [answer]
    threads = [threading.Thread(target=get, args=(transport, host)) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert host.connections == 4


def test_idle_connections_are_limited(host: Host) -> None:
    pools = Pools(2)
    request = Request("GET", host.url, {}, None)
    begin(5, 5)
    for _ in range(2):
        opened = [pools.answer(request, connect_seconds=5) for _ in range(3)]
        for one in opened:
            answer = one.__enter__()
            while answer.read(1 << 16):
                pass
        for one in opened:
            one.__exit__(None, None, None)
    # Of three connections two were kept, and one had to be opened anew.
    assert host.connections == 4
    pools.close()


def test_a_connection_that_the_host_says_it_closes_is_not_used_again(
    host: Host, transport: Transport
) -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    host.answers = [lambda connection, _: connection.sendall(closing), OK]
    assert [get(transport, host), get(transport, host)] == [b"ok", b"ok"]
    assert host.connections == 2


def test_a_connection_that_was_closed_while_idle_is_replaced(
    host: Host, transport: Transport
) -> None:
    host.answers = [lambda connection, _: connection.sendall(OK), OK]
    assert get(transport, host) == b"ok"
    until_closed(urlsplit(host.url).port or 0)
    assert get(transport, host) == b"ok"
    assert host.connections == 2


def test_an_answer_that_was_not_read_to_its_end_takes_its_connection_along(
    host: Host, transport: Transport
) -> None:
    host.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + bytes(3_000_000), OK]
    with pytest.raises(BackendError, match="the answer has more than 1 MiB"):
        get(transport, host, most=1 << 20)
    assert get(transport, host) == b"ok"
    assert host.connections == 2


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
            b"abc",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_bodies_of_every_form_are_read(
    host: Host, transport: Transport, answer: bytes, body: bytes
) -> None:
    host.answers = [lambda connection, _: connection.sendall(answer)]
    assert get(transport, host) == body


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    ],
)
def test_a_body_that_ends_early_is_no_answer(
    host: Host, transport: Transport, answer: bytes
) -> None:
    host.answers = [lambda connection, _: connection.sendall(answer)]
    with pytest.raises(BackendError, match=r"^127\.0\.0\.1: the connection broke$") as raised:
        get(transport, host)
    assert raised.value.sent


def encoded(body: bytes, encoding: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_an_answer_is_unpacked(host: Host, transport: Transport, encoding: str) -> None:
    host.answers = [encoded(gzip.compress(b"text"), encoding)]
    assert get(transport, host) == b"text"


def test_what_is_not_encoded_is_as_it_is(host: Host, transport: Transport) -> None:
    host.answers = [encoded(b"text", "identity")]
    assert get(transport, host) == b"text"


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"text", mtime=0)[:-9], "gzip"),
        (b"no gzip", "gzip"),
        (zlib.compress(b"text"), "deflate"),
        (b"?", "br"),
    ],
)
def test_what_cannot_be_unpacked_is_told(
    host: Host, transport: Transport, body: bytes, encoding: str
) -> None:
    host.answers = [encoded(body, encoding)]
    with pytest.raises(BackendError, match="the answer cannot be decompressed"):
        get(transport, host)


def test_a_bomb_is_not_unpacked(host: Host, transport: Transport) -> None:
    host.answers = [encoded(gzip.compress(bytes(64 << 20)), "gzip")]
    with pytest.raises(BackendError, match="the answer has more than 1 MiB"):
        get(transport, host, most=1 << 20)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/a%2fb?sig=%2b%2F+&x=a;b", "/a%2fb?sig=%2b%2F+&x=a;b"),
        ("/ä b?q=ü", "/%C3%A4%20b?q=%C3%BC"),
        ("", "/"),
        ("?q=1", "/?q=1"),
    ],
)
def test_an_address_arrives_as_it_was_given(
    host: Host, transport: Transport, path: str, sent: str
) -> None:
    """Presigned ones are signed as they are written."""
    get(transport, host, path)
    assert host.heads[0].split(b"\r\n")[0] == f"GET {sent} HTTP/1.1".encode()


def test_an_answer_that_comes_before_the_whole_file_was_sent_is_read(
    host: Host, transport: Transport, body: Callable[..., FileBody]
) -> None:
    def refuse(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 16):
            if len(host.heads) and time.monotonic() > until:
                return

    until = time.monotonic() + 0.2
    host.answers = [refuse]
    file = body(os.urandom(1 << 20) * 64)
    headers = {"Content-Length": str(file.size)}
    reply = transport.send("PUT", host.url, headers, file, seconds=10)
    assert reply.status == 413


@pytest.mark.parametrize("url", ["ftp://h/a?sig=1", "//h/a", "http://[::1/a", "http://h:123456/a"])
def test_an_address_that_is_none_is_told_without_what_is_secret_in_it(
    transport: Transport, url: str
) -> None:
    with pytest.raises(BackendError, match="the request failed") as raised:
        transport.send("GET", url, {}, seconds=5)
    assert "sig" not in str(raised.value)
    assert not raised.value.sent
