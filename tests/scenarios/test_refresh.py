"""The project and the state grow apart, and come together again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rbsync.applier.comparing import differing
from rbsync.backends.base import Draft, LabelText, NamedTask
from rbsync.backends.local.backend import LocalBackend
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Facet, Fingerprint
from rbsync.model.record import Intent, Record
from rbsync.stores.base import Owner
from rbsync.stores.sqlite import SqliteStore
from tests.masks.pictures import painted
from tests.masks.pictures import png as picture
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project

NO_CHANGES = "No changes. The project matches the manifest."
NO_DRIFT = "No drift. The project is as it was left."
NEXT = "`rbsync plan --refresh` says what can be done about it.\n"
OTHER_BOX = {**BOX, "category": [["object", "bus"]]}
STRANGER = Fingerprint("", "", "")
"""What a datapoint has that others made: no stamp."""


@contextmanager
def at_the_project(project: Project) -> Iterator[LocalBackend]:
    """The project as others use it, who know nothing of rbsync's state."""
    backend = LocalBackend(project.folder / ".rbsync/project")
    yield backend
    backend.close()


def delete(project: Project, *names: str) -> None:
    with at_the_project(project) as backend:
        found = backend.find(names)
        backend.delete([NamedTask(name, found[name].task_id) for name in names])


def edit(project: Project, name: str, facet: Facet, **changes: Any) -> None:
    """Changes a facet, and leaves the stamp as others do who do not know it."""
    with at_the_project(project) as backend:
        task = backend.find([name])[name]
        priority = changes.pop("priority", task.priority)
        metadata = changes.pop("metadata", task.metadata)
        settings = Settings(priority=priority, metadata=metadata)
        mark = task.mark._replace(left=task.left)
        draft = Draft(name, (), None, settings, task.stamp or STRANGER, mark=mark)
        # Not by the backend, which notes what rbsync leaves there.
        backend._project.update(task.task_id, draft._replace(**changes), [facet])


def relabel(project: Project, name: str, *labels: dict[str, Any]) -> None:
    edit(project, name, "labels", labels=LabelText(json.dumps(labels), len(labels)))


def create(project: Project, name: str) -> None:
    """Makes a datapoint without a stamp."""
    with at_the_project(project) as backend:
        items = (("x", "https://example.org/x.png"),)
        backend.create([Draft(name, items, None, Settings("public"), STRANGER)])


def lose_state(project: Project) -> None:
    for file in (project.folder / ".rbsync").glob("state.db*"):
        file.unlink()


def planned(project: Project, *arguments: str) -> list[tuple[str, str, str]]:
    """The actions of `plan --refresh`, each as its kind, name and reason."""
    document = project.plan("--refresh", *arguments)
    return [(one["action"], one["name"], one["reason"]) for one in document["actions"]]


def backups(project: Project) -> list[Path]:
    return list((project.folder / ".rbsync").glob("backups/*"))


def test_a_lost_state_is_rebuilt_and_nothing_is_sent_again(tmp_path: Path) -> None:
    project = Project(tmp_path / "data")
    for number in range(2000):
        project.write(f"images/{number:04}.png", png(number))
    project.manifest('datapoints:\n  - glob: "images/*.png"\n')
    project.apply()
    blobs = project.folder / ".rbsync/project/blobs"
    before = sorted((one.name, one.stat().st_mtime_ns) for one in blobs.rglob("*"))
    lose_state(project)
    assert project.plan()["summary"] == project.plan("--refresh")["summary"]
    assert project.plan("--no-refresh")["summary"]["create"] == 2000
    done = project.run("refresh")
    assert done.code == 0, done.err
    assert done.last_line == ("State refreshed: 2,000 added, 0 corrected, 0 removed, 0 unchanged.")
    assert project.run("plan").last_line == NO_CHANGES
    assert project.apply().last_line == NO_CHANGES
    assert project.run("drift").last_line == NO_DRIFT
    assert sorted((one.name, one.stat().st_mtime_ns) for one in blobs.rglob("*")) == before


def test_a_refresh_adds_corrects_and_removes_and_keeps_a_backup(three: Project) -> None:
    three.apply()
    three.run("state", "rm", "images/a.png")
    delete(three, "images/c.png")
    create(three, "stranger")
    taken = len(backups(three))
    done = three.run("refresh")
    assert done.last_line == "State refreshed: 1 added, 0 corrected, 1 removed, 1 unchanged."
    assert "  + images/a.png\n  - images/c.png\n" in done.err
    assert "1 datapoint has no stamp of rbsync's and no record" in done.err
    assert len(backups(three)) == taken + 1
    assert three.actions() == ["create images/c.png"]


