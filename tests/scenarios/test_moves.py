"""A renamed folder keeps its tasks: nothing that anybody drew is lost, wherever a run ends.

The whole size, 1,000 datapoints of which people worked on 300, and 50 kills:
`RBSYNC_MOVES=1000 pytest tests/scenarios/test_moves.py`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from rbsync.applier import carrying
from rbsync.backends.base import Draft, NewName
from rbsync.backends.local.backend import LocalBackend
from rbsync.backends.local.task_rows import ARCHIVED
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import BackendError
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from tests.hints.following import follows
from tests.scenarios.annotating import save_labels, save_settings
from tests.scenarios.offline_service import RemoteProject, Served, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.states import written_anew

SIZE = int(os.environ.get("RBSYNC_MOVES", "10"))
WORKED = SIZE * 3 // 10
KILLS = 50 if SIZE >= 1000 else 2
# Up to which a run is killed: a new one first looks up what the last one left open.
REQUESTS = 300 if SIZE >= 1000 else 25
pytestmark = pytest.mark.timeout(120 if SIZE < 1000 else 0)
MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\ndatapoints:\n"
    '  - glob: "{a,b}/*.png"\n    labels: "{dir}/{stem}.json"\n'
)
BUS = {**BOX, "category": [["object", "bus"]]}
OURS = ("--on-move", "carry", "--ours", "**")


def names(folder: str, size: int = SIZE) -> list[str]:
    return [f"{folder}/{number:04}.png" for number in range(size)]


def fill(project: Project, size: int = SIZE) -> None:
    project.manifest(MANIFEST)
    for number, name in enumerate(names("a", size)):
        project.write(name, png(number))
        project.write(name.replace(".png", ".json"), [BOX])
    ran = project.apply()
    assert ran.code == 0, ran


class Killed(BaseException):
    """Ends a run at once, as a kill does."""


class Site:
    """A service, and a project of it whose folder `a` is `b` now."""

    def __init__(self, folder: Path, service: Served) -> None:
        self.folder = folder
        self.service = service
        self.project = RemoteProject(folder / "mine", service.url)
        fill(self.project)
        (self.project.folder / "a").rename(self.project.folder / "b")

    def draw(self, drawn: Sequence[str], *labels: dict[str, Any]) -> None:
        """Somebody saves other labels; the service stands in front of the folder."""
        for name in drawn:
            save_labels(self.folder / "service/project", name, list(labels))

    def labels(self) -> dict[str, list[Any]]:
        """The categories of the labels of all tasks, by their names."""
        return labels_in(self.folder / "service/project")

    def archived(self) -> list[str]:
        """The names of the tasks in which nobody can save anything."""
        with closing(LocalBackend(self.folder / "service/project")) as backend:
            return [one.task.name for one in backend.page(stage=ARCHIVED).tasks]

    def requests(self) -> int:
        return self.service.count("POST")


def labels_in(folder: Path) -> dict[str, list[Any]]:
    backend = LocalBackend(folder)
    try:
        return {
            one.task.name: [label["category"][0][-1] for label in json.loads(one.labels)]
            for one in backend.read()
        }
    finally:
        backend.close()


@pytest.fixture(params=["", "--rewrites"])
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    options = ["--type", "IMAGE_BBOX", *filter(None, [request.param])]
    with served(tmp_path / "service", *options) as service:
        yield Site(tmp_path, service)


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Site]:
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as service:
        yield Site(tmp_path, service)


def test_what_nobody_worked_on_is_carried_and_the_rest_is_kept_and_said_so(site: Site) -> None:
    worked = names("a")[:WORKED]
    site.draw(worked, BOX, BUS)
    plan = site.project.plan()
    assert plan["summary"]["move"] == SIZE - WORKED
    assert plan["apply_exit_code"] == 0
    kept = [one for one in plan["actions"] if one["reason"] == "kept"]
    assert [one["name"] for one in kept] == names("b")[:WORKED]
    assert all("kept as a/" in one["message"] for one in kept)

    before = site.requests()
    ran = site.project.apply()
    assert ran.code == 0, ran
    assert f"{SIZE - WORKED:,} moved, {WORKED:,} blocked" in ran.out
    # The looks of the plan, of all that may be moved, are in it.
    assert site.requests() - before <= 6 * SIZE
    assert site.labels() == {
        **{one: ["car", "bus"] for one in worked},
        **{one: ["car"] for one in names("b")[WORKED:]},
    }
    # Nothing is planned again of what is done, and what was left is still said.
    again = site.project.plan()
    assert again["summary"]["keep"] == SIZE - WORKED
    assert {one["reason"] for one in again["actions"]} == {"kept"}


def test_ours_carries_also_what_people_save_in_the_middle_of_it(site: Site) -> None:
    worked = names("a")[:WORKED]
    site.draw(worked, BOX, BUS)
    put_away = RedbrickBackend.put_away
    late = names("a")[:: max(1, SIZE // 10)]

    def meanwhile(self: RedbrickBackend, ids: Sequence[str]) -> None:
        """The new tasks are there, and people have the old ones open."""
        there = site.labels()
        site.draw([one for one in late if one in there], BUS, BUS, BUS)
        put_away(self, ids)

    before = site.requests()
    # In several batches: people save also in what is carried later, before its turn comes.
    with (
        mock.patch.object(RedbrickBackend, "put_away", meanwhile),
        mock.patch.object(carrying, "BATCH", max(4, SIZE // 20)),
    ):
        ran = site.project.apply(*OURS)
    assert ran.code == 0, ran
    assert site.requests() - before <= 6 * SIZE + 10
    found = site.labels()
    assert sorted(found) == names("b")
    for old, new in zip(names("a"), names("b"), strict=True):
        if old in late:
            assert found[new] == ["bus"] * 3, new
        else:
            assert found[new] == (["car", "bus"] if old in worked else ["car"]), new
    assert site.project.plan()["actions"] == []


def test_labels_come_along_where_another_clone_makes_the_new_task_without_them(
    plain: Site,
) -> None:
    plain.draw(["a/0000.png"], BOX, BUS)
    ignored = shutil.ignore_patterns(".rbsync")
    shutil.copytree(plain.project.folder, plain.folder / "other", ignore=ignored)
    other = RemoteProject(plain.folder / "other", plain.project.url)
    create = RedbrickBackend.create
    came: list[int] = []

    def meanwhile(self: RedbrickBackend, drafts: Sequence[Draft]) -> Any:
        if not came:
            came.append(other.start("apply", "--yes", "--on-move", "recreate").wait())
        return create(self, drafts)

    with mock.patch.object(RedbrickBackend, "create", meanwhile):
        ran = plain.project.apply("--jobs", "1", *OURS)
    assert (came, ran.code) == ([0], 0), ran
    assert plain.labels() == {
        name: ["car", "bus"] if name == "b/0000.png" else ["car"] for name in names("b")
    }


@follows("look at both tasks; `rbsync log NAME` has what was there before")
def test_settings_that_people_change_in_the_middle_of_it_come_along(site: Site) -> None:
    put_away, others = RedbrickBackend.put_away, site.service.others

    begun: list[Sequence[str]] = []

    def meanwhile(self: RedbrickBackend, ids: Sequence[str]) -> None:
        # While those of the first batch have both of their names.
        if not begun:
            save_settings(others, "a/0000.png", priority=0.25, seen="by Ann")
            save_settings(others, "a/0001.png", priority=0.25)
            save_settings(others, "b/0001.png", priority=0.75)
        begun.append(ids)
        put_away(self, ids)

    with mock.patch.object(RedbrickBackend, "put_away", meanwhile):
        ran = site.project.apply()
    assert ran.code == 3, ran
    assert "priority or metadata were changed under both names" in ran.err
    assert site.project.run("log", "a/0001.png").code == 0
    found = {one["name"]: (one["priority"], one["metadata"]) for one in site.project.tasks()}
    assert found["b/0000.png"] == (0.25, {**found["b/0000.png"][1], "seen": "by Ann"})
    assert (found["a/0001.png"][0], found["b/0001.png"][0]) == (0.25, 0.75)
    # What came along is still theirs: an update of labels leaves it as it is.
    site.project.write("b/0000.json", [BUS])
    assert site.project.apply("--target", "b/0000.png").code == 0
    assert {one["name"]: one["metadata"] for one in site.project.tasks()}["b/0000.png"] == (
        found["b/0000.png"][1]
    )


def test_labels_of_people_that_were_carried_are_still_theirs(site: Site) -> None:
    site.draw(["a/0000.png"], BOX, BUS)
    site.draw(["a/0001.png"])
    assert site.project.apply(*OURS).code == 0
    site.project.write("b/0000.json", [BUS])
    site.project.write("b/0001.json", [BUS])
    assert site.project.actions() == ["blocked b/0000.png", "blocked b/0001.png"]
    for number in range(2):
        site.project.write(f"b/000{number}.json", [BOX])
    assert site.project.run("pull").code == 0
    pulled = [json.loads((site.project.folder / f"b/000{one}.json").read_text()) for one in (0, 1)]
    assert [[one["category"] for one in each] for each in pulled] == [
        [BOX["category"], BUS["category"]],
        [],
    ]
    assert site.project.plan()["actions"] == []


@follows("look at both tasks; `rbsync log NAME` has what was there before")
def test_labels_saved_under_both_names_are_both_kept(plain: Site) -> None:
    put_away = RedbrickBackend.put_away

    def meanwhile(self: RedbrickBackend, ids: Sequence[str]) -> None:
        plain.draw(["a/0000.png"], BUS)
        plain.draw(["b/0000.png"], BUS, BUS)
        put_away(self, ids)

    with mock.patch.object(RedbrickBackend, "put_away", meanwhile):
        ran = plain.project.apply()
    assert ran.code == 3, ran
    assert "saved under both names" in ran.err
    assert "look at both tasks; `rbsync log NAME` has what was there before" in ran.err
    assert plain.project.run("log", "a/0000.png").code == 0
    found = plain.labels()
    assert (found["a/0000.png"], found["b/0000.png"]) == (["bus"], ["bus", "bus"])


def test_a_run_that_is_killed_at_any_point_loses_nothing_and_goes_on(plain: Site) -> None:
    worked = names("a")[:WORKED]
    plain.draw(worked, BOX, BUS)
    draw = random.Random(7)
    for _ in range(KILLS):
        stop_at = plain.requests() + draw.randint(1, REQUESTS)
        running = plain.project.start("apply", "--yes", *OURS)
        while running.poll() is None and plain.requests() < stop_at:
            time.sleep(0.01)
        if running.poll() is None:
            os.kill(running.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            running.communicate(timeout=60)
        nothing_lost(plain, worked)
        with written_anew(plain.project.folder / ".rbsync/state.db") as state:
            # As if the time had gone by in which a request may still arrive.
            state.execute("UPDATE intent SET sent_at = 0")
    ran = plain.project.apply(*OURS)
    assert ran.code == 0, ran
    nothing_lost(plain, worked)
    assert sorted(plain.labels()) == names("b")
    assert plain.project.plan()["actions"] == []


def nothing_lost(site: Site, worked: Sequence[str]) -> None:
    """All labels are there, under the old name, or the new one, or both."""
    found = site.labels()
    for old, new in zip(names("a"), names("b"), strict=True):
        wanted = ["car", "bus"] if old in worked else ["car"]
        there = [found[one] for one in (old, new) if one in found]
        assert wanted in there, (old, there)


@pytest.fixture
def local(tmp_path: Path) -> Project:
    project = Project(tmp_path)
    fill(project)
    (project.folder / "a").rename(project.folder / "b")
    return project


def blobs_of(project: Project) -> dict[str, tuple[int, int]]:
    """All stored files, with what would be another one if a byte was written."""
    found = (one for one in (project.folder / ".rbsync/project/blobs").rglob("*") if one.is_file())
    stats = {str(one): one.stat() for one in found}
    return {name: (one.st_ino, one.st_ctime_ns) for name, one in stats.items()}


def test_the_embedded_project_renames_in_place_and_copies_no_byte(local: Project) -> None:
    for name in names("a")[:WORKED]:
        save_labels(local.folder / ".rbsync/project", name, [BOX, BUS])
    before, tasks = blobs_of(local), {one["task_id"] for one in local.tasks()}
    assert local.plan()["summary"]["bytes"] == 0
    ran = local.apply()
    assert ran.code == 0, ran
    assert f"{SIZE:,} moved" in ran.out
    assert blobs_of(local) == before
    assert {one["task_id"] for one in local.tasks()} == tasks
    found = labels_in(local.folder / ".rbsync/project")
    assert sorted(found) == names("b")
    assert [found[one] for one in names("b")[:WORKED]] == [["car", "bus"]] * WORKED
    assert local.plan()["actions"] == []


def test_a_rename_that_is_cut_off_before_it_is_recorded_is_gone_on_with(local: Project) -> None:
    rename = LocalBackend.rename

    def killed(self: LocalBackend, given: Sequence[NewName]) -> dict[str, str]:
        rename(self, given)
        raise Killed

    with mock.patch.object(LocalBackend, "rename", killed), suppress(Killed):
        local.apply()
    ran = local.apply()
    assert ran.code == 0, ran
    assert local.names() == names("b")
    assert local.plan()["actions"] == []


def test_the_labels_declared_with_a_new_name_are_put_in_by_the_same_run(local: Project) -> None:
    local.write("b/0001.json", [BUS])
    assert "move b/0001.png labels" in local.actions()
    ran = local.apply()
    assert ran.code == 0, ran
    assert labels_in(local.folder / ".rbsync/project")["b/0001.png"] == ["bus"]
    assert local.plan()["actions"] == []


def test_a_declared_move_brings_along_what_content_does_not_tell(local: Project) -> None:
    local.write("b/0000.png", png(9_999))
    moved = 'moved: [{from: "a/{case}.png", to: "b/{case}.png"}]\n'
    local.manifest(MANIFEST + moved)
    assert "move b/0000.png items" in local.actions()
    task = next(one["task_id"] for one in local.tasks() if one["name"] == "a/0000.png")
    assert local.apply().code == 0
    assert {one["name"]: one["task_id"] for one in local.tasks()}["b/0000.png"] == task
    assert local.plan()["actions"] == []


def test_a_declared_move_that_would_make_two_names_one_is_told_where_it_stands(
    local: Project,
) -> None:
    local.manifest(MANIFEST + 'moved: [{from: "a/*.png", to: "b/{case}.png"}]\n')
    ran = local.run("validate")
    assert ran.code == 65, ran
    assert "rbsync.yaml:6:" in ran.err
    assert "`{case}` is not in `a/*.png`" in ran.err


def test_keep_leaves_all_old_names_and_recreate_makes_all_anew(local: Project) -> None:
    assert local.plan("--on-move", "keep")["summary"]["blocked"] == SIZE
    assert local.plan("--on-move", "recreate")["summary"]["create"] == SIZE
    ran = local.apply("--on-move", "keep")
    assert ran.code == 0, ran
    assert local.names() == names("a")


def test_a_target_in_the_new_folder_is_a_move_too(local: Project) -> None:
    assert local.actions("--target", "b/0001.png") == ["move b/0001.png"]
    assert local.apply("--target", "b/0001.png").code == 0
    assert "b/0001.png" in local.names()
    assert len(local.names()) == SIZE


def test_a_saved_plan_of_moves_is_applied_as_it_is(local: Project) -> None:
    assert local.run("plan", "-o", "plan.json").code == 0
    ran = local.run("apply", "plan.json")
    assert ran.code == 0, ran
    assert local.names() == names("b")


def test_the_log_counts_moves_and_that_of_either_name_has_them(local: Project) -> None:
    assert local.apply().code == 0
    assert f"0 failed, {SIZE:,} moved, " in local.run("log").out.splitlines()[0]
    assert local.run("log", "--json").json["runs"][0]["moved"] == SIZE
    for name in ("a/0000.png", "b/0000.png"):
        ran = local.run("log", name)
        assert "move" in ran.out, ran


def test_the_name_of_another_datapoint_is_never_taken(local: Project) -> None:
    backend = LocalBackend(local.folder / ".rbsync/project")
    url = "https://example.org/x.png"
    nothing = Fingerprint("", "", "")
    backend.create([Draft("b/0000.png", ((url, url),), None, Settings("public"), nothing)])
    backend.close()
    ran = local.apply()
    assert ran.code == 3, ran
    assert {"a/0000.png", "b/0000.png"} <= set(local.names())


def test_a_move_is_taken_back_and_stays_so_until_it_is_to_be_done_again(local: Project) -> None:
    assert local.apply().code == 0
    moved_back(local)
    assert local.run("undo", "--yes").code == 0
    assert local.names() == names("b")
    assert local.plan()["actions"] == []


def test_a_carried_task_is_taken_back_with_its_labels(plain: Site) -> None:
    assert plain.project.apply().code == 0
    moved_back(plain.project)
    assert plain.labels() == {name: ["car"] for name in names("a")}
    ran = plain.project.apply("--redo", "**")
    assert ran.code == 0, ran
    assert plain.labels() == {name: ["car"] for name in names("b")}
    assert plain.project.plan()["actions"] == []


def moved_back(project: Project) -> None:
    ran = project.run("undo", "--yes")
    assert ran.code == 0, ran
    assert project.names() == names("a")
    for _ in range(2):
        ran = project.apply("--prune")
        assert ran.code == 0, ran
        assert project.names() == names("a")
    assert {one["reason"] for one in project.plan()["actions"]} == {"undone"}


@follows("`rbsync apply --on-move carry` gives datapoints the names that are declared")
def test_the_state_says_no_new_name_that_the_service_has_not(plain: Site) -> None:
    refused = plain.project.run("state", "mv", "a/{case}.png", "b/{case}.png")
    assert refused.code == 1
    assert "the project has no `b/0000.png`" in refused.err
    assert "`rbsync apply --on-move carry` gives datapoints the names that are" in refused.err
    assert plain.project.plan()["summary"]["move"] == SIZE
    assert plain.project.apply("--on-move", "carry").code == 0
    assert plain.project.names() == names("b")


@follows("run apply again to finish it")
def test_an_old_task_that_cannot_be_put_away_is_put_away_by_the_next_run(plain: Site) -> None:
    refused = BackendError("not now", kind="invalid")
    with mock.patch.object(RedbrickBackend, "put_away", side_effect=refused):
        ran = plain.project.apply()
    assert ran.code == 3
    assert "run apply again to finish it" in ran.err
    assert plain.project.apply().code == 0
    assert plain.project.plan()["actions"] == []


@pytest.mark.parametrize("after", ["create", "put_away", "delete"])
def test_a_carry_that_is_cut_off_after_any_request_is_gone_on_with(plain: Site, after: str) -> None:
    original, original_put_away = getattr(RedbrickBackend, after), RedbrickBackend.put_away

    def killed(self: RedbrickBackend, *given: Any) -> Any:
        original(self, *given)
        raise Killed

    with mock.patch.object(RedbrickBackend, after, killed), suppress(Killed):
        plain.project.apply()
    nothing_lost(plain, ())
    with written_anew(plain.project.folder / ".rbsync/state.db") as state:
        state.execute("UPDATE intent SET sent_at = 0")
    # A request that names a task which is gone is refused, and many of them look like an outage.
    with mock.patch.object(RedbrickBackend, "put_away", autospec=True) as put_away:
        put_away.side_effect = original_put_away
        ran = plain.project.apply()
    assert ran.code == 0, ran
    batches = -(-SIZE // carrying.BATCH)
    assert put_away.call_count == batches - (after == "delete")
    assert plain.labels() == {name: ["car"] for name in names("b")}
    assert plain.project.plan()["actions"] == []


@pytest.mark.parametrize("after", ["put_away", "delete"])
def test_a_folder_that_is_renamed_back_while_it_is_carried_has_its_tasks_again(
    plain: Site, after: str
) -> None:
    original = getattr(RedbrickBackend, after)

    def killed(self: RedbrickBackend, *given: Any) -> Any:
        original(self, *given)
        raise Killed

    with mock.patch.object(RedbrickBackend, after, killed), suppress(Killed):
        plain.project.apply()
    with written_anew(plain.project.folder / ".rbsync/state.db") as state:
        state.execute("UPDATE intent SET sent_at = 0")
    # Somebody works in what was made meanwhile.
    drawn = names("b")[:2]
    plain.draw(drawn, BUS, BUS)
    (plain.project.folder / "b").rename(plain.project.folder / "a")
    # The others still have the names that they have again.
    assert plain.project.plan()["summary"]["move"] == min(SIZE, carrying.BATCH)
    ran = plain.project.apply()
    assert ran.code == 0, ran
    made = {
        name: ["bus", "bus"] if name[1:] in (one[1:] for one in drawn) else ["car"]
        for name in names("a")
    }
    assert plain.labels() == made
    assert plain.archived() == []
    assert plain.project.plan()["actions"] == []
