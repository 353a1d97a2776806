"""What a run did is taken back: item for item, label for label, on either backend."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.local.backend import LocalBackend
from rbsync.errors import ExitCode
from tests.scenarios.offline_service import RemoteProject, served
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

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
    own = ("rbsync.state", "rbsync.declined")
    return {key: value for key, value in metadata.items() if key not in own}


@pytest.fixture(params=["local", "service"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Annotated]:
    """The first apply of 28 datapoints is done."""
    if request.param == "local":
        project = Project(tmp_path / "data")
        yield filled(Annotated(project, project.folder / ".rbsync/project"))
        return
    with served(tmp_path / "service", "--type", "IMAGE_BBOX") as service:
        remote = RemoteProject(tmp_path / "data", service.url)
        yield filled(Annotated(remote, tmp_path / "service/project"))


def filled(one: Annotated) -> Annotated:
    project = one.project
    for number, name in enumerate(NAMES):
        project.write(f"images/{name}.png", png(number))
        project.write(f"labels/{name}.json", [BOX] * (number % 3))
    project.manifest(manifest(batch="first", priority="0.5"))
    assert project.apply().last_line.startswith("Apply complete: 28 created")
    return one


def change(project: Project) -> None:
    """Updates 20 in every way, creates 5 and deletes 3."""
    for number, name in enumerate(UPDATED):
        if number % 2:
            project.write(f"images/{name}.png", png(100 + number))
        if number % 3 or (number > 9 and not number % 2):
            project.write(f"labels/{name}.json", [OTHER_BOX])
    project.manifest(manifest(batch="second", priority="0.9"))
    for number, name in enumerate(CREATED):
        project.write(f"images/{name}.png", png(200 + number))
        project.write(f"labels/{name}.json", [BOX, OTHER_BOX])
    for name in DELETED:
        (project.folder / f"images/{name}.png").unlink()
        (project.folder / f"labels/{name}.json").unlink()
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


def test_an_undo_that_is_killed_goes_on_and_is_taken_back_as_one(before: Annotated) -> None:
    project = before.project
    first = before.content()
    change(project)
    second = before.content()
    # Whatever a service was asked may still arrive for 30 s, which the next undo waits for.
    for least in (9,) if isinstance(project, RemoteProject) else (1, 9, 17):
        process = project.start("undo", "--yes", "--jobs", "1")
        while process.poll() is None and differing(before.content(), second) < least:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait()
        (last,) = project.run("log", "--json", "-n", "1").json["runs"]
        if last["exit_code"] == ExitCode.DONE:
            break
        # Killed in the middle, or when all was put back and only the end was not written down.
        assert last["command"] == "undo"
    else:
        ran = project.run("undo", "--yes", "--json")
        assert "Going on to take back" in ran.err
        halves = [one["name"] for one in ran.json["outcomes"] if one["outcome"] == "skipped"]
        if halves:
            # A kill between two requests of one facet leaves half of it, which nobody can tell
            # from what people did: it is said, and all the others are put back.
            assert isinstance(project, RemoteProject)
            assert len(halves) == 1
            content = before.content()
            assert {name for name in first if content[name] != first[name]} <= set(halves)
            return
    assert before.content() == first
    ran = project.run("undo", "--yes")
    assert ran.code == ExitCode.DONE, ran.err
    assert before.content() == second


def differing(one: dict[str, Any], other: dict[str, Any]) -> int:
    return sum(one.get(name) != other.get(name) for name in one.keys() | other.keys())


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
