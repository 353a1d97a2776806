"""What a run did is taken back: item for item, label for label, on either backend.

``RBSYNC_UNDO=all`` has an undo die at each tenth of its steps, and changes come in every order.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from rbsync.backends.local.backend import LocalBackend
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import ExitCode
from rbsync.stores.history.sqlite import SqliteHistory
from tests.applier.mortal import CrashError
from tests.properties.one_life import OneLife
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.service.serving import serving

OTHER_BOX = {**BOX, "category": [["object", "bus"]]}
SOURCE = (
    '  - glob: "images/{start}*.png"\n    name: "{{stem}}"\n    labels: "labels/{{stem}}.json"\n'
)
SETTINGS = "    metadata: {{batch: {batch}}}\n    priority: {priority}\n"


def manifest(**settings: str) -> str:
    """Three sources, of which the first ten datapoints, d00 to d09, have settings."""
    sources = [SOURCE.format(start=start) for start in ("d0", "d1", "d2")]
    sources[0] += SETTINGS.format(**settings)
    return "project: {type: IMAGE_BBOX, taxonomy: [car, bus]}\ndatapoints:\n" + "".join(sources)


NAMES = [f"d{number:02}" for number in range(28)]
UPDATED, DELETED = NAMES[:20], NAMES[25:]
CREATED = [f"d2n{number}" for number in range(5)]
UNTOUCHED = NAMES[20:25]
EVERY = os.environ.get("RBSYNC_UNDO") == "all"
STEPS = range(1, 300, 10) if EVERY else (9, 60)
"""The steps at which an undo dies; one of them in the middle, on either backend."""


class Annotated:
    """A project, the folder of what it holds, and somebody who draws in it."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.project = project
        self.folder = folder

    def content(self) -> dict[str, Any]:
        """All that the project has, but for what a new task has of its own: its ids and times."""
        backend = LocalBackend(self.folder)
        try:
            return {
                one.task.name: (
                    one.task.items,
                    one.refs,
                    json.loads(one.labels),
                    [(found.series, found.read()) for found in one.maps],
                    _told(one.task.metadata),
                    one.task.priority,
                    one.task.ground_truth,
                    one.task.stamp,
                )
                for one in backend.read()
            }
        finally:
            backend.close()

    def draw(self, name: str, *labels: dict[str, Any]) -> None:
        """Has somebody save other labels, who leaves no stamp of ours."""
        from tests.scenarios.annotating import save_labels

        save_labels(self.folder, name, list(labels))


def _told(metadata: dict[str, str]) -> dict[str, str]:
    """Without what says which run left it; a service's stamps are metadata for who looks within."""
    own = ("rbsync_state", "rbsync_declined")
    return {key: value for key, value in metadata.items() if key not in own}


