"""`rbsync watch` as a process of its own, with writers that take their time."""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png
from tests.scenarios.project import COMMAND, Project
from tests.scenarios.watching import MANIFEST, SETTLE, names, watching


@pytest.fixture
def watched(tmp_path: Path) -> Project:
    project = Project(tmp_path / "data")
    project.manifest(MANIFEST)
    project.write("images/first.png", png(1))
    return project


def test_once_applies_what_is_there_and_ends(watched: Project) -> None:
    ran = watched.run("watch", "--once", "--settle", "0")
    assert (ran.code, ran.out) == (0, "created images/first.png\n")
    assert watched.names() == ["images/first.png"]
    assert watched.run("watch", "--once", "--settle", "0").out == ""


def test_once_ends_as_apply_does_with_a_file_that_is_cut_off(watched: Project) -> None:
    watched.write("images/cut.png", png(2)[:40])
    ran = watched.run("watch", "--once", "--settle", "0")
    assert ran.code == 3
    assert "images/cut.png" in ran.err
    assert watched.names() == ["images/first.png"]


def test_plan_only_says_what_would_be_done(watched: Project) -> None:
    ran = watched.run("watch", "--once", "--settle", "0", "--plan-only")
    assert (ran.code, ran.out) == (0, "create images/first.png\n")
    assert watched.names() == []


def test_a_slow_writer_is_waited_for(watched: Project) -> None:
    data = png(2)
    with watching(watched) as running:
        with (watched.folder / "images/slow.png").open("wb") as file:
            file.write(data[:40])
            file.flush()
            running.until(
                lambda: [one for one in running.events("waiting") if one["why"] == "writer"]
            )
            file.write(data[40:])
            file.flush()
            looks = len(running.events("look"))
            watched.write("images/hint.png", png(3))
            running.until(lambda: len(running.events("look")) > looks)
            assert "images/slow.png" not in names(running)
        running.until(lambda: "images/slow.png" in names(running))
    assert [one["name"] for one in running.events("outcome")].count("images/slow.png") == 1


def test_a_mapping_without_a_descriptor_is_waited_for(watched: Project) -> None:
    data = png(2)
    place = watched.folder / "images/mapped.png"
    with watching(watched) as running:
        with place.open("w+b") as file:
            file.truncate(len(data))
            mapped = mmap.mmap(file.fileno(), len(data))
        running.until(lambda: running.events("waiting"))
        mapped[:] = data
        mapped.close()
        running.until(lambda: "images/mapped.png" in names(running))
    assert len(running.events("outcome")) == 2


def test_folders_that_are_made_or_moved_in_are_looked_into(
    watched: Project, tmp_path: Path
) -> None:
    tree = Project(tmp_path / "tree")
    for number in range(20):
        tree.write(f"a/{number}/{number}.png", png(100 + number))
    with watching(watched) as running:
        watched.write("images/x/y/z/deep.png", png(2))
        os.rename(tree.folder, watched.folder / "images/tree")
        assert running.flush("--timeout", "60") == 0
        assert len(watched.names()) == 22


def test_a_flush_returns_when_all_is_applied(watched: Project) -> None:
    with watching(watched) as running:
        for number in range(2):
            file = watched.write(f"images/{number}.png", png(10 + number))
            # A camera with a wrong clock: what it dates in years to come was closed before, too.
            os.utime(file, (1 << 32, 1 << 32))
            assert running.flush() == 0
            assert f"images/{number}.png" in watched.names()


def test_a_flush_that_runs_out_of_time_names_what_waits(watched: Project) -> None:
    with watching(watched):
        watched.write("images/cut.png", png(2)[:40])
        # As much time as the watch needs to look once.
        for seconds in ("2", "60"):
            ran = watched.run("watch", "--flush", "--timeout", seconds)
            assert ran.code == 3
            if ran.out:
                break
        assert "images/cut.png" in ran.out


@follows("start one: rbsync watch", "`rbsync watch --flush` asks it to apply all that is there")
def test_a_flush_wants_a_watch_and_a_second_watch_is_told_to_flush(watched: Project) -> None:
    ran = watched.run("watch", "--flush")
    assert ran.code == 1
    assert "start one: rbsync watch" in ran.err
    with watching(watched) as running:
        ran = watched.run("watch", "--once")
        assert ran.code == 4
        assert "another watcher" in ran.err
        assert "`rbsync watch --flush` asks it to apply all that is there" in ran.err
        assert running.flush() == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130), (signal.SIGHUP, 130)]
)
def test_signals_end_it_cleanly(watched: Project, number: int, code: int) -> None:
    with watching(watched) as running:
        assert running.end(number) == code
        assert running.events("document")[0]["exit_code"] == code


