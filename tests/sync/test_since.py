"""The datapoints that changes since a git revision touch."""

from __future__ import annotations

import pytest

from rbsync.sync.planning import make_plan
from rbsync.sync.revisions import version_of
from rbsync.sync.since import EVERYTHING, Since, touched_since
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX, Project
from tests.scenarios.test_versions import commit, git
from tests.sync.conftest import MANIFEST, Open


def touched(opened: Open, revision: str = "v1") -> Since:
    with opened() as workspace:
        return touched_since(workspace, revision)


def test_where_nothing_changed_nothing_is_touched(committed: Project, opened: Open) -> None:
    commit_of_v1 = git(committed, "rev-parse", "v1").stdout.strip()
    committed.write("README.md", "no data")
    assert touched(opened) == Since(commit_of_v1, frozenset())


def test_a_datapoint_is_touched_by_each_of_its_files_committed_or_not(
    committed: Project, opened: Open
) -> None:
    committed.write("b.png", png(77))
    commit(committed)
    committed.write("c.json", [BOX])
    committed.write("d.png", png(78))
    assert touched(opened).names == frozenset({"b.png", "c.png", "d.png"})
    assert touched(opened, "HEAD").names == frozenset({"c.png", "d.png"})


def test_files_that_are_gone_touch_those_whose_they_were_by_the_lock_of_then(
    committed: Project, opened: Open
) -> None:
    assert version_of(str(committed.folder), "v1").notes["a.png"].label_files == ("a.json",)
    (committed.folder / "a.json").unlink()
    (committed.folder / "b.png").unlink()
    assert touched(opened).names == frozenset({"a.png", "b.png"})


def test_where_nobody_can_say_all_is_touched_and_a_plan_tells_why(
    committed: Project, opened: Open
) -> None:
    committed.manifest(MANIFEST + "# more\n")
    with opened() as workspace:
        found = touched_since(workspace, "v1")
        plan = make_plan(workspace)
    assert found.names is None
    assert plan.warnings == ()
    (news,) = found.told(plan).warnings
    assert news.message == (
        "planned in full: `rbsync.yaml` has changed, which says what is declared"
    )
    assert EVERYTHING.told(plan) is plan
    assert Since("", frozenset(), "why").told(plan) is plan


@pytest.mark.parametrize("revision", ["nothing", "--all", ""])
def test_a_name_that_is_no_revision_is_told_with_those_that_are(
    committed: Project, opened: Open, revision: str
) -> None:
    found = touched(opened, revision)
    assert (found.base, found.names) == ("", None)
    assert found.why.startswith(
        f"git knows no common commit of HEAD and `{revision}` (there is no "
    )
