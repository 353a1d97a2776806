"""Buckets of the organization: made, changed and removed."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from rbsync.model.storages import BUILT_IN_IDS
from rbsync.service.answers.changed import DONE
from rbsync.service.answers.storage_methods import storage_method
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call

# Secrets are taken and never shown, as at the service.
_SHOWN = ("bucket", "region", "duration", "access", "roleArn", "endpoint", "accelerate")


def create_storage(
    call: Call, org_id: str, name: str, provider: str, details: dict[str, Any] | None = None
) -> dict[str, Any]:
    call.check_org(org_id)
    storage_id = str(uuid4())
    kept = {"name": name, "provider": provider, "details": _details(details)}
    call.service.account.put("storages", storage_id, kept)
    return {"ok": True, "storageMethod": storage_method(call, org_id, storage_id)}


def update_storage(
    call: Call, org_id: str, storage_id: str, details: dict[str, Any] | None = None
) -> dict[str, Any]:
    call.check_org(org_id)
    found = call.service.account.get("storages", storage_id)
    if found is None:
        raise RefusalError("there is no such storage in the organization that could be changed")
    kept = {**found, "details": {**found["details"], **_details(details)}}
    call.service.account.put("storages", storage_id, kept)
    return {"ok": True, "storageMethod": storage_method(call, org_id, storage_id)}


def remove_storage(call: Call, org_id: str, storage_id: str) -> dict[str, Any]:
    call.check_org(org_id)
    if storage_id.lower() in BUILT_IN_IDS:
        raise RefusalError("this storage is part of every organization")
    call.service.account.take("storages", storage_id, "storage")
    return DONE


def update_label_storage(
    call: Call, org_id: str, project_id: str, storage_id: str, path: str
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    if storage_method(call, org_id, storage_id) is None:
        raise RefusalError(f"there is no storage {storage_id} in the organization")
    call.service.account.put("settings", "labels", {"storageId": storage_id, "path": path})
    return DONE


def _details(given: dict[str, Any] | None) -> dict[str, Any]:
    """The details of whichever provider they are for, without what is secret."""
    (kind, found), *_ = (given or {"s3Bucket": {}}).items()
    if kind == "azureBucket":
        return {"__typename": "NoStorageDetails"}
    name = "GCSBucketStorageDetails" if kind == "gcsBucket" else "S3BucketStorageDetails"
    shown = {key: value for key, value in (found or {}).items() if key in _SHOWN}
    return {"__typename": name, **shown}
