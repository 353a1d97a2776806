"""The project with its pipeline, its one person and its one organization."""

from __future__ import annotations

from typing import Any

from rbsync.service.answers.shown_taxonomy import as_taxonomy
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.stages import pipeline

# The type that allows every label, for a project that allows everything.
ANYTHING = "DICOM_SEGMENTATION"


def project(call: Call, org_id: str, project_id: str) -> dict[str, Any] | None:
    """Null when it is not the one that is served."""
    try:
        call.check_project(org_id, project_id)
    except RefusalError:
        return None
    return _as_project(call)


def projects(call: Call, org_id: str, active: bool | None = None) -> list[dict[str, Any]]:  # noqa: ARG001  (the field has it)
    call.check_org(org_id)
    return [_as_project(call)]


def stages(call: Call, org_id: str, project_id: str) -> list[dict[str, Any]]:
    call.check_project(org_id, project_id)
    return pipeline()


def _as_project(call: Call) -> dict[str, Any]:
    service = call.service
    return {
        "orgId": service.org_id,
        "projectId": service.project_id,
        "name": service.meta.name,
        "status": "CREATION_SUCCESS",
        "tdType": service.meta.type or ANYTHING,
        "taxonomy": as_taxonomy(service),
        "projectUrl": f"{call.base}/{service.org_id}/projects/{service.project_id}",
        "createdAt": service.meta.created_at,
        "updatedAt": service.meta.created_at,
        "consensusSettings": {"enabled": False},
        "stages": pipeline(),
        "taskDuplicationCount": 1,
    }


EMAIL = "offline@rbsync.invalid"
USER: dict[str, Any] = {
    "userId": "00000000-0000-4000-8000-000000000001",
    "email": EMAIL,
    "givenName": "Offline",
    "familyName": "Service",
    "mfaSetup": False,
}


def me(call: Call) -> dict[str, Any]:  # noqa: ARG001  (the field has it)
    return USER


def members(call: Call, org_id: str, only_active: bool | None = None) -> list[dict[str, Any]]:  # noqa: ARG001  (the field has it)
    call.check_org(org_id)
    created = call.service.meta.created_at
    user = {**USER, "lastSeen": created, "updatedAt": created}
    return [{"user": user, "role": "ADMIN", "tags": [], "active": True, "lastSeen": created}]


def organization(call: Call, org_id: str) -> dict[str, Any]:
    call.check_org(org_id)
    return _organization(call)


def organizations(call: Call) -> list[dict[str, Any]]:
    return [_organization(call)]


def _organization(call: Call) -> dict[str, Any]:
    return {"orgId": call.service.org_id, "name": "rbsync offline", "role": "ADMIN"}
