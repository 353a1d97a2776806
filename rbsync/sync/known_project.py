"""The project that a manifest names, where it is there."""

from __future__ import annotations

from collections.abc import Iterator

from rbsync.backends.base import MadeElsewhere, Project
from rbsync.errors import BackendError, Problem, StateError, UserError
from rbsync.model.plan import Plan, ProjectChange
from rbsync.model.record import Header
from rbsync.reasons import INVALID
from rbsync.sync.project_making import CODE, creation, is_makeable, make_project
from rbsync.sync.workspace import Workspace


def known_project(workspace: Workspace, *, planned: bool = False) -> Project | None:
    """The project; None for one that an apply makes.

    Raises UserError for one of a service that is not there: a plan that says "1 to create" would
    only fail later. One that is declared by its name is made when that is ``planned``.
    """
    found = workspace.backend.describe()
    if found is None and not workspace.backend.capabilities.makes_project:
        if planned and is_makeable(workspace):
            return None
        found = _required(workspace)
    if found is not None and found.namesakes:
        workspace.note(
            f'warning: {found.namesakes} more of the organization are called "{found.name}"; '
            f"`project_id: {found.identity.rpartition('/')[2]}` below `backend` says which is meant"
        )
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
        path = ("project", "name") if is_makeable(workspace) else ("backend", "project_id")
        where = workspace.manifest.locate(path)
        raise UserError([Problem(CODE, str(error), where, error.hint)]) from error


def described(workspace: Workspace, header: Header | None) -> Project | None:
    """The project, once it is known to be the one that manifest and state speak of."""
    project = known_project(workspace, planned=True)
    check_project(workspace, project)
    check_target(header, project, by_name=is_makeable(workspace))
    return project


def check_project(workspace: Workspace, project: Project | None) -> None:
    """Raises UserError when the project is of another type than the manifest says."""
    declared = workspace.manifest.settings.project.type
    if project is None or not declared or project.type in ("", declared):
        return
    where = workspace.manifest.locate(("project", "type"))
    message = f"the project is of type {project.type}, not {declared}"
    raise UserError(
        [Problem("project-type", message, where, "correct the type, or name another project")]
    )


def project_changes(
    workspace: Workspace, project: Project | None, *, extends: bool
) -> tuple[ProjectChange, ...]:
    """In what the project itself is another one than the manifest says. Raises BackendError.

    An embedded project is made what is declared by any apply, and is none of others. A project
    without any category takes labels of all: it lacks none, unless ``extends`` asks for them.
    """
    if project is None and is_makeable(workspace):
        return (creation(workspace),)
    if project is None or not isinstance(workspace.backend, MadeElsewhere):
        return ()
    return tuple(_changes(workspace, project, workspace.backend, extends=extends))


def _changes(
    workspace: Workspace, project: Project, backend: MadeElsewhere, *, extends: bool
) -> Iterator[ProjectChange]:
    declared = workspace.manifest.settings.project
    if declared.name and declared.name != project.name:
        yield ProjectChange("name", declared.name, project.name)
    names = (one.name for one in workspace.taxonomy.walk() if one.is_of_labels)
    for name in dict.fromkeys(names) if extends or project.categories else ():
        if name not in project.categories:
            yield ProjectChange("category", name, is_added=True)
    if declared.stages and declared.stages != project.stages:
        yield ProjectChange("stages", ", ".join(declared.stages), ", ".join(project.stages))
    roles = backend.members() if declared.members else {}
    for email, role in declared.members:
        found = roles.get(email, "")
        if found.lower() != role.lower():
            shown = f"{email} {found}" if found else ""
            yield ProjectChange("member", f"{email} {role}", shown)


def prepare_project(workspace: Workspace, plan: Plan, *, is_wanted: bool) -> None:
    """Makes the project, or extends it, where the plan says so and that is wanted.

    Before any label of a new category is sent. Done twice, it does nothing more. Raises UserError
    for a project that is not there and is not to be made, and BackendError.
    """
    if is_wanted and plan.new_project:
        make_project(workspace)
    if is_wanted and (plan.new_project or plan.added_categories):
        extend_project(workspace)
    elif plan.new_project:
        known_project(workspace)


def extend_project(workspace: Workspace) -> None:
    """Gives the project the categories that it lacks, and says which. Raises BackendError."""
    backend = workspace.backend
    if not isinstance(backend, MadeElsewhere):
        return
    names = backend.extend(workspace.taxonomy)
    if names:
        workspace.note(f"Added to the taxonomy of the project: {', '.join(names)}.")


_START_ANEW = "start anew: remove .rbsync/state.db, or name another state by --state"


def check_target(header: Header | None, project: Project | None, *, by_name: bool = False) -> None:
    """Raises StateError when the state belongs to another project than the manifest names.

    A project that is known ``by_name`` may have got another one.
    """
    if header is None or not header.target:
        return
    if project is None and by_name:
        found = header.target.rpartition("/")[2]
        raise StateError(
            f"the state belongs to the project {header.target}, and none has the declared name now",
            hint="declare the name that it has now, or say which it is whatever it is called: "
            f"`project_id: {found}` below `backend`",
        )
    if project is None:
        raise StateError(
            f"the state belongs to the project {header.target}, which is not there any more",
            hint=f"put the project back, or {_START_ANEW}",
        )
    if project.identity != header.target:
        raise StateError(
            f"the state belongs to the project {header.target}, and the manifest names "
            f"{project.identity}",
            hint=f"use a folder of its own for each project, or {_START_ANEW}",
        )
