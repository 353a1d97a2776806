"""The project with its pipeline, its one person and its one organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rbsync.service.answers.shown_taxonomy import as_taxonomy
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call, Service

# The type that allows every label, for a project that allows everything.
ANYTHING = "DICOM_SEGMENTATION"


def project(call: Call, org_id: str, project_id: str) -> dict[str, Any] | None:
    """Null when there is none."""
    try:
        call.check_project(org_id, project_id)
    except RefusalError:
        return None
    return _as_project(call.service, call.base)


def projects(
    call: Call,
    org_id: str,
    active: bool | None = None,
    user_id: str | None = None,  # noqa: ARG001  (the field has it)
) -> list[dict[str, Any]]:
    call.check_org(org_id)
    home = call.service.main
    every = [home, *(home.of(key) for key in call.service.account.all("projects"))]
    shown = [_as_project(one, call.base) for one in every]
    away = call.service.account.all("archived")
    return [one for one in shown if not (active and away.get(one["projectId"].lower()))]


def stages(call: Call, org_id: str, project_id: str) -> list[dict[str, Any]]:
    call.check_project(org_id, project_id)
    return call.service.stages()


_NO_SETTINGS: dict[str, Any] = {
    "hangingProtocol": None,
    "labelValidationSettings": None,
    "webhookSettings": None,
}


def _workforce(project_id: str) -> dict[str, Any]:
    """Nobody's work is measured here."""
    return {"projectId": project_id, "labelStages": [], "reviewStages": []}


def _as_project(service: Service, base: str) -> dict[str, Any]:
    return {
        "orgId": service.org_id,
        "projectId": service.project_id,
        "name": service.meta.name,
        "status": "CREATION_SUCCESS",
        "tdType": service.meta.type or ANYTHING,
        "taxonomy": as_taxonomy(service),
        "projectUrl": f"{base}/{service.org_id}/projects/{service.project_id}",
        "createdAt": service.meta.created_at,
        "updatedAt": service.meta.created_at,
        "consensusSettings": {"enabled": False},
        "stages": service.stages(),
        "taskDuplicationCount": 1,
        "workforceSummary": lambda _, **__: _workforce(service.project_id),
        **_NO_SETTINGS,
        **_made_of(service.made or {}),
        **{key: one for key, one in service.account.all("settings").items() if key != "labels"},
    }


def _made_of(made: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that a client gave of a project that it made."""
    members = ("name", "createdAt", "workspace", "taskDuplicationCount", "consensusSettings")
    return {key: made[key] for key in members if key in made}


EMAIL = "offline@rbsync.invalid"
USER: dict[str, Any] = {
    "userId": "00000000-0000-4000-8000-000000000001",
    "email": EMAIL,
    "givenName": "Offline",
    "familyName": "Service",
    "mfaSetup": False,
    "idProvider": "COGNITO",
}


def me(call: Call) -> dict[str, Any]:  # noqa: ARG001  (the field has it)
    return USER


def members(call: Call, org_id: str, only_active: bool | None = None) -> list[dict[str, Any]]:
    call.check_org(org_id)
    created = call.service.meta.created_at
    user = {**USER, "lastSeen": created, "updatedAt": created}
    active = not call.service.account.get("inactive", USER["userId"])
    if only_active and not active:
        return []
    return [{"user": user, "role": "ADMIN", "tags": [], "active": active, "lastSeen": created}]


def organization(call: Call, org_id: str) -> dict[str, Any]:
    call.check_org(org_id)
    return _organization(call)


def organizations(call: Call) -> list[dict[str, Any]]:
    return [_organization(call)]


def _organization(call: Call) -> dict[str, Any]:
    return {"orgId": call.service.org_id, "name": "rbsync offline", "role": "ADMIN"}
