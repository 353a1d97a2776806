"""Conversions in other processes: the same results, the same errors, and no loss when one dies."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial

import pytest

from rbsync.masks import MaskError
from rbsync.masks.png import read_header
from rbsync.sync.processes import Processes


@pytest.fixture
def processes() -> Iterator[Processes]:
    made = Processes(2, worth_it=0)
    deadline = time.monotonic() + 60
    while made(os.getpid) == os.getpid():
        assert time.monotonic() < deadline, "no process was ever ready"
        time.sleep(0.02)
    yield made
    made.close()


def test_an_error_comes_back_as_it_was(processes: Processes) -> None:
    with pytest.raises(MaskError) as caught:
        processes(partial(read_header, b"no picture at all, by no means", file="m.png"))
    assert (caught.value.code, caught.value.file) == ("not-a-png", "m.png")


def test_work_goes_on_here_when_a_process_is_killed(processes: Processes) -> None:
    os.kill(processes(os.getpid), signal.SIGKILL)
    assert processes(partial(divmod, 7, 2)) == (3, 1)
    while processes(os.getpid) != os.getpid():
        time.sleep(0.01)


def test_little_work_is_done_here() -> None:
    few = Processes(2, worth_it=3)
    assert [few(os.getpid) for _ in range(3)] == [os.getpid()] * 3
    few.close()


def test_one_processor_needs_no_others() -> None:
    alone = Processes(1, worth_it=0)
    assert alone(os.getpid) == os.getpid()
    alone.close()
