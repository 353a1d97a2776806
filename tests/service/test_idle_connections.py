"""A client that stops in the middle of a request does not keep its connection for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.service.server import Protocol
from tests.service.serving import serving

IDLE = 0.4


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(Protocol, "idle", IDLE)
    with serving(tmp_path / "p") as client:
        host, _, port = client.url.removeprefix("http://").partition(":")
        yield host, int(port)


def closed_after(connection: socket.socket) -> float:
    """In how many seconds the other end closes a connection."""
    began = time.monotonic()
    connection.settimeout(20)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /graphql/ HTTP/1.1\r\nHost: ",
        b"POST /graphql/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_connection_without_the_rest_of_a_request_is_closed(
    said: bytes, address: tuple[str, int]
) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(said)
        assert IDLE * 0.5 < closed_after(connection) < 15


def test_a_slow_client_that_goes_on_is_heard_to_the_end(address: tuple[str, int]) -> None:
    request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection(address) as connection:
        for at in range(0, len(request), 8):
            connection.sendall(request[at : at + 8])
            time.sleep(IDLE / 4)
        connection.settimeout(20)
        assert connection.recv(4096).startswith(b"HTTP/1.1 ")


def test_a_connection_between_two_requests_stays_for_the_next(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.settimeout(20)
        for _ in range(2):
            connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 ")
            time.sleep(IDLE * 3)
