"""What is small goes in one packet, head and body: a second one costs as much as the first."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rbsync.backends.redbrick.http.transport import Reply, Transport
from rbsync.files.body import FileBody

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Listener:
    """Answers each request, and keeps what came with the first read of each."""

    def __init__(self) -> None:
        self.first: list[bytes] = []
        self.whole: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/a"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.close()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection:
            while data := connection.recv(1 << 20):
                self.first.append(data)
                head, _, body = data.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
                while len(body) < length:
                    body += connection.recv(1 << 20)
                self.whole.append(body)
                connection.sendall(OK)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@contextmanager
def file_of(folder: Path, data: bytes) -> Iterator[FileBody]:
    path = folder / "file"
    path.write_bytes(data)
    with FileBody(os.open(path, os.O_RDONLY), "file", "xxh3") as body:
        yield body


def put(listener: Listener, body: FileBody) -> Reply:
    transport = Transport()
    headers = {"Content-Length": str(body.size)}
    reply = transport.send("PUT", listener.url, headers, body, seconds=10)
    transport.close()
    return reply


def test_an_operation_is_one_packet(listener: Listener) -> None:
    transport = Transport()
    for number in range(3):
        body = b"body %d" % number
        assert transport.send("POST", listener.url, {"A": "b"}, body, seconds=10).status == 200
    transport.close()
    assert [one.rpartition(b"\r\n\r\n")[2] for one in listener.first] == listener.whole
    assert listener.whole == [b"body 0", b"body 1", b"body 2"]


def test_a_small_file_is_one_packet(listener: Listener, tmp_path: Path) -> None:
    with file_of(tmp_path, b"a picture") as body:
        assert put(listener, body).status == 200
    assert listener.first[0].endswith(b"\r\n\r\na picture")
    assert listener.whole == [b"a picture"]


@pytest.mark.parametrize("size", [0, (1 << 20) - 1, 1 << 20, (3 << 20) + 5])
def test_all_of_a_file_arrives_whatever_its_size(
    listener: Listener, tmp_path: Path, size: int
) -> None:
    data = os.urandom(size)
    with file_of(tmp_path, data) as body:
        assert put(listener, body).status == 200
    assert listener.whole == [data]


def test_a_request_without_a_body_is_sent(listener: Listener) -> None:
    transport = Transport()
    assert transport.send("GET", listener.url, {}, seconds=10).status == 200
    transport.close()
    assert listener.first[0].startswith(b"GET /a HTTP/1.1\r\n")
