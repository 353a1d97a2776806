"""A plan compares what may have changed, and nothing else (rbsync.sync.scope)."""

from __future__ import annotations

import sqlite3
from array import array
from contextlib import closing
from typing import Any
from unittest import mock

import pytest

import rbsync.files.tree_hashing as trees
from rbsync.dataset import remembered
from rbsync.dataset.partial_expansion import Folds, _found
from rbsync.files.readiness import AlwaysReady
from rbsync.model.names import fold_of
from rbsync.model.plan import Action, Blocked, Create, Delete, Plan
from rbsync.sync import memo, planning
from rbsync.sync.applying import ApplyOptions, apply_plan
from rbsync.sync.declared_dataset import expand
from rbsync.sync.memo import Recalled, mark_of, recall
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import basis_of, make_plan
from rbsync.sync.scope import Scope, part
from rbsync.sync.state_editing import forget
from rbsync.sync.workspace import Workspace
from tests.disks import bound_by_permissions
from tests.masks.pictures import painted
from tests.masks.pictures import png as picture
from tests.scenarios.pictures import CLASSES, ONE, photo, png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import IN_FOLDERS, Open

pytestmark = pytest.mark.usefixtures("old_files")


@pytest.fixture
def folder(tmp_path) -> Project:
    made = Project(tmp_path / "data")
    made.manifest(IN_FOLDERS)
    for number, name in enumerate(("a/1", "a/2", "b/3", "b/4")):
        made.write(f"images/{name}.png", png(number))
    made.write("labels/1.json", [BOX])
    return made


@pytest.fixture
def known(applied: Open) -> Open:
    """As `applied`, after a plan."""
    with applied() as workspace:
        assert make_plan(workspace).actions == ()
    return applied


def memo_of(workspace: Workspace) -> Recalled:
    """What is remembered of the last plan."""
    basis = basis_of(workspace, workspace.store.header())
    recalled = recall(workspace, basis, workspace.backend.describe(), asked=True)
    assert recalled is not None
    return recalled


def compared(workspace: Workspace) -> Scope | None:
    """What a plan would compare now."""
    header, project = workspace.store.header(), workspace.backend.describe()
    return part(
        workspace,
        memo_of(workspace),
        lambda notes: expand(workspace, project, notes=notes),
        basis_of(workspace, header),
        mark_of(workspace, header),
    )


def names(scope: Scope | None) -> list[str]:
    assert scope is not None
    return [one.name for one in scope.dataset.datapoints]


def test_of_four_pictures_the_changed_one_is_compared(folder: Project, known: Open) -> None:
    folder.write("images/a/2.png", png(9))
    with known() as workspace:
        scope = compared(workspace)
    assert names(scope) == ["images/a/2.png"]
    assert (len(scope.records), scope.left) == (1, 3)


def test_a_label_file_concerns_the_pictures_that_look_for_it(folder: Project, known: Open) -> None:
    folder.write("labels/3.json", [BOX])
    with known() as workspace:
        assert names(compared(workspace)) == ["images/b/3.png"]


def test_what_was_not_done_is_compared_until_it_is(folder: Project, known: Open) -> None:
    folder.write("images/a/2.png", png(9))
    for _ in range(2):
        with known() as workspace:
            assert [one.name for one in make_plan(workspace).actions] == ["images/a/2.png"]
            assert names(compared(workspace)) == ["images/a/2.png"]


def test_a_record_that_was_forgotten_is_compared_in_a_folder_that_did_not_change(
    known: Open,
) -> None:
    with known() as workspace:
        forget(workspace, ("images/b/4.png",), 1.0)
        assert names(compared(workspace)) == ["images/b/4.png"]


def test_a_folder_that_was_renamed_is_compared_and_no_other(folder: Project, known: Open) -> None:
    (folder.folder / "images/b").rename(folder.folder / "images/c")
    with known() as workspace:
        scope = compared(workspace)
        assert names(scope) == ["images/c/3.png", "images/c/4.png"]
        assert sorted(scope.records) == ["images/b/3.png", "images/b/4.png"]
        assert scope.left == 2


