"""What was acknowledged is there, whatever happens to the process at whatever moment."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from rbsync.backends.local import LocalBackend
from tests.backends.local.victim import data_of
from tests.victims import Start


def promised(text: str) -> dict[str, str]:
    """The names and task ids of whole lines; the last one may be cut by the kill."""
    lines = text.split("\n")[:-1]
    return dict(line.split(" ") for line in lines)


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment_nothing_acknowledged_is_lost(
    folder: Path, start: Start, seed: int
) -> None:
    chance = random.Random(seed)
    kept: dict[str, str] = {}
    for number in range(2):
        process = start("create", folder, f"run{number}", 3000)
        first = process.heard()
        time.sleep(chance.uniform(0, 0.15))
        kept |= promised(first + process.killed())
    backend = LocalBackend(folder)
    found = {task.name: task for task in backend.list()}
    assert len(kept) >= 2
    assert {name: found[name].task_id for name in kept} == kept
    assert list(backend.verify()) == []
    for name, task in found.items():
        check_whole(backend, name, task.task_id)
    assert len(found) % 3 == 0
    backend.close()


def check_whole(backend: LocalBackend, name: str, task_id: str) -> None:
    stored = backend.stored(task_id)
    assert stored is not None
    with backend.open_item(stored.items[0][1]) as file:
        assert file.read() == data_of(name)
    text = backend.labels(task_id)
    assert text is not None
    assert text.count("bbox2d") == stored.task.labels == 2


def test_what_a_killed_process_left_is_collected(folder: Path, start: Start) -> None:
    process = start("create", folder, "run", 3000)
    process.heard()
    process.killed()
    half_written = folder / "blobs" / "incoming" / "left-over"
    half_written.write_bytes(b"half")
    os.utime(half_written, (0, 0))
    backend = LocalBackend(folder)
    backend.collect_garbage(grace=-1)
    assert not half_written.exists()
    assert list(backend.verify()) == []
    backend.close()


def test_two_processes_create_each_name_once(folder: Path, start: Start) -> None:
    racers = [start("race", folder, 150) for _ in range(2)]
    for racer in racers:
        racer.told("")
    outputs = [promised(racer.communicate(timeout=60)[0]) for racer in racers]
    assert outputs[0].keys().isdisjoint(outputs[1])
    backend = LocalBackend(folder)
    assert {task.name: task.task_id for task in backend.list()} == outputs[0] | outputs[1]
    assert len(outputs[0] | outputs[1]) == 150
    backend.close()


def test_processes_that_open_a_new_project_agree_on_it(folder: Path, start: Start) -> None:
    openers = [start("open", folder) for _ in range(4)]
    outputs = {opener.communicate("\n", timeout=60)[0] for opener in openers}
    assert len(outputs) == 1
    assert outputs.pop().strip() == LocalBackend(folder).project().identity
