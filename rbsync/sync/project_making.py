"""The project that a manifest declares by its name, made where it is not there."""

from __future__ import annotations

from rbsync.backends.base import MakesProjects, NewProject, Project
from rbsync.errors import BackendError, Problem, UserError
from rbsync.model.plan import ProjectChange
from rbsync.reasons import AMBIGUOUS, PASSING
from rbsync.sync.workspace import Workspace

CODE = "no-project"
_LOOKS, _PAUSE = 15, 2.0
"""How often, and after how many seconds, a project that is still being made is looked at."""

_FACTS_HINT = "declare both: the service gives neither to a project later"


def is_makeable(workspace: Workspace) -> bool:
    """Tells whether a project that is not there can be made: it is declared by its name."""
    backend = workspace.backend
    return isinstance(backend, MakesProjects) and backend.is_by_name


def wanted(workspace: Workspace) -> NewProject:
    """The project that is declared. Raises UserError where the manifest says too little of it."""
    declared = workspace.manifest.settings.project
    facts = {"type": declared.type, "taxonomy": workspace.taxonomy.categories}
    lacks = [key for key, known in facts.items() if not known]
    if lacks:
        where = workspace.manifest.locate(("project",))
        what = " and ".join(lacks)
        message = f'the project "{declared.name}" is not there, and is to be made without {what}'
        raise UserError([Problem(CODE, message, where, _FACTS_HINT)])
    return NewProject(declared.name, declared.type, workspace.taxonomy, declared.stages)


def creation(workspace: Workspace) -> ProjectChange:
    """The line of a plan for a project that is to be made. Raises UserError."""
    new = wanted(workspace)
    return ProjectChange("project", new.name, is_added=True)


def make_project(workspace: Workspace) -> None:
    """Makes the project unless it is there by now, and says its id. Raises BackendError.

    Two clients may do that at the same time, and the service may know no unique names: each looks
    again once what the other made is sure to be seen, and all take the one that was made first.
    What was made is noted nowhere before: who is killed finds it by its name.
    """
    backend = workspace.backend
    assert isinstance(backend, MakesProjects)  # noqa: S101  (a plan makes no others)
    if workspace.backend.describe() is not None:
        return
    limits = workspace.backend.capabilities
    made = ""
    try:
        made = backend.make(wanted(workspace))
    except BackendError as error:
        if not (error.sent and (error.kind in PASSING or error.kind == AMBIGUOUS)):
            raise
        # Sent again, it may be made twice: what became of it is looked for by its name.
        text = f"Waiting {limits.quarantine:.0f} s: {error}. The project may be made all the same."
        workspace.note(text)
        workspace.stop.pause(limits.quarantine)
        if workspace.backend.describe() is None:
            raise
    else:
        workspace.stop.pause(limits.quarantine if limits.staleness is None else limits.staleness)
    project = _ready(workspace)
    found = project.identity.rpartition("/")[2]
    workspace.note(
        f'The project "{project.name}" is made: {found}. It is found by its name, from elsewhere '
        f"too; `project_id: {found}` below `backend` finds it whatever it is called."
    )
    if made and made != found:
        workspace.note(
            "warning: somebody made a project of this name a moment earlier, which is used; "
            f"{made} stays empty, and can be removed at the service"
        )


def _ready(workspace: Workspace) -> Project:
    """The project once it is made: for some seconds it is there and cannot be used."""
    for _ in range(_LOOKS):
        try:
            return workspace.backend.project()
        except BackendError as error:
            if error.kind not in PASSING or not workspace.stop.pause(_PAUSE):
                raise
    return workspace.backend.project()