@contextmanager
def annotated(kind: str, folder: Path) -> Iterator[Annotated]:
    """A project below a folder, of which there may be some already; it declares the first ones."""
    with ExitStack() as stack:
        project, held = Project(folder / "data"), folder / "data/.rbsync/project"
        if kind == "service":
            held = folder / "service"
            client = stack.enter_context(serving(held, type="IMAGE_BBOX"))
            project = RemoteProject(folder / "data", client.url)
        project.manifest(manifest(batch="first", priority="0.5"))
        yield Annotated(project, held)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives a folder of each kind in which the first apply of 28 datapoints is done."""

    @cache
    def fill(kind: str) -> Path:
        folder = tmp_path_factory.mktemp(kind)
        with annotated(kind, folder) as one:
            for number, name in enumerate(NAMES):
                one.project.write(f"images/{name}.png", png(number))
                one.project.write(f"labels/{name}.json", [BOX] * (number % 3))
            assert one.project.apply().last_line.startswith("Apply complete: 28 created")
        return folder

    return fill


@pytest.fixture(params=["local", "service"])
def before(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    filled: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Annotated]:
    """The first apply of 28 datapoints is done."""
    shutil.copytree(filled(request.param), tmp_path, dirs_exist_ok=True)
    # The state of each test is a copy of one: that of another test is no older one put back.
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    defaults: Any = RedbrickBackend.__init__.__kwdefaults__
    # What a dead command has sent is answered by the time it is dead.
    with mock.patch.dict(defaults, quarantine=0.001), annotated(request.param, tmp_path) as one:
        yield one


def update(project: Project) -> None:
    for number, name in enumerate(UPDATED):
        if number % 2:
            project.write(f"images/{name}.png", png(100 + number))
        if number % 3 or (number > 9 and not number % 2):
            project.write(f"labels/{name}.json", [OTHER_BOX])
    project.manifest(manifest(batch="second", priority="0.9"))


def create(project: Project) -> None:
    for number, name in enumerate(CREATED):
        project.write(f"images/{name}.png", png(200 + number))
        project.write(f"labels/{name}.json", [BOX, OTHER_BOX])


def delete(project: Project) -> None:
    for name in DELETED:
        (project.folder / f"images/{name}.png").unlink()
        (project.folder / f"labels/{name}.json").unlink()


Kind = Callable[[Project], None]
KINDS: tuple[Kind, ...] = (update, create, delete)
ORDERS = list(permutations(KINDS))
IN_ORDERS = [
    pytest.param(kind, order, id="-".join([kind, *(one.__name__ for one in order)]))
    for kind in ("local", "service")
    for order in (ORDERS if EVERY or kind == "local" else ORDERS[3:4])
]


def change(project: Project) -> None:
    """Updates 20 in every way, creates 5 and deletes 3."""
    for kind in KINDS:
        kind(project)
    ran = project.apply("--prune")
    assert ran.last_line == "Apply complete: 5 created, 20 updated, 3 deleted, 0 failed."


def test_undo_puts_back_all_and_undo_of_the_undo_all_again(before: Annotated) -> None:
    project = before.project
    first = before.content()
    change(project)
    second = before.content()
    ran = project.run("undo", "--yes")
    assert ran.last_line == "Apply complete: 3 created, 20 updated, 5 deleted, 0 failed."
    assert before.content() == first
    ran = project.run("undo", "--yes")
    assert ran.last_line == "Apply complete: 5 created, 20 updated, 3 deleted, 0 failed."
    assert before.content() == second
    assert (
        project.run("plan", "--prune").last_line == "No changes. The project matches the manifest."
    )


def test_what_was_taken_back_is_held_until_it_is_declared_anew_or_asked_for(
    before: Annotated,
) -> None:
    project = before.project
    first = before.content()
    change(project)
    second = before.content()
    project.run("undo", "--yes")
    for _ in range(3):
        ran = project.apply("--prune")
        assert ran.code == ExitCode.DONE
        assert "28 blocked" in ran.last_line
        assert before.content() == first
    reasons = {(one["action"], one["reason"]) for one in project.plan("--prune")["actions"]}
    assert reasons == {("blocked", "undone")}
    project.write(f"labels/{UPDATED[1]}.json", [OTHER_BOX, BOX])
    project.write(f"images/{CREATED[0]}.png", png(999))
    assert {one for one in project.actions("--prune") if not one.startswith("blocked")} == {
        f"update {UPDATED[1]} labels",
        f"create {CREATED[0]}",
    }
    project.write(f"labels/{UPDATED[1]}.json", [OTHER_BOX])
    project.write(f"images/{CREATED[0]}.png", png(200))
    ran = project.apply("--prune", "--redo", "**")
    assert ran.last_line == "Apply complete: 5 created, 20 updated, 3 deleted, 0 failed."
    assert before.content() == second


def test_a_clone_without_a_state_holds_what_the_stamps_say(before: Annotated) -> None:
    project = before.project
    change(project)
    project.run("undo", "--yes")
    for one in (project.folder / ".rbsync").glob("state.db*"):
        one.unlink()
    assert project.run("refresh").code == ExitCode.DONE
    actions = project.plan("--prune")["actions"]
    held = {one["name"] for one in actions if one["reason"] == "undone"}
    # Of what was created and is gone, no task is left that could say so.
    assert held == {*UPDATED, *DELETED}
    assert {one["name"] for one in actions} - held == set(CREATED)


def test_what_an_annotator_touched_since_is_a_conflict_and_the_others_are_put_back(
    before: Annotated,
) -> None:
    project = before.project
    first = before.content()
    change(project)
    drawn = [BOX, BOX, OTHER_BOX]
    before.draw(UPDATED[2], *drawn)
    ran = project.run("undo", "--yes", "--json")
    outcomes = ran.json["outcomes"]
    assert sum(one["outcome"] in ("applied", "removed") for one in outcomes) == 27
    assert [one["name"] for one in outcomes if one["outcome"] == "skipped"] == [UPDATED[2]]
    content = before.content()
    assert content.pop(UPDATED[2])[2] == drawn
    first.pop(UPDATED[2])
    assert content == first


def test_who_says_so_puts_back_also_what_an_annotator_touched(before: Annotated) -> None:
    project = before.project
    first = before.content()
    change(project)
    before.draw(UPDATED[2], BOX, BOX, OTHER_BOX)
    before.draw(UPDATED[4], BOX, BOX, BOX)
    drawn = before.content()[UPDATED[4]]
    ran = project.run("undo", "--yes", "--ours", UPDATED[2], "--theirs", UPDATED[4])
    assert ran.code == ExitCode.DONE, ran
    content = before.content()
    assert content.pop(UPDATED[4]) == drawn
    first.pop(UPDATED[4])
    assert content == first


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_that_is_killed_goes_on_and_is_taken_back_as_one(
    before: Annotated, step: int
) -> None:
    project = before.project
    first = before.content()
    change(project)
    second = before.content()
    life = OneLife(step, after=bool(step % 2), meanwhile=lambda: None)
    with suppress(CrashError), life.lived(embedded=not isinstance(project, RemoteProject)):
        project.run("undo", "--yes", "--jobs", "1")
    (last,) = project.run("log", "--json", "-n", "1").json["runs"]
    if last["command"] == "apply" or last["exit_code"] != ExitCode.DONE:
        # It died before it began, or in the middle.
        ran = project.run("undo", "--yes")
        assert ran.code == ExitCode.DONE, ran
        assert last["command"] == "apply" or "Going on to take back" in ran.err
    assert before.content() == first
    ran = project.run("undo", "--yes")
    assert ran.code == ExitCode.DONE, ran.err
    assert before.content() == second


def test_an_undo_that_died_with_all_done_is_whole_and_is_taken_back(before: Annotated) -> None:
    project = before.project
    first = before.content()
    change(project)
    second = before.content()
    with (
        mock.patch.object(SqliteHistory, "end", side_effect=CrashError),
        pytest.raises(CrashError),
    ):
        project.run("undo", "--yes")
    ran = project.run("undo", "--yes")
    assert (ran.code, before.content()) == (ExitCode.DONE, first)
    assert ran.last_line == "Nothing to take back: all is as it was before."
    (last,) = project.run("log", "--json", "-n", "1").json["runs"]
    assert (last["created"], last["updated"], last["deleted"]) == (3, 20, 5)
    assert project.run("undo", "--yes").code == ExitCode.DONE
    assert before.content() == second


@pytest.mark.parametrize(("before", "order"), IN_ORDERS, indirect=["before"])
def test_kinds_of_changes_are_taken_back_in_whatever_order_they_came(
    before: Annotated, order: tuple[Kind, ...]
) -> None:
    project = before.project
    states = [before.content()]
    for kind in order:
        kind(project)
        assert project.apply("--prune").code == ExitCode.DONE
        states.append(before.content())
    runs = project.run("log", "--json").json["runs"][:3]
    for run, state in zip(runs, reversed(states[:-1]), strict=True):
        assert project.run("undo", "--yes", run["id"]).code == ExitCode.DONE
        assert before.content() == state
    assert project.apply("--prune", "--redo", "**").code == ExitCode.DONE
    assert before.content() == states[-1]
    since = datetime.fromtimestamp(runs[-1]["started"] - 0.001, UTC).isoformat()
    _leaves_what_was_touched(before, states[0], states[-1], since, died_at=9 + ORDERS.index(order))


def _leaves_what_was_touched(
    before: Annotated, first: dict[str, Any], second: dict[str, Any], since: str, died_at: int
) -> None:
    """The undo dies and is run again, all but what an annotator touched goes back, and again."""
    project, touched = before.project, UPDATED[2]
    before.draw(touched, BOX, BOX, OTHER_BOX)
    drawn = before.content()[touched]
    life = OneLife(died_at, after=False, meanwhile=lambda: None)
    is_embedded = not isinstance(project, RemoteProject)
    with pytest.raises(CrashError), life.lived(embedded=is_embedded):
        project.run("undo", "--yes", "--since", since, "--jobs", "1")
    ran = project.run("undo", "--yes")
    assert ran.code == ExitCode.SOME_FAILED, ran
    assert before.content() == {**first, touched: drawn}
    # By its id: without one it would go on with what is in conflict, and says so.
    (last,) = project.run("log", "--json", "-n", "1").json["runs"]
    assert f"`rbsync undo {last['id']}` takes back" in project.run("undo", "--yes").err
    ran = project.run("undo", "--yes", last["id"])
    assert ran.code == ExitCode.DONE, ran
    assert before.content() == {**second, touched: drawn}


def test_one_datapoint_after_another_kind_of_change_is_as_it_was(before: Annotated) -> None:
    """Updated, deleted and created again; and created, updated and deleted again."""
    project = before.project
    first = before.content()
    old, new = UPDATED[1], CREATED[0]
    for at in range(3):
        if at == 1:
            (project.folder / f"images/{old}.png").unlink()
            (project.folder / f"labels/{old}.json").unlink()
        else:
            project.write(f"images/{old}.png", png(300 + at))
            project.write(f"labels/{old}.json", [OTHER_BOX] * (1 + at))
        if at == 2:
            (project.folder / f"images/{new}.png").unlink()
        else:
            project.write(f"images/{new}.png", png(400 + at))
            project.write(f"labels/{new}.json", [BOX] * (1 + at))
        assert project.apply("--prune").code == ExitCode.DONE
    last = before.content()
    runs = project.run("log", "--json").json["runs"]
    since = datetime.fromtimestamp(runs[2]["started"] - 0.001, UTC).isoformat()
    assert project.run("undo", "--yes", "--since", since).code == ExitCode.DONE
    assert before.content() == first
    assert project.run("undo", "--yes").code == ExitCode.DONE
    assert before.content() == last


def test_names_and_globs_narrow_an_undo_down(before: Annotated) -> None:
    project = before.project
    first = before.content()
    change(project)
    second = before.content()
    (run,) = project.run("log", "--json", "-n", "1").json["runs"]
    ran = project.run("undo", "--yes", run["id"], UPDATED[0], "d2n*")
    assert ran.last_line == "Apply complete: 0 created, 1 updated, 5 deleted, 0 failed."
    content = before.content()
    assert content == {
        name: first[name] if name == UPDATED[0] else one
        for name, one in second.items()
        if name not in CREATED
    }


def test_several_runs_are_taken_back_together(before: Annotated) -> None:
    project = before.project
    first = before.content()
    change(project)
    project.write(f"labels/{UPDATED[0]}.json", [BOX, BOX])
    project.write(f"labels/{UNTOUCHED[0]}.json", [OTHER_BOX])
    (project.folder / f"images/{CREATED[0]}.png").unlink()
    (project.folder / f"labels/{CREATED[0]}.json").unlink()
    project.apply("--prune")
    runs = project.run("log", "--json").json["runs"]
    assert len(runs) == 3
    since = datetime.fromtimestamp(runs[1]["started"] - 0.001, UTC).isoformat()
    ran = project.run("undo", "--yes", "--since", since)
    assert ran.code == ExitCode.DONE, ran.err
    assert before.content() == first


def test_nothing_is_left_to_take_back(before: Annotated) -> None:
    project = before.project
    change(project)
    (run, _) = project.run("log", "--json").json["runs"]
    project.run("undo", "--yes")
    ran = project.run("undo", "--yes", run["id"])
    assert ran.last_line == "Nothing to take back: all is as it was before."
    ran = project.run("undo", "--yes", "feed")
    assert (ran.code, "the history has no run `feed`" in ran.err) == (ExitCode.ERROR, True)


def test_the_life_of_a_datapoint_is_told(before: Annotated) -> None:
    project = before.project
    change(project)
    project.run("undo", "--yes")
    life = project.run("log", DELETED[0], "--json").json["changes"]
    assert [one["verb"] for one in life] == ["create", "delete", "create"]
    assert [bool(one["before"]) for one in life] == [False, True, False]
    text = project.run("log").out.splitlines()
    assert [line.split()[3] for line in text] == ["undo", "apply", "apply"]
    assert "5 created, 20 updated, 3 deleted, 0 failed" in text[1]


def test_without_a_history_nothing_is_kept(before: Annotated) -> None:
    project = before.project
    project.write(f"labels/{NAMES[0]}.json", [OTHER_BOX])
    runs = project.run("log", "--json").json["runs"]
    assert project.apply("--history", "none").code == ExitCode.DONE
    assert project.run("log", "--json").json["runs"] == runs
    project.write(f"labels/{NAMES[0]}.json", [BOX])
    assert project.apply("--history", "kept").code == ExitCode.DONE
    assert project.run("log", "--json").json["runs"] == runs
    (run,) = project.run("log", "--json", "--history", "kept").json["runs"]
    assert run["updated"] == 1
    ran = project.run("undo", "--yes", "--history", "kept")
    assert ran.last_line == "Apply complete: 0 created, 1 updated, 0 deleted, 0 failed."