@pytest.mark.parametrize("column", ["folds", "names", "files", "digests"])
def test_a_flipped_bit_in_what_is_remembered_is_noticed(
    folder: Project, known: Open, column: str
) -> None:
    with closing(sqlite3.connect(folder.folder / ".rbsync/cache.db")) as cache, cache:
        for rowid, value in cache.execute(f"SELECT folder, {column} FROM unit").fetchall():
            flipped = bytes([value[0] ^ 1]) + value[1:]
            cache.execute(f"UPDATE unit SET {column} = ? WHERE folder = ?", (flipped, rowid))
    (folder.folder / "images/a/2.png").rename(folder.folder / "images/a/0.png")
    with known() as workspace:
        assert compared(workspace) is None
        assert [one.name for one in make_plan(workspace).moves] == ["images/a/0.png"]


def test_labels_show_nothing_of_a_source_once_their_picture_is_gone(
    folder: Project, opened: Open
) -> None:
    (folder.folder / "labels/1.json").rename(folder.folder / "labels/3.json")
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    for warned in ([], ["no-labels"]):
        with opened() as workspace:
            assert [one.code for one in make_plan(workspace).warnings] == warned
            assert facts(make_plan(workspace)) == whole(workspace)
        (folder.folder / "images/b/3.png").unlink(missing_ok=True)


def test_a_name_that_is_taken_in_a_folder_that_did_not_change_is_told(
    folder: Project, known: Open
) -> None:
    folder.write("images/A/1.png", png(8))
    with known() as workspace:
        assert compared(workspace) is None
        assert [one.code for one in make_plan(workspace).warnings] == ["lookalike"]


def whole(workspace: Workspace) -> tuple[Any, ...]:
    """All that a plan says, made without what was remembered."""
    with mock.patch.object(planning, "recall", return_value=None):
        return facts(make_plan(workspace))


def facts(plan: Plan) -> tuple[Any, ...]:
    return plan.actions, plan.warnings, plan.dataset, plan.datapoints, plan.unchanged


FLAT = {"xnorm": 0.1, "ynorm": 0.2, "wnorm": 0, "hnorm": 0.4}
WARNED: dict[str, tuple[str, dict[str, Any], str]] = {
    "a label file of nobody": (IN_FOLDERS, {"labels/9.json": [BOX]}, "stray-labels"),
    "an exclusion of nothing": (IN_FOLDERS + "    exclude: [thumbs]\n", {}, "unused-exclude"),
    "labels of nobody": (IN_FOLDERS.replace("labels/{stem}", "none/{stem}"), {}, "no-labels"),
    "a pattern of nothing": (
        IN_FOLDERS + '  - {glob: "*.tif", allow_empty: true}\n',
        {},
        "empty-source",
    ),
    "a label that shows nothing": (
        IN_FOLDERS,
        {"labels/3.json": [{**BOX, "bbox2d": FLAT}]},
        "no-area",
    ),
    "a picture in two datapoints": (
        IN_FOLDERS + "  - {name: again, items: [images/b/3.png]}\n",
        {},
        "shared-file",
    ),
    "names that look alike": (IN_FOLDERS, {"images/B/3.png": png(77)}, "lookalike"),
    "frames of two sizes": (
        IN_FOLDERS + '  - {frames: "videos/*/"}\n',
        {"videos/x/1.png": photo(1, (4, 3)), "videos/x/2.png": photo(2, (5, 3))},
        "frame-sizes",
    ),
}


