"""Projects, taxonomies and workspaces of the organization, which clients make and change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from rbsync.backends.local.clock import now
from rbsync.errors import UserError
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.service.answers.changed import DONE
from rbsync.service.answers.shown_taxonomy import as_taxonomy, taxonomy
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call, Service

_PARTS = ("studyClassify", "seriesClassify", "instanceClassify", "objectTypes")


def create_taxonomy(
    call: Call, org_id: str, name: str, **parts: list[dict[str, Any]] | None
) -> dict[str, Any]:
    call.check_org(org_id)
    if taxonomy(call, org_id, name=name):
        raise RefusalError(f'the organization has a taxonomy "{name}"')
    tax_id = str(uuid4())
    made = {
        **as_taxonomy(call.service),
        "taxId": tax_id,
        "name": name,
        "version": None,
        "createdAt": now(),
        "isNew": True,
        "categories": [],
        "attributes": [],
        **_parts(parts),
    }
    call.service.account.put("taxonomies", tax_id, made)
    return DONE


def update_taxonomy(
    call: Call, org_id: str, tax_id: str, **parts: list[dict[str, Any]] | None
) -> dict[str, Any]:
    call.check_org(org_id)
    given = {key: one for key, one in _parts(parts).items() if one}
    found = call.service.account.get("taxonomies", tax_id)
    home = call.service.main
    own = as_taxonomy(home)
    if found is not None:
        changed = call.service.account.put("taxonomies", tax_id, {**found, **given})
        for one in _made_with(call, tax_id):
            give_taxonomy(one, changed)
    elif tax_id.lower() == own["taxId"]:
        give_taxonomy(home, {**own, **given})
        for one in _made_with(call, tax_id):
            give_taxonomy(one, {**own, **given})
    else:
        raise RefusalError("there is no such taxonomy in the organization")
    return DONE


def _made_with(call: Call, tax_id: str) -> Iterator[Service]:
    """The projects that clients have made with a taxonomy."""
    for key, made in call.service.account.all("projects").items():
        if made["taxonomy"]["taxId"] == tax_id.lower():
            yield call.service.main.of(key)


def give_taxonomy(service: Service, wanted: Mapping[str, Any]) -> None:
    """Gives a project another taxonomy, which its labels conform to. Raises RefusalError."""
    shown = [one for one in wanted["objectTypes"] if not one.get("archived")]
    # The root of the old form is no category of its own.
    old = [one for one in wanted["categories"] if one["children"]]
    try:
        found = read_taxonomy({**wanted, "categories": old, "objectTypes": _nested(shown)})
        service.project.change(found)
    except UserError as error:
        raise RefusalError(str(error.problems[0].message)) from error


def _nested(types: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Object types below the categories that are their parents."""
    made = {one["category"]: {**one, "children": []} for one in types}
    tops: list[dict[str, Any]] = []
    for one in made.values():
        above = [name for name in one.get("parents") or () if name in made]
        (made[above[-1]]["children"] if above else tops).append(one)
    return tops


def remove_taxonomy(
    call: Call, org_id: str, tax_id: str | None = None, name: str | None = None
) -> dict[str, Any]:
    call.check_org(org_id)
    found = taxonomy(call, org_id, tax_id, name)
    call.service.account.take("taxonomies", found["taxId"] if found else "", "taxonomy")
    return DONE


def _parts(given: Mapping[str, list[dict[str, Any]] | None]) -> dict[str, Any]:
    names = {"study_classify": 0, "series_classify": 1, "instance_classify": 2, "object_types": 3}
    return {_PARTS[at]: given.get(name) or [] for name, at in names.items()}