def test_nohup_keeps_it_running_when_its_terminal_is_closed(watched: Project) -> None:
    command = ["nohup", *COMMAND, "watch", "--json-lines"]
    with subprocess.Popen(command, cwd=watched.folder, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout
        # A line that it prints comes after it has taken the signals that end it.
        assert watch.stdout.readline()
        watch.send_signal(signal.SIGHUP)
        watched.write("images/later.png", png(77))
        assert watched.run("watch", "--flush").code == 0
        assert "images/later.png" in watched.names()
        watch.terminate()
        watch.stdout.read()
    assert watch.returncode == 0


def test_deletes_wait_for_their_grace_and_files_may_come_back(watched: Project) -> None:
    for number in range(30):
        watched.write(f"images/{number}.png", png(10 + number))
    # Long enough for a slow machine to write a file anew.
    with watching(watched, "--prune", "--grace", "5") as running:
        assert running.flush() == 0
        (watched.folder / "images/0.png").unlink()
        (watched.folder / "images/1.png").unlink()
        assert running.flush() == 0
        watched.write("images/1.png", png(11))
        running.until(
            lambda: [one for one in running.events("outcome") if one["outcome"] == "removed"]
        )
        assert running.flush() == 0
        assert "images/0.png" not in watched.names()
        assert "images/1.png" in watched.names()
    gone = [one["name"] for one in running.events("outcome") if one["outcome"] == "removed"]
    assert gone == ["images/0.png"]


def test_nothing_is_deleted_without_prune(watched: Project) -> None:
    with watching(watched, "--grace", "0") as running:
        assert running.flush() == 0
        (watched.folder / "images/first.png").unlink()
        watched.write("images/other.png", png(2))
        assert running.flush() == 0
        assert watched.names() == ["images/first.png", "images/other.png"]


def test_a_folder_that_is_moved_away_deletes_nothing(watched: Project) -> None:
    for number in range(3):
        watched.write(f"images/{number}.png", png(10 + number))
    with watching(watched, "--prune", "--grace", "0") as running:
        assert running.flush() == 0
        os.rename(watched.folder / "images", watched.folder / "away")
        running.until(lambda: [one for one in running.events("message") if one["code"] == "unread"])
        os.rename(watched.folder / "away", watched.folder / "images")
        watched.write("images/new.png", png(2))
        assert running.flush() == 0
        assert len(watched.names()) == 5
    assert not [one for one in running.events("outcome") if one["outcome"] == "removed"]


def test_a_broken_manifest_is_told_once_and_the_last_one_stays_in_force(watched: Project) -> None:
    with watching(watched, "--prune", "--grace", "0") as running:
        whole = (watched.folder / "rbsync.yaml").read_text()
        watched.manifest(MANIFEST + "masks: 7\n")
        watched.write("images/during.png", png(2))
        assert running.flush() == 0
        # Another branch that is checked out may have neither the manifest nor the files.
        (watched.folder / "images/first.png").unlink()
        watched.write("images/during2.png", png(3))
        assert running.flush() == 0
        assert len(running.counted()) == 3
        assert not [one for one in running.events("outcome") if one["outcome"] == "removed"]
        (watched.folder / "rbsync.yaml").write_text(whole)
        running.until(lambda: "manifest-mended" in running.messages())
        assert running.flush() == 0
        assert watched.names() == ["images/during.png", "images/during2.png"]
    assert [one["code"] for one in running.events("message")] == ["manifest", "manifest-mended"]


def test_it_comes_to_rest(watched: Project) -> None:
    out = watched.folder.parent / "events.jsonl"
    with watching(watched, "--health", "health.json") as running:
        assert running.flush() == 0
        # Looks that follow each other would write a line every settle time, and this never hold.
        running.until(lambda: time.time() - out.stat().st_mtime > 5 * float(SETTLE))
        assert json.loads((watched.folder / "health.json").read_text())["done"] == 1


def test_polling_finds_what_events_would(watched: Project) -> None:
    with watching(watched, "--poll", "0.1") as running:
        watched.write("images/x/late.png", png(2))
        running.until(lambda: "images/x/late.png" in names(running))


def test_it_works_against_a_service(tmp_path: Path) -> None:
    with served(tmp_path / "service") as service:
        project = RemoteProject(tmp_path / "data", service.url)
        project.manifest('datapoints:\n  - glob: "images/**/*.png"\n')
        project.write("images/first.png", png(1))
        ran = project.run("watch", "--once", "--settle", "0")
        assert ran.out == "created images/first.png\n"
        assert project.names() == ["images/first.png"]


def test_who_reads_its_lines_no_more_does_not_end_it(watched: Project) -> None:
    with watched.start("watch", "--settle", "0.05") as process:
        assert process.stdout
        assert process.stdout.readline() == "created images/first.png\n"
        process.stdout.close()
        for number in range(2):
            watched.write(f"images/{number}.png", png(10 + number))
            assert watched.run("watch", "--flush").code == 0
        process.terminate()
        assert process.wait() == 0
    assert len(watched.names()) == 3