@pytest.mark.parametrize("kind", WARNED)
def test_a_dataset_with_a_warning_is_planned_in_parts_with_the_same_warning(
    folder: Project, opened: Open, kind: str
) -> None:
    text, files, code = WARNED[kind]
    folder.manifest(text)
    for path, content in files.items():
        folder.write(path, content)
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    with opened() as workspace:
        assert [one.code for one in make_plan(workspace).warnings] == [code]
    with opened() as workspace:
        assert memo_of(workspace).is_all
        assert [one.code for one in make_plan(workspace).warnings] == [code]
    folder.write("images/a/2.png", png(9))
    with opened() as workspace:
        assert names(compared(workspace)) == ["images/a/2.png"]
    with opened() as workspace:
        assert facts(make_plan(workspace)) == whole(workspace)


@pytest.mark.parametrize("age", ["old", "new"])
def test_a_class_map_concerns_its_masks_alone(
    folder: Project, opened: Open, monkeypatch: pytest.MonkeyPatch, age: str
) -> None:
    folder.manifest(
        IN_FOLDERS.replace("BBOX", "MULTI").replace("bus]", "bus, van, cab]")
        + 'masks:\n  - {glob: "masks/*.png", image: "scans/{stem}.png", class_map: classes.json}\n'
    )
    folder.write("masks/5.png", picture(painted(ONE, CLASSES)))
    folder.write("scans/5.png", photo(5, (4, 3)))
    folder.write("classes.json", CLASSES)
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    with opened() as workspace:
        assert not make_plan(workspace).actions
    if age == "new":
        # One that was written in these very seconds is looked at again the next time.
        monkeypatch.setattr(trees, "RACY", 3 * 10**9)
    folder.write("classes.json", {**CLASSES, "van": [9, 9, 9]})
    for _ in range(2):
        with opened() as workspace:
            assert names(compared(workspace)) == ["5"]
            assert facts(make_plan(workspace)) == whole(workspace)
        folder.write("classes.json", {**CLASSES, "cab": [9, 9, 9]})


def test_a_rule_above_labels_that_are_looked_for_again_is_told_by_every_plan(
    folder: Project, known: Open
) -> None:
    """It is read while strays are looked for, and was not remembered."""
    ignored = folder.folder / "images/a/.rbsyncignore"
    for change in (
        lambda: folder.manifest(IN_FOLDERS.replace("labels/{stem}", "labels/{parent}/{stem}")),
        lambda: folder.write("labels/a/1.json", [BOX]),
        lambda: folder.write("images/a/.rbsyncignore", "*.png\n"),
        lambda: folder.write("labels/.rbsyncignore", "2.png\n"),
        ignored.unlink,
    ):
        change()
        told = []
        for _ in range(3):
            with known() as workspace:
                told.append([one.message for one in make_plan(workspace).warnings])
        assert told[1:] == told[:1] * 2
    assert "the rule `2.png`" in told[0][0]


@pytest.mark.parametrize("mode", [0o000, 0o111, 0o444])
@pytest.mark.parametrize("place", ["images/a", "images"])
def test_a_folder_that_cannot_be_read_any_more_is_not_taken_for_deleted(
    folder: Project, known: Open, place: str, mode: int
) -> None:
    # Whatever is to be told of it, by a plan of everything.
    with bound_by_permissions(), known() as workspace:
        (folder.folder / place).chmod(mode)
        try:
            assert compared(workspace) is None
            made = make_plan(workspace, PlanOptions(prune=True, keep_going=True))
        finally:
            (folder.folder / place).chmod(0o755)
    assert made.unread
    assert [one for one in made.actions if isinstance(one, Delete)] == []
    with known() as workspace:
        assert make_plan(workspace, PlanOptions(prune=True)).actions == ()


class Unfinished(AlwaysReady):
    """Says of one file that somebody has it open."""

    def __init__(self, path: str) -> None:
        self._path = path

    def before_reading(self, descriptor: int, path: str) -> str:
        return "somebody has it open" if path == self._path else ""


