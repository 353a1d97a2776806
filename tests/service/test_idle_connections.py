"""A client that stops in the middle of a request does not keep its connection for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
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


def until_closed(connection: socket.socket) -> None:
    """Waits until the other end closes a connection."""
    connection.settimeout(60)
    try:
        while connection.recv(4096):
            pass
    except ConnectionError:
        pass


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
    began = time.monotonic()
    with socket.create_connection(address) as connection:
        connection.sendall(said)
        until_closed(connection)
    assert time.monotonic() - began > IDLE * 0.5


def test_a_slow_client_that_goes_on_is_heard_to_the_end(address: tuple[str, int]) -> None:
    answer, longest = b"", IDLE
    # This process may be stopped for longer than a slow client is: that was no such client.
    while longest > IDLE * 0.75:
        answer, longest = said_slowly(address)
    assert answer.startswith(b"HTTP/1.1 ")


def said_slowly(address: tuple[str, int]) -> tuple[bytes, float]:
    """The answer to a client that speaks slowly, and the longest pause that it made."""
    request = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    longest, said = 0.0, time.monotonic()
    with socket.create_connection(address) as connection, suppress(ConnectionError):
        connection.settimeout(60)
        for at in range(0, len(request), 8):
            longest, said = max(longest, time.monotonic() - said), time.monotonic()
            connection.sendall(request[at : at + 8])
            time.sleep(IDLE / 4)
        return connection.recv(4096), longest
    return b"", longest


def test_a_connection_between_two_requests_stays_for_the_next(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.settimeout(20)
        for _ in range(2):
            connection.sendall(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 ")
            time.sleep(IDLE * 3)
