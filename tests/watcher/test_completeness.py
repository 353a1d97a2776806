"""Files that are written, and files that are finished: real ones, with real writers."""

from __future__ import annotations

import errno
import mmap
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rbsync.files.readiness import Group
from rbsync.files.roots import Roots
from rbsync.watcher import lease
from rbsync.watcher.announcing import Announcer
from rbsync.watcher.completeness import Completeness
from rbsync.watcher.hindrances import Hindrances
from rbsync.watcher.quiet import last_change
from rbsync.watcher.telling import Message
from tests.hints.following import follows
from tests.scenarios.pictures import png
from tests.scenarios.project import Project

MINUTE = 60_000_000_000


def asked(folder: Path, name: str, complete: Completeness) -> str:
    descriptor = os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK)
    try:
        return complete.before_reading(descriptor, name)
    finally:
        os.close(descriptor)


class Clock:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def later(tmp_path: Path, clock: Clock) -> Completeness:
    """Asks when a minute has gone by since the files were written."""
    lease.expect_signals()
    (tmp_path / "a.png").write_bytes(b"whole")
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    return Completeness(
        str(tmp_path), settle=2, group=30, clock=clock.now, wall=lambda: changed + MINUTE
    )


def test_a_file_that_stands_still_is_finished(tmp_path: Path, later: Completeness) -> None:
    assert asked(tmp_path, "a.png", later) == ""
    assert later.waiting() == []


def test_a_file_that_is_open_for_writing_waits(tmp_path: Path, later: Completeness) -> None:
    with open(tmp_path / "a.png", "ab"):
        assert "open for writing" in asked(tmp_path, "a.png", later)
        assert [one.why for one in later.waiting()] == ["writer"]
    assert asked(tmp_path, "a.png", later) == ""
    assert later.waiting() == []


