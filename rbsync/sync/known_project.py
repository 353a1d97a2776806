"""The project that a manifest names, where it is there."""

from __future__ import annotations

from rbsync.backends.base import Project
from rbsync.errors import BackendError, Problem, UserError
from rbsync.reasons import INVALID
from rbsync.sync.workspace import Workspace

CODE = "no-project"


def known_project(workspace: Workspace) -> Project | None:
    """The project; None for one that the first apply makes.

    Raises UserError for one of a service that is not there: rbsync makes none, and a plan that
    says "1 to create" would only fail later.
    """
    found = workspace.backend.describe()
    if found is None and not workspace.backend.capabilities.makes_project:
        found = _required(workspace)
    if found is not None and found.unknown_type:
        workspace.note(
            f"warning: the project is of type {found.unknown_type}, which this version does not "
            "know: labels and items are not checked against it"
        )
    return found


def _required(workspace: Workspace) -> Project:
    try:
        return workspace.backend.project()
    except BackendError as error:
        # A key that is not accepted, or no network, says nothing of the ids in the manifest.
        if error.kind != INVALID:
            raise
        where = workspace.manifest.locate(("backend", "project_id"))
        raise UserError([Problem(CODE, str(error), where, error.hint)]) from error
