"""Requests that all is applied, and who asks them."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rbsync.watcher import flushing
from rbsync.watcher.flushing import SOCKET, Flush, Flushes, FlushServer, ask


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flushes]:
    """The requests that come to a server in a folder."""
    monkeypatch.setattr(flushing, "ASKED_AGAIN", 0.01)
    found = Flushes()
    server = FlushServer(str(tmp_path), found.add)
    yield found
    server.close()


def until_open(asked: Flushes, *, is_open: bool) -> None:
    """Waits for it. The limit of time is that of the test."""
    while asked.are_open != is_open:
        asked.take()
        time.sleep(0.001)


def connected(folder: Path, text: str) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(folder / SOCKET))
    connection.sendall(text.encode())
    return connection


def test_a_request_is_open_until_a_look_that_began_after_it_leaves_nothing() -> None:
    asked, request = Flushes(), Flush(None)
    asked.add(request)
    assert asked.take()
    asked.look_ended(request.asked - 1, lambda _: [])
    asked.look_ended(request.asked + 1, lambda _: ["a.png"])
    assert asked.are_open
    asked.look_ended(request.asked + 2, lambda _: [])
    assert not asked.are_open
    assert request.wait() == {"done": True, "left": []}


def test_one_whose_asker_is_gone_is_forgotten(tmp_path: Path, asked: Flushes) -> None:
    with connected(tmp_path, '{"timeout": null}\n'):
        until_open(asked, is_open=True)
    until_open(asked, is_open=False)


def test_who_has_said_all_still_waits_for_the_answer(tmp_path: Path, asked: Flushes) -> None:
    with connected(tmp_path, '{"timeout": null}\n') as connection:
        connection.shutdown(socket.SHUT_WR)
        until_open(asked, is_open=True)
        # Meanwhile it is looked for several times.
        time.sleep(0.05)
        asked.look_ended(time.monotonic(), lambda _: [])
        assert json.loads(connection.makefile().readline()) == {"done": True, "left": []}


def test_one_whose_time_is_over_is_forgotten(tmp_path: Path, asked: Flushes) -> None:
    assert ask(str(tmp_path), 0.01) == (False, [])
    asked.take()
    assert not asked.are_open


@pytest.mark.parametrize("text", ["", "5\n", "{}\n", "[1]\n", '{"timeout": "soon"}\n', "\x00\n"])
def test_who_says_something_else_gets_no_answer_and_harms_nobody(
    tmp_path: Path, asked: Flushes, text: str
) -> None:
    with connected(tmp_path, text) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""
    assert not asked.take()
    assert ask(str(tmp_path), 0.01) == (False, [])
