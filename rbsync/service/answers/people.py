"""There is one person here, and one organization."""

from __future__ import annotations

from typing import Any

from rbsync.service.service import Call

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