def test_a_refresh_with_nothing_to_do_makes_no_backup(three: Project) -> None:
    three.apply()
    done = three.run("refresh", "--json")
    assert (done.code, done.json) == (
        0,
        {
            "format_version": 1,
            "added": [],
            "corrected": [],
            "removed": [],
            "unchanged": 3,
            "unmanaged": [],
        },
    )
    assert backups(three) == []


def test_a_state_that_is_damaged_is_moved_away_and_rebuilt(three: Project) -> None:
    three.apply()
    state = three.folder / ".rbsync/state.db"
    state.write_bytes(b"not a database" * 200)
    refused = three.run("refresh")
    assert refused.code == 12
    assert "Move state.db, state.db-wal and state.db-shm away" in refused.err
    state.rename(three.folder / "damaged")
    assert three.run("refresh").code == 0
    assert three.run("plan").last_line == NO_CHANGES


def test_before_there_is_a_project_there_is_nothing_to_refresh(three: Project) -> None:
    for command in ("refresh", "adopt"):
        refused = three.run(command)
        assert refused.code == 1
        assert "there is no project yet" in refused.err
    assert not (three.folder / ".rbsync/state.db").exists()


def test_a_refresh_leaves_a_state_of_another_project_alone(three: Project, tmp_path: Path) -> None:
    three.apply()
    three.manifest('backend: {kind: local, path: elsewhere}\ndatapoints: [{glob: "images/*.png"}]')
    LocalBackend(three.folder / "elsewhere").project()
    refused = three.run("refresh")
    assert refused.code == 12
    assert "the state belongs to the project local:" in refused.err
    assert len(three.run("state", "list").out.splitlines()) == 3


def test_a_project_that_cannot_be_read_changes_no_record(three: Project) -> None:
    three.apply()
    database = three.folder / ".rbsync/project/project.db"
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    for command in ("refresh", "drift", "adopt"):
        assert three.run(command).code in (1, 12)
    assert three.run("plan", "--refresh").code in (1, 12)
    assert len(three.run("state", "list").out.splitlines()) == 3


def test_results_that_were_not_taken_in_come_first(three: Project) -> None:
    three.apply()
    three.write(".rbsync/errored.jsonl", "{}\n")
    refused = three.run("refresh")
    assert refused.code == 1
    assert "rbsync state recover" in refused.err


def test_what_a_run_left_open_is_settled_by_a_refresh(three: Project) -> None:
    three.apply()
    (task, *_) = three.tasks()
    intent = Intent(task["name"], "create", Fingerprint(**task["fingerprint"]))
    store = SqliteStore(three.folder / ".rbsync/state.db")
    with store.writer(Owner("somebody", "here", 1, "run", 0.0), timeout=5) as writer:
        writer.commit(removed=[task["name"]])
        writer.intend([intent])
    assert three.run("refresh").code == 0
    assert store.record(task["name"]) == Record(task["name"], intent.fingerprint, task["task_id"])


def test_drift_names_what_is_missing_edited_and_unmanaged(three: Project) -> None:
    three.apply()
    calm = three.run("drift")
    assert (calm.code, calm.last_line) == (0, NO_DRIFT)
    relabel(three, "images/a.png", OTHER_BOX)
    delete(three, "images/b.png")
    create(three, "stranger")
    found = three.run("drift")
    assert found.code == 2
    assert found.err == f"  - images/b.png\n  ~ images/a.png  (labels)\n  ? stranger\n{NEXT}"
    assert found.last_line == "Drift: 1 missing, 1 edited, 1 unmanaged, 1 unchanged."
    assert three.run("drift", "--json").json == {
        "format_version": 1,
        "missing": ["images/b.png"],
        "edited": [{"name": "images/a.png", "facets": ["labels"]}],
        "unmanaged": ["stranger"],
        "unchanged": 1,
        "unstamped": [],
    }


def test_a_label_that_was_added_or_removed_is_an_edit(three: Project) -> None:
    three.apply()
    relabel(three, "images/a.png")
    relabel(three, "images/b.png", BOX)
    edited = three.run("drift", "--json").json["edited"]
    assert edited == [{"name": f"images/{name}.png", "facets": ["labels"]} for name in "ab"]


def test_other_items_and_another_priority_are_edits_and_added_metadata_is_none(
    three: Project,
) -> None:
    three.apply()
    edit(three, "images/a.png", "settings", priority=0.25)
    edit(three, "images/c.png", "settings", metadata={"site": "B"})
    edit(three, "images/b.png", "items", items=(("x", "https://example.org/x.png"),))
    assert three.run("drift", "--json").json["edited"] == [
        {"name": "images/a.png", "facets": ["settings"]},
        {"name": "images/b.png", "facets": ["items"]},
    ]