def test_while_a_file_is_not_finished_it_and_what_changed_are_compared_and_no_other(
    folder: Project, known: Open
) -> None:
    folder.write("images/a/slow.png", png(9))
    expected: dict[str, type[Action]] = {"images/a/slow.png": Blocked}
    for number in (5, 6):
        folder.write(f"images/b/{number}.png", png(number))
        expected[f"images/b/{number}.png"] = Create
        with known(readiness=Unfinished("images/a/slow.png")) as workspace:
            # A plan of everything reads all records.
            whole = mock.patch.object(type(workspace.store), "records", side_effect=AssertionError)
            with whole:
                made = make_plan(workspace, PlanOptions(keep_going=True))
        assert {one.name: type(one) for one in made.actions} == expected
    with known() as workspace:
        made = make_plan(workspace)
    assert {one.name: type(one) for one in made.actions} == dict.fromkeys(expected, Create)


def flat(folder: Project, count: int = 6) -> None:
    """Files without labels, whose folder is planned packed."""
    folder.manifest('project: {type: IMAGE_BBOX}\ndatapoints:\n  - glob: "images/**/*.png"\n')
    for number in range(count):
        folder.write(f"images/new/{number}.png", png(10 + number))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bursts begin with few files."""
    monkeypatch.setattr(remembered, "MOST_IN_PARTS", 3)
    monkeypatch.setattr(memo, "MOST_OF_UNIT", 2)


@pytest.mark.usefixtures("small")
def test_what_was_created_in_a_burst_is_not_made_anew_to_see_that_it_is_as_declared(
    folder: Project, opened: Open
) -> None:
    flat(folder, 0)
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace), ApplyOptions())
    flat(folder)
    again = PlanOptions(plans_again=True)
    with opened() as workspace:
        made = make_plan(workspace, again)
        assert len(made.actions) == 6
        # Until it is applied all of it is to be planned, which is nothing for a part.
        assert compared(workspace) is None
        apply_plan(workspace, made, ApplyOptions(planning=again))
    with opened() as workspace:
        assert memo_of(workspace).memo.open_units == ((0, "images/new"),)
        assert not memo_of(workspace).is_all
        forget(workspace, ("images/new/4.png",), 1.0)
        assert names(compared(workspace)) == ["images/new/4.png"]
        assert facts(make_plan(workspace, again)) == whole(workspace)
    with opened() as workspace:
        apply_plan(workspace, make_plan(workspace, again), ApplyOptions(planning=again))
        assert names(compared(workspace)) == []
        assert facts(make_plan(workspace, again)) == whole(workspace)
        assert memo_of(workspace).is_all


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("change", ["created", "written", "deleted", "renamed"])
def test_a_burst_is_no_case_for_a_part(folder: Project, opened: Open, change: str) -> None:
    flat(folder)
    for _ in range(2):
        with opened() as workspace:
            apply_plan(workspace, make_plan(workspace), ApplyOptions())
    new = folder.folder / "images/new"
    if change in ("deleted", "renamed"):
        new.rename(folder.folder / ("images/other" if change == "renamed" else "gone"))
    for number in range(10, 20) if change == "created" else range(6):
        if change in ("created", "written"):
            folder.write(f"images/new/{number}.png", png(100 + number))
    with opened() as workspace:
        assert compared(workspace) is None
        assert facts(make_plan(workspace)) == whole(workspace)


def test_a_number_is_found_among_those_of_many_names_and_not_across_two() -> None:
    across = array("Q", [1 << 56, 7])
    folds = Folds(lambda: [((0, "a"), array("Q", map(fold_of, "abc"))), ((0, "x"), across)])
    assert folds.units_with({"b", "z"}) == {(0, "a"): {"b"}}
    # The bytes of these numbers are there, from the last of one number on.
    assert not _found({1 + (7 << 8)}, across)
    assert _found({7}, across) == {7}
    many = {fold_of(one) for one in "bcdefghijklmn"}
    assert _found(many, array("Q", map(fold_of, "abc"))) == {fold_of("b"), fold_of("c")}
