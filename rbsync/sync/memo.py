"""A plan that had nothing to do, remembered, so that the next one only has to look.

The memo holds when manifest, state, what the project is, and every folder and file that was looked
at are what they were: the names in a folder, and each file's size, times and inode. Folders are
compared as bytes and no value is made for a file.
"""

from __future__ import annotations

import json
from dataclasses import replace

from rbsync.backends.base import Project
from rbsync.model.plan import Basis, Plan
from rbsync.sync.saved_plans import left_digest
from rbsync.sync.workspace import Workspace
from rbsync.version import VERSION

KEY = "nothing to do"
_PROJECT = 5
"""Where the facts of the project are in the basis."""


def recall(
    workspace: Workspace, basis: Basis, project: Project | None, *, asked: bool
) -> Plan | None:
    """The plan with nothing to do, when all is as it was then; None otherwise.

    A project that was not ``asked`` what it is counts for what it was: there is nothing to send.
    """
    text = workspace.inputs.cache.memo(KEY)
    if text is None:
        return None
    memo = json.loads(text)
    then, now = memo["basis"], _basis(workspace, basis, project)
    if not asked:
        then, now = _without_project(then), _without_project(now)
    if then != now:
        return None
    # Last, for it looks at every folder.
    if workspace.inputs.tree.signature(memo["folders"]) != memo["signature"]:
        return None
    return Plan(
        actions=(),
        unchanged=memo["datapoints"],
        dataset=memo["dataset"],
        datapoints=memo["datapoints"],
        basis=replace(basis, left=left_digest({}, ())),
        recorded=memo["datapoints"],
    )


def remember(workspace: Workspace, plan: Plan, project: Project | None) -> None:
    """Remembers a plan that has nothing to do and nothing to say."""
    tree = workspace.inputs.tree
    # A warning must be said each time, so that a plan with one is never recalled.
    news = (plan.actions, plan.orphans, plan.forgotten, plan.taken, plan.unread, plan.warnings)
    quiet = not any(news)
    # A file that was written in the last seconds may change again within the same tick of the
    # clock.
    if not quiet or not tree.is_settled():
        return
    folders = tree.folders()
    signature = tree.signature(folders)
    if not signature:
        return
    memo = {
        "basis": _basis(workspace, plan.basis, project),
        "folders": folders,
        "signature": signature,
        "dataset": plan.dataset,
        "datapoints": plan.datapoints,
    }
    workspace.inputs.cache.put_memo(KEY, json.dumps(memo))


def _without_project(basis: list[object]) -> list[object]:
    return [*basis[:_PROJECT], *basis[_PROJECT + 1 :]]


def _basis(workspace: Workspace, basis: Basis, project: Project | None) -> list[object]:
    """All that a plan depends on beside files; as JSON, so that it compares with what was read."""
    known = [project.identity, project.type, *project.categories] if project else None
    # What was allowed then may not be allowed now.
    trust = workspace.manifest.trust
    allowed = [trust.allow_private_urls, trust.max_pixels, *workspace.manifest.settings.roots]
    # Another version of rbsync may read the same files in another way.
    return [VERSION, basis.lineage, basis.serial, basis.manifest, basis.target, known, allowed]