def test_another_task_of_the_name_is_missing_and_unmanaged(three: Project) -> None:
    three.apply()
    delete(three, "images/a.png")
    create(three, "images/a.png")
    found = three.run("drift")
    assert found.err == f"  - images/a.png\n  ? images/a.png\n{NEXT}"
    assert found.last_line == "Drift: 1 missing, 0 edited, 1 unmanaged, 2 unchanged."
    assert planned(three) == [("blocked", "images/a.png", "conflict")]


def test_a_stamp_that_is_gone_is_told_as_that_and_is_no_edit(three: Project) -> None:
    three.apply()
    edit(three, "images/b.png", "settings", fingerprint=STRANGER)
    found = three.run("drift", "--json")
    assert (found.code, found.json["edited"]) == (2, [])
    assert found.json["unstamped"] == ["images/b.png"]
    assert planned(three) == []
    three.write("images/b.png", png(77))
    assert three.apply().last_line.startswith("Apply complete: 0 created, 1 updated")
    assert three.run("drift").last_line == NO_DRIFT


def test_a_task_that_was_moved_on_is_no_drift(three: Project) -> None:
    """Moving tasks through the stages is what people do with them."""
    three.apply()
    with at_the_project(three) as backend:
        tasks = backend.find(["images/a.png"])
        backend._project.move([one.task_id for one in tasks.values()], "END")
    assert three.run("drift").code == 0


def test_without_a_state_there_is_no_drift_to_speak_of(three: Project) -> None:
    three.apply()
    lose_state(three)
    refused = three.run("drift")
    assert refused.code == 1
    assert "`rbsync refresh` makes it of the project" in refused.err


@pytest.fixture
def masked(tmp_path: Path) -> Project:
    """Two images with masks."""
    classes = {"car": (255, 0, 0), "bus": (0, 255, 0)}
    project = Project(tmp_path / "masked")
    project.write("class_map.json", {name: list(colour) for name, colour in classes.items()})
    index = np.zeros((40, 60), np.uint8)
    index[3:17, 5:30], index[20:35, 10:50], index[6:9, 8:12] = 1, 2, 0
    for number, name in enumerate("xy", 1):
        index[0, number] = number
        project.write(f"images/{name}.png", picture(painted(index * 0, classes)))
        project.write(f"masks/{name}.png", picture(painted(index, classes)))
    project.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car, bus]}\n"
        "masks:\n"
        "  - glob: masks/*.png\n"
        '    image: "images/{stem}.png"\n'
        "    class_map: class_map.json\n"
    )
    assert project.apply().code == 0
    return project


def test_a_mask_is_compared_by_the_picture_that_its_labels_show(masked: Project) -> None:
    assert masked.run("drift").last_line == NO_DRIFT
    name, other = (task["name"] for task in masked.tasks())
    with at_the_project(masked) as backend:
        found = backend.find([name, other])
        labels = json.loads(backend.labels(found[name].task_id) or "")
        more = json.loads(backend.labels(found[other].task_id) or "")
    labels[0]["pixel"]["regions"][0].reverse()
    relabel(masked, name, *labels)
    assert masked.run("drift").last_line == NO_DRIFT
    more[1]["pixel"]["regions"][0] = [[0, 30], [4, 30], [4, 34], [0, 34]]
    relabel(masked, other, *more)
    edited = masked.run("drift", "--json").json["edited"]
    assert edited == [{"name": other, "facets": ["labels"]}]


def test_what_the_service_may_add_to_labels_is_no_edit_and_what_people_add_is(
    masked: Project,
) -> None:
    with at_the_project(masked) as backend:
        found = next(iter(backend.read()))
    stamp = found.task.stamp
    assert stamp is not None
    labels = json.loads(found.labels)

    def edited(**members: Any) -> tuple[Facet, ...]:
        text = json.dumps([{**one, **members} for one in labels])
        return differing(found._replace(labels=text), [stamp])

    assert edited(labelid="given-by-the-service") == edited(holes=None) == ()
    assert edited(attributes=[{"name": "occluded", "value": True}]) == ("labels",)
    assert edited(category=[["object", "bus"]]) == ("labels",)
    assert edited(pixel=3) == edited(pixel={}) == ("labels",)


def test_a_refreshed_plan_creates_what_was_deleted_and_touches_no_edit(three: Project) -> None:
    three.apply()
    delete(three, "images/b.png")
    relabel(three, "images/a.png", OTHER_BOX)
    state = (three.folder / ".rbsync/state.db").read_bytes()
    assert three.run("plan").last_line == NO_CHANGES
    expected = [
        ("create", "images/b.png", "missing"),
        ("blocked", "images/a.png", "conflict"),
    ]
    assert planned(three) == expected
    assert (three.folder / ".rbsync/state.db").read_bytes() == state
    shown = three.run("plan", "--refresh", "-o", "p.json")
    assert "  + images/b.png  (the project does not have it any more)\n" in shown.out
    assert "  ! images/a.png  (labels changed at the project; `rbsync pull` brings" in shown.out
    assert shown.last_line.startswith(
        "Plan: 1 to create, 0 to update, 0 to delete, 1 blocked, 1 unchanged."
    )
    done = three.run("apply", "p.json")
    assert (done.code, done.last_line) == (
        3,
        "Apply complete: 1 created, 0 updated, 0 deleted, 0 failed, 1 blocked.",
    )
    assert three.names() == ["images/a.png", "images/b.png", "images/c.png"]
    assert planned(three) == expected[1:]


