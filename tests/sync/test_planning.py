"""A plan is the dataset against the state; where nothing has changed, what is remembered tells."""

from __future__ import annotations

import subprocess
import sys

from rbsync.sync.declared_dataset import expand
from rbsync.sync.planning import make_plan
from tests.scenarios.project import BOX, Project
from tests.sync.conftest import Open

CHANGES = ("rbsync.sync.plan_making", "rbsync.dataset.build", "rbsync.planner")


def test_the_first_plan_creates_all_and_says_what_it_was_made_against(opened: Open) -> None:
    with opened() as workspace:
        plan = make_plan(workspace)
        assert [one.name for one in plan.actions] == ["a.png", "b.png", "c.png"]
        assert plan.dataset == expand(workspace).digest
        assert plan.basis.manifest == workspace.manifest.digest
        assert (plan.basis.lineage, plan.basis.serial) == ("", 0)


def test_a_plan_that_finds_nothing_changed_loads_nothing_of_what_compares(folder: Project) -> None:
    folder.write("c.json", [BOX])
    assert folder.apply().code == 0
    assert _loaded(folder) == list(CHANGES)
    assert _loaded(folder) == []
    folder.write("b.json", [])
    assert _loaded(folder) == list(CHANGES)


def _loaded(folder: Project) -> list[str]:
    """The rooms of the comparison that a plan loads in a process of its own.

    What was just written may change again unseen, and waits a while; this process does not.
    """
    script = (
        "import sys; import rbsync.files.tree_hashing as trees; trees.RACY = -(10**9);"
        "from rbsync.cli.main import main; code = main(sys.argv[1:]);"
        f"print(*[name for name in {CHANGES} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "-C", str(folder.folder), "plan"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1].split()
