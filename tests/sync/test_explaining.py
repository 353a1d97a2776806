"""Why a datapoint has its action."""

from __future__ import annotations

from rbsync.sync.explaining import explain
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open


def test_a_change_is_explained_facet_by_facet(folder: Project, applied: Open) -> None:
    folder.write("a.json", [BOX])
    with applied() as workspace:
        found = explain(workspace, "a.png")
    told = found.as_json()
    assert (told["action"], told["reason"]) == ("update", "changed")
    equal = {facet: one["equal"] for facet, one in told["facets"].items()}
    assert equal == {"items": True, "labels": False, "settings": True}
    lines = list(found.lines())
    assert lines[0] == "a.png: update (changed): changed: labels"
    assert sum("differs" in line for line in lines) == 1


def test_what_is_not_declared_any_more_is_kept_with_its_reason(
    folder: Project, applied: Open
) -> None:
    (folder.folder / "a.png").unlink()
    with applied() as workspace:
        told = explain(workspace, "a.png").as_json()
    assert (told["action"], told["reason"], told["origin"]) == ("keep", "orphan", None)


def test_what_nobody_knows_has_no_action_but_the_names_that_there_are(opened: Open) -> None:
    with opened() as workspace:
        found = explain(workspace, "nothing")
    assert found.action is None
    assert set(found.names) == {"a.png", "b.png", "c.png"}
