"""The project and its pipeline."""

from __future__ import annotations

from typing import Any

from rbsync.service.answers.taxonomy import as_taxonomy
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call
from rbsync.service.stages import pipeline

ANYTHING = "DICOM_SEGMENTATION"
"""The type that allows every label, for a project that allows everything."""


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