def test_a_label_of_ours_and_of_others_changed_is_a_conflict(three: Project) -> None:
    three.apply()
    relabel(three, "images/a.png", OTHER_BOX)
    three.write("labels/a.json", [BOX, BOX])
    assert planned(three) == [("blocked", "images/a.png", "conflict")]


def test_only_what_the_plan_covers_is_in_the_way(three: Project) -> None:
    three.apply()
    relabel(three, "images/a.png", OTHER_BOX)
    delete(three, "images/b.png")
    assert planned(three, "--target", "*/b.png") == [("create", "images/b.png", "missing")]


def test_an_edited_orphan_is_not_deleted(three: Project) -> None:
    three.apply()
    relabel(three, "images/a.png", OTHER_BOX)
    for name in "ab":
        (three.folder / f"images/{name}.png").unlink()
    assert planned(three, "--prune") == [
        ("delete", "images/b.png", "orphan"),
        ("blocked", "images/a.png", "conflict"),
    ]
    assert planned(three) == []


def test_a_refreshed_plan_needs_no_state(three: Project) -> None:
    three.apply()
    lose_state(three)
    create(three, "images/d.png")
    three.write("images/d.png", png(9))
    assert planned(three) == [("blocked", "images/d.png", "conflict")]
    assert not (three.folder / ".rbsync/state.db").exists()


def test_a_create_of_what_is_missing_that_fails_leaves_no_claim(three: Project) -> None:
    three.apply()
    delete(three, "images/b.png")
    three.run("plan", "--refresh", "-o", "p.json")
    content = (three.folder / "images/b.png").read_bytes()
    three.write("images/b.png", png(77))
    assert three.run("apply", "p.json").code == 3
    three.write("images/b.png", content)
    assert three.actions() == ["create images/b.png"]


def test_adopt_records_what_is_the_same_and_refuses_the_rest_by_name(three: Project) -> None:
    three.apply()
    relabel(three, "images/b.png", BOX)
    three.write("images/d.png", png(9))
    create(three, "images/d.png")
    lose_state(three)
    done = three.run("adopt")
    assert done.code == 3
    assert done.last_line == "Adopted: 2 taken over, 2 refused."
    assert "  ! images/b.png  (its labels differ from what is declared)\n" in done.err
    assert "  ! images/d.png  (the project has another datapoint of this name" in done.err
    assert three.actions() == ["create images/d.png"]
    assert planned(three) == [
        ("blocked", "images/b.png", "conflict"),
        ("blocked", "images/d.png", "conflict"),
    ]


def test_what_is_adopted_by_force_is_overwritten_by_the_next_apply(three: Project) -> None:
    three.apply()
    relabel(three, "images/b.png", BOX)
    three.write("images/d.png", png(9))
    create(three, "images/d.png")
    before = {task["name"]: task["task_id"] for task in three.tasks()}
    done = three.run("adopt", "--force", "--json")
    assert done.code == 0
    assert done.json["forced"] == ["images/b.png", "images/d.png"]
    expected = [f"update images/{name}.png items labels settings" for name in "bd"]
    assert three.actions() == three.actions("--refresh") == expected
    assert three.run("refresh").code == 0
    assert three.actions() == expected
    assert three.run("drift").code == 0
    assert three.apply().last_line.startswith("Apply complete: 0 created, 2 updated")
    after = {task["name"]: task for task in three.tasks()}
    assert {name: task["task_id"] for name, task in after.items()} == before
    assert [after[f"images/{name}.png"]["labels"] for name in "abd"] == [1, 0, 0]
    assert three.run("drift").last_line == NO_DRIFT
    assert planned(three) == []


def test_adopt_takes_names_and_globs_and_knows_wrong_ones(three: Project) -> None:
    three.apply()
    lose_state(three)
    assert three.run("adopt", "images/a.png", "*/c.*").code == 0
    assert three.actions() == []
    wrong = three.run("adopt", "images/x.png")
    assert wrong.code == 1
    assert "the manifest does not declare `images/x.png`" in wrong.err
    three.write("images/x.png", png(10))
    wrong = three.run("adopt", "images/x.png")
    assert wrong.code == 1
    assert "the project does not have `images/x.png`" in wrong.err
    assert three.run("adopt", "nothing*").last_line == "Adopted: 0 taken over, 0 refused."
