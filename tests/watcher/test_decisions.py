"""The decisions of the watcher, with times as arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.model.fingerprint import Fingerprint
from rbsync.watcher.disks import MountedDisks, exported_folders, mounted_below, shared_kind
from rbsync.watcher.grace import Grace
from rbsync.watcher.quiet import Growth, needed, next_pause
from rbsync.watcher.retries import LONGEST, LONGEST_PASSING, Pause, Retries
from rbsync.watcher.schedule import SLACK, Schedule
from rbsync.watcher.sight import with_parents
from rbsync.watcher.whole_trees import bases

ONE, OTHER = Fingerprint("a", "", "b"), Fingerprint("c", "", "b")
GIB = 1 << 30


def test_a_file_is_quiet_for_the_settle_time() -> None:
    assert needed(2, 0, 0, proven=True) == 2


def test_where_no_writer_can_be_seen_it_is_four_times_as_long() -> None:
    assert needed(2, 0, 0, proven=False) == 8


def test_the_larger_and_the_slower_a_file_grew_the_longer_is_waited() -> None:
    assert needed(2, GIB, 0, proven=True) == 4
    assert needed(2, 0, 5, proven=True) == 10
    assert needed(2, 0, 500, proven=True) == 20


def test_the_longest_pause_of_a_writer_is_remembered() -> None:
    growth = Growth((1, 1, 1), 10).seen((2, 2, 2), 13).seen((2, 2, 2), 20).seen((3, 3, 3), 21)
    assert growth.longest == 8
    assert growth.changed == 21


def test_pauses_of_asking_grow_to_five_seconds() -> None:
    pauses = [0.0]
    for _ in range(7):
        pauses.append(next_pause(pauses[-1]))
    assert pauses[1:] == [0.25, 0.5, 1, 2, 4, 5, 5]


def test_a_delete_is_done_after_its_grace() -> None:
    grace = Grace(60)
    assert grace.over(["a"], 0) == frozenset()
    assert grace.over(["a", "b"], 59) == frozenset()
    assert grace.next_due() == 60
    assert grace.over(["a", "b"], 60) == {"a"}
    assert grace.next_due() == 119


def test_a_file_that_came_back_begins_its_grace_anew() -> None:
    grace = Grace(60)
    grace.over(["a"], 0)
    grace.over([], 30)
    assert grace.over(["a"], 61) == frozenset()
    assert grace.over(["a"], 121) == {"a"}


def test_what_failed_waits_longer_each_time_up_to_ten_minutes() -> None:
    retries = Retries()
    now, pauses = 0.0, []
    for _ in range(12):
        retries.failed("a", ONE, "no", now)
        pauses.append(retries.next_due() - now)
        now = retries.next_due()
    assert pauses[:3] == [2, 4, 8]
    assert pauses[-1] == LONGEST


def test_what_a_service_does_not_take_just_then_waits_for_a_minute_at_most() -> None:
    retries = Retries()
    for _ in range(12):
        retries.failed("a", ONE, "busy", 0.0, passes=True)
    assert retries.next_due() == LONGEST_PASSING


def test_once_one_of_them_is_taken_the_others_are_tried_soon() -> None:
    retries = Retries()
    for _ in range(6):
        for name in "abc":
            retries.failed(name, ONE, "busy", 0.0, passes=name != "c")
    # What comes new tells nothing of those that were refused.
    retries.succeeded(["new"], 1.0)
    assert retries.next_due() == 60
    retries.succeeded(["a"], 1.0)
    assert not retries.waits("b", ONE, 3.0)
    assert retries.waits("c", ONE, 3.0)
    retries.failed("b", ONE, "busy", 3.0, passes=True)
    assert retries.next_due() == 5.0


def test_other_content_is_tried_at_once() -> None:
    retries = Retries()
    retries.failed("a", ONE, "no", 0)
    assert retries.waits("a", ONE, 1)
    assert not retries.waits("a", OTHER, 1)
    assert not retries.waits("a", ONE, 2)


def test_the_same_error_is_news_once() -> None:
    retries = Retries()
    assert retries.failed("a", ONE, "no", 0)
    assert not retries.failed("a", ONE, "no", 9)
    assert retries.failed("a", ONE, "never", 99)


def test_what_is_not_planned_any_more_is_forgotten() -> None:
    retries = Retries()
    retries.failed("a", ONE, "no", 0)
    retries.keep(frozenset())
    assert retries.names == []


def test_a_burst_is_one_look() -> None:
    schedule = Schedule(2, 600)
    assert schedule.due() == 0
    schedule.begun()
    schedule.ended(1, 0.1)
    schedule.hint(10)
    schedule.hint(11.5)
    assert schedule.due() == 12 + SLACK


def test_without_hints_a_look_comes_after_the_rescan_time() -> None:
    schedule = Schedule(2, 600)
    schedule.begun()
    schedule.ended(1, 0.1)
    assert schedule.due() == 601


def test_what_is_hinted_while_a_look_runs_is_looked_at_after_it() -> None:
    schedule = Schedule(2, 600)
    schedule.begun()
    schedule.hint(0.5)
    schedule.ended(1, 1)
    assert schedule.due() == 2.5 + SLACK


def test_polls_of_a_huge_tree_leave_pauses() -> None:
    schedule = Schedule(2, 600, poll=1)
    schedule.begun()
    schedule.ended(20, 20)
    assert schedule.due() == 220


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "fuse", "ceph"])
def test_disks_of_others_are_known(kind: str) -> None:
    mounts = f"/dev/sda1 / ext4 rw 0 0\nserver:/x /data {kind} rw 0 0\n"
    assert shared_kind("/data/images", mounts) == kind
    assert shared_kind("/home", mounts) == ""


def test_folders_that_this_machine_serves_by_nfs_3_are_known(tmp_path: Path) -> None:
    table, versions = tmp_path / "etab", tmp_path / "versions"
    table.write_text("/data/my\\040scans\t*(rw,sync,no_subtree_check)\n# nothing\n")
    versions.write_text("-2 +3 +4 +4.1 +4.2\n")
    assert exported_folders(str(table), str(versions)) == ("/data/my scans",)
    # Clients of NFS 4 open files at the server, which leases see.
    versions.write_text("-2 -3 +4 +4.1 +4.2\n")
    assert exported_folders(str(table), str(versions)) == ()
    assert exported_folders(str(tmp_path / "none"), str(versions)) == ()


def test_disks_that_are_gone_are_known_until_they_are_back() -> None:
    places = {"/data/disk"}
    disks = MountedDisks("/data", lambda _: frozenset(places))
    assert disks.gone() == []
    places.clear()
    assert disks.gone() == ["/data/disk"]
    places.add("/data/disk")
    assert disks.gone() == []


def test_disks_below_a_folder_are_those_mounted_in_it() -> None:
    mounts = "a / ext4 rw 0 0\nb /data ext4 rw 0 0\nc /data/x\\040y ext4 rw 0 0\nd /database ext4\n"
    assert mounted_below("/data", mounts) == {"/data", "/data/x y"}


def test_the_folders_on_the_way_to_what_was_looked_at_are_watched_too() -> None:
    assert with_parents(["images/a/b", "classes.json", "/other/x"]) == {
        "", "images", "images/a", "images/a/b", "classes.json", "/other", "/other/x",
    }  # fmt: skip


def test_the_pause_of_the_whole_loop_grows_to_a_minute_and_begins_anew() -> None:
    pause = Pause()
    lengths = []
    for _ in range(7):
        pause.begin(100)
        lengths.append(pause.until - 100)
    assert lengths == [2, 4, 8, 16, 32, 60, 60]
    pause.over()
    pause.begin(100)
    assert pause.until == 102


def test_only_folders_that_were_looked_at_are_watched() -> None:
    assert bases(["", "images/a", "images/b/c", "/other"]) == {"", "images", "/other"}