def test_a_file_that_is_mapped_waits_though_no_descriptor_is_left(
    tmp_path: Path, later: Completeness
) -> None:
    with open(tmp_path / "a.png", "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    assert "open for writing" in asked(tmp_path, "a.png", later)
    mapped.close()
    assert asked(tmp_path, "a.png", later) == ""


def test_a_writer_that_comes_while_a_file_is_sent_is_seen(
    tmp_path: Path, later: Completeness
) -> None:
    descriptor = os.open(tmp_path / "a.png", os.O_RDONLY)
    try:
        assert later.before_reading(descriptor, "a.png") == ""
        ctime = os.fstat(descriptor).st_ctime_ns
        with open(tmp_path / "a.png", "ab"):
            assert "open for writing" in later.after_reading(descriptor, "a.png", ctime)
        assert later.after_reading(descriptor, "a.png", ctime) == ""
        # One that came and went is seen by the time that it left.
        with open(tmp_path / "a.png", "ab") as file:
            file.write(b"more")
        assert "changed while it was sent" in later.after_reading(descriptor, "a.png", ctime)
    finally:
        os.close(descriptor)


def test_a_file_that_has_just_changed_waits_until_it_is_quiet(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "a.png").write_bytes(b"new")
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    complete = Completeness(
        str(tmp_path), settle=2, group=30, clock=clock.now, wall=lambda: changed + 500_000_000
    )
    assert asked(tmp_path, "a.png", complete)
    assert complete.next_due() == pytest.approx(101.5)


def test_without_leases_a_file_stands_still_four_times_as_long_by_what_was_seen(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    complete = Completeness(
        str(tmp_path),
        settle=2,
        group=30,
        clock=clock.now,
        wall=lambda: changed + MINUTE,
        probe=lambda _: "unknown",
    )
    assert asked(tmp_path, "a.png", complete)
    clock.seconds += 7
    assert asked(tmp_path, "a.png", complete)
    clock.seconds += 2
    assert asked(tmp_path, "a.png", complete) == ""
    assert complete.unproven


def test_without_leases_the_look_after_the_wait_finds_the_file_finished(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    complete = Completeness(
        str(tmp_path), settle=2, group=30, clock=clock.now, probe=lambda _: "unknown"
    )
    assert asked(tmp_path, "a.png", complete)
    clock.seconds = complete.next_due() + 0.1
    assert complete.ask_again(Roots(str(tmp_path)))
    assert asked(tmp_path, "a.png", complete) == ""


def test_without_leases_a_file_with_holes_stands_still_as_long_as_a_group(
    tmp_path: Path, clock: Clock
) -> None:
    with open(tmp_path / "a.nii", "wb") as file:
        file.truncate(1 << 16)
    complete = Completeness(
        str(tmp_path), settle=2, group=30, clock=clock.now, probe=lambda _: "unknown"
    )
    assert asked(tmp_path, "a.nii", complete)
    clock.seconds += 29
    assert asked(tmp_path, "a.nii", complete)
    clock.seconds += 2
    assert asked(tmp_path, "a.nii", complete) == ""


def test_a_lease_that_a_network_disk_grants_proves_nothing(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    complete = Completeness(
        str(tmp_path),
        settle=2,
        group=30,
        clock=clock.now,
        wall=lambda: changed + MINUTE,
        shared=lambda _: "nfs4",
    )
    assert asked(tmp_path, "a.png", complete)
    assert any("nfs4" in why for why in complete.unproven)


def test_a_lease_proves_nothing_in_a_folder_that_clients_of_nfs_3_write_to(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    complete = Completeness(
        str(tmp_path),
        settle=2,
        group=30,
        clock=clock.now,
        wall=lambda: changed + MINUTE,
        exported=lambda: (str(tmp_path),),
    )
    assert asked(tmp_path, "a.png", complete)
    assert any("NFS 3" in why for why in complete.unproven)


@pytest.mark.parametrize("name", ["a.png.part", "b.tmp", "c.crdownload", "d~", ".e.png"])
def test_names_of_unfinished_files_wait(tmp_path: Path, later: Completeness, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert asked(tmp_path, name, later)


def test_a_download_beside_its_list_of_parts_waits(tmp_path: Path, later: Completeness) -> None:
    (tmp_path / "a.png.aria2").write_bytes(b"x")
    assert asked(tmp_path, "a.png", later)


def test_a_group_waits_for_a_quiet_folder(tmp_path: Path, later: Completeness) -> None:
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    group = Group("video", ("a.png",), (), changed + MINUTE)
    assert later.before_group(group)
    assert [one.why for one in later.waiting()] == ["group"]
    assert later.before_group(group._replace(folders=("",), changed=changed)) == ""
    assert later.assumed == "video"


@follows("say how to know it: `complete_when`")
def test_a_group_that_nothing_proves_is_told_and_a_sign_of_its_own_ends_that(
    tmp_path: Path, later: Completeness
) -> None:
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    group = Group("video", ("a.png",), (), changed + MINUTE)
    told: list[Message] = []
    teller: Any = SimpleNamespace(message=told.append, waits=told.append)
    hindrances = Hindrances(str(tmp_path), later, teller, Announcer(teller))
    assert later.before_group(group)
    assert later.before_group(group._replace(folders=("",), changed=changed)) == ""
    hindrances._tell_assumed()
    assert [one.hint for one in told] == ["say how to know it: `complete_when`"]
    project = Project(tmp_path / "data")
    project.write("videos/video/a.png", png(1))
    project.write("videos/video/done", "")
    project.manifest(
        "project: {type: VIDEO_BBOX}\ndatapoints:\n"
        "  - {frames: videos/*/, complete_when: {marker: done}}\n"
    )
    assert project.run("plan").last_line.startswith("Plan: 1 to create")


WRITER = """
import os, sys
print("ready", flush=True)
while True:
    os.close(os.open(sys.argv[1], os.O_WRONLY))
"""


def test_writers_that_open_a_file_while_it_is_asked_end_nobody(
    tmp_path: Path, later: Completeness
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "a.png")], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        writer.stdout.readline()
        answers = {asked(tmp_path, "a.png", later) == "" for _ in range(5000)}
        writer.kill()
    assert answers <= {True, False}
    assert asked(tmp_path, "a.png", later) == ""


def test_a_group_whose_times_lie_ahead_waits_by_what_was_seen_of_it(
    tmp_path: Path, later: Completeness, clock: Clock
) -> None:
    changed = (tmp_path / "a.png").stat().st_ctime_ns
    group = Group("video", ("a.png",), (), changed + 60 * MINUTE)
    assert later.before_group(group)
    clock.seconds += 20
    grown = group._replace(paths=("a.png", "b.png"))
    assert later.before_group(grown)
    clock.seconds += 20
    later.look_begins()
    assert later.before_group(grown)
    # Neither a new look nor the question whether it is due may begin the waiting anew.
    clock.seconds += 11
    assert later.ask_again(Roots(str(tmp_path)))
    assert later.before_group(grown) == ""


def test_a_file_that_its_server_forgot_is_left_to_the_next_look(
    tmp_path: Path, clock: Clock
) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    first: list[lease.Answer] = ["writer"]

    def forgotten(_: int) -> lease.Answer:
        if first:
            return first.pop()
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    complete = Completeness(str(tmp_path), settle=2, group=30, clock=clock.now, probe=forgotten)
    assert asked(tmp_path, "a.png", complete)
    clock.seconds += 60
    assert complete.ask_again(Roots(str(tmp_path)))
    assert complete.waiting() == []


def test_times_that_lie_ahead_do_not_tell_when_a_file_changed() -> None:
    assert last_change(5, 7, 10) == 7
    assert last_change(50, 7, 10) == 7
    assert last_change(50, 70, 10) == 0
