"""Changes of labels with their pictures: of a plan, and between two versions."""

from __future__ import annotations

from rbsync.sync.diffing import at_hand, named
from rbsync.sync.pictured_changes import FULL, MOST, detail_of, pictured_difference, pictured_plan
from rbsync.sync.plan_options import PlanOptions
from rbsync.sync.planning import make_plan
from rbsync.trust import Trust
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import MOVED_BOX, Open


def test_what_changes_is_drawn_with_both_sides(folder: Project, opened: Open) -> None:
    folder.write("a.json", [BOX])
    assert folder.apply().code == 0
    folder.write("a.json", [MOVED_BOX])
    with opened() as workspace:
        found = dict(pictured_plan(workspace, make_plan(workspace, PlanOptions())))
    assert list(found) == ["a.png"]
    (picture,) = found["a.png"].pictures
    assert [[round(x, 3) for x, _ in side[0][2]] for side in picture["objects"]] == [
        [0.1, 0.4],
        [0.6, 0.9],
    ]
    assert found["a.png"].changes.objects[0].verb == "changed"


def test_another_picture_is_drawn_with_the_labels_that_stay(folder: Project, opened: Open) -> None:
    folder.write("a.json", [BOX])
    assert folder.apply().code == 0
    folder.write("a.png", png(90))
    folder.write("b.png", png(91))
    with opened() as workspace:
        found = dict(pictured_plan(workspace, make_plan(workspace, PlanOptions())))
    assert sorted(found) == ["a.png", "b.png"]
    for one in found.values():
        (picture,) = one.pictures
        assert one.changes is None
        assert picture["photo"]
        assert picture["same"]
    assert found["a.png"].pictures[0]["objects"][1]
    assert not found["b.png"].pictures[0]["objects"][1]


def test_labels_that_cannot_be_read_keep_no_other_from_being_drawn(
    folder: Project, opened: Open
) -> None:
    for name in "ab":
        folder.write(f"{name}.json", [BOX])
    assert folder.apply().code == 0
    for name in "ab":
        folder.write(f"{name}.json", [MOVED_BOX])
    with opened() as workspace:
        plan = make_plan(workspace, PlanOptions())
        folder.write("a.json", "[")
        found = dict(pictured_plan(workspace, plan))
    assert {name: bool(one.pictures) for name, one in found.items()} == {
        "a.png": False,
        "b.png": True,
    }


def test_two_versions_are_drawn_from_the_files_of_each(committed: Project, opened: Open) -> None:
    committed.write("a.json", [MOVED_BOX])
    manifest = str(committed.folder / "rbsync.yaml")
    with opened(sums=True) as workspace:
        old, new = named(manifest, "v1", Trust()), at_hand(workspace)
        found = dict(pictured_difference(old, new, ["a.png"]))
    ((name, _),) = found["a.png"].pictures[0]["classes"]
    assert name == "car"


def test_few_pictures_are_whole_and_many_fit_one_page() -> None:
    assert detail_of(FULL).side is None
    sides = [detail_of(number).side or 0 for number in (FULL + 1, 200, MOST)]
    assert sides == sorted(sides, reverse=True)
    assert all(0 < side <= 384 for side in sides)