def create_project(
    call: Call,
    org_id: str,
    name: str,
    stages: list[dict[str, Any]],
    td_type: str,
    taxonomy_name: str,
    taxonomy_version: int,  # noqa: ARG001  (the field has it)
    workspace_id: str | None = None,
    task_duplication_count: int | None = None,
    consensus_settings: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A project of the organization, without tasks as yet; several may have one name."""
    call.check_org(org_id)
    found = taxonomy(call, org_id, name=taxonomy_name)
    if found is None:
        return {"ok": False, "errors": [f'there is no taxonomy "{taxonomy_name}"'], "project": None}
    project_id = str(uuid4())
    made = {
        "projectId": project_id,
        "name": name,
        "tdType": td_type,
        "taxonomy": found,
        "createdAt": now(),
        "workspace": {"workspaceId": workspace_id} if workspace_id else None,
        "taskDuplicationCount": task_duplication_count,
        "consensusSettings": consensus_settings or {"enabled": False},
        "stages": [{**one, "routing": _routing(one.get("routing"))} for one in stages],
    }
    call.service.account.put("projects", project_id, made)
    give_taxonomy(call.service.main.of(project_id), found)
    return {"ok": True, "errors": None, "project": {"projectId": project_id}}


def _routing(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings that were given as one type, as the type of those that it is."""
    found = {key: one for key, one in (given or {}).items() if one is not None}
    if "passed" in found or "failed" in found:
        return {"__typename": "BooleanRouting", **found}
    kinds = {
        "nextStageName": "NextRouting",
        "stageNames": "MultiRouting",
        "feedbackStageName": "FeedbackRouting",
    }
    kind = next((kinds[key] for key in found if key in kinds), "NoRouting")
    return {"__typename": kind, **found}


def archive_project(call: Call, org_id: str, project_id: str) -> dict[str, Any]:
    _check_any(call, org_id, project_id)
    call.service.account.put("archived", project_id, True)
    return DONE


def restore_project(call: Call, org_id: str, project_id: str) -> dict[str, Any]:
    _check_any(call, org_id, project_id)
    call.service.account.put("archived", project_id, False)
    return DONE


def remove_project(call: Call, org_id: str, project_id: str) -> dict[str, Any]:
    call.check_org(org_id)
    home = call.service.main
    if project_id.lower() == home.project_id.lower():
        raise RefusalError("the project that is served is not removed: delete its folder")
    call.service.account.take("projects", project_id, "project")
    return DONE


def _check_any(call: Call, org_id: str, project_id: str) -> None:
    call.check_org(org_id)
    if call.service.account.get("projects", project_id) is None:
        call.check_project(org_id, project_id)


def update_stage(
    call: Call,
    org_id: str,
    project_id: str,
    stage_name: str,
    config: str | None = None,
    routing: dict[str, Any] | None = None,
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    stages = call.service.stages()
    if stage_name not in {one["stageName"] for one in stages}:
        raise RefusalError(f'there is no stage "{stage_name}" in the project')
    kept = call.service.account.get("stages", stage_name) or {}
    told = {"stageConfig": config, "routing": _routing(routing) if routing else None}
    new = {key: one for key, one in told.items() if one is not None}
    call.service.account.put("stages", stage_name, {**kept, **new})
    return {"ok": True, "pipeline": call.service.stages()}


def create_workspace(call: Call, org_id: str, name: str) -> dict[str, Any]:
    call.check_org(org_id)
    if any(one["name"] == name for one in call.service.account.all("workspaces").values()):
        raise RefusalError(f'the organization has a workspace "{name}"')
    workspace_id = str(uuid4())
    made = {
        "orgId": call.service.org_id,
        "workspaceId": workspace_id,
        "name": name,
        "createdAt": now(),
        "status": "CREATION_SUCCESS",
        "metadataSchema": [],
        "classificationSchema": [],
        "cohorts": [],
    }
    return dict(call.service.account.put("workspaces", workspace_id, made))


def workspaces(call: Call, org_id: str) -> list[dict[str, Any]]:
    call.check_org(org_id)
    return list(call.service.account.all("workspaces").values())


def workspace(call: Call, org_id: str, workspace_id: str) -> dict[str, Any] | None:
    call.check_org(org_id)
    found = call.service.account.get("workspaces", workspace_id)
    # Datapoints here are those of the one project.
    return found and {**found, "dataPoints": lambda _, **__: {"entries": [], "cursor": None}}
