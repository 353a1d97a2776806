"""The storages of items: public addresses, this service, and the buckets that it was told of."""

from __future__ import annotations

from typing import Any

from rbsync.model.bucket_paths import split
from rbsync.model.storages import PUBLIC_ID, SERVICE_ID
from rbsync.service.answers.project_facts import USER
from rbsync.service.service import Call

_S3: dict[str, Any] = {
    "__typename": "S3BucketStorageDetails",
    # Told ids alone, it knows of no bucket, and nobody shall hold one against it.
    "bucket": None,
    "region": "us-east-1",
    "duration": 3600,
    "access": "offline",
    "accelerate": False,
}


def storage_methods(call: Call, org_id: str) -> list[dict[str, Any]]:
    call.check_org(org_id)
    fixed = [(PUBLIC_ID, "Public", "PUBLIC", None), (SERVICE_ID, "Direct Upload", "REDBRICK", None)]
    settings = call.service.settings
    buckets = [
        (one, one, *_provider(settings.buckets.get(one.lower()))) for one in settings.storages
    ]
    buckets += [
        (storage_id, one["name"], one["provider"], one["details"])
        for storage_id, one in call.service.account.all("storages").items()
    ]
    return [
        {
            "orgId": org_id,
            "storageId": storage_id,
            "name": name,
            "provider": provider,
            "details": details,
            "createdBy": USER,
            "createdAt": call.service.meta.created_at,
            "deleted": False,
        }
        for storage_id, name, provider, details in (*fixed, *buckets)
    ]


def _provider(path: str | None) -> tuple[str, dict[str, Any]]:
    """The provider of a bucket by its path, and what the service tells of it."""
    bucket = split(path).bucket if path else None
    match split(path or "").scheme:
        case "gs://":
            return "GCS", {"__typename": "GCSBucketStorageDetails", "bucket": bucket}
        case "az://":
            return "AZURE_BLOB", {"__typename": "NoStorageDetails"}
        case _:
            return "AWS_S3", {**_S3, "bucket": bucket}


def storage_method(call: Call, org_id: str, storage_id: str) -> dict[str, Any] | None:
    every = {one["storageId"]: one for one in storage_methods(call, org_id)}
    return every.get(storage_id.lower())


def label_storage(call: Call, org_id: str, project_id: str) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    return {"storageId": label_storage_id(call), "path": label_path(call)}


def label_storage_id(call: Call) -> str:
    """Returns the storage that files of labels are kept in."""
    return str((call.service.account.get("settings", "labels") or {}).get("storageId", SERVICE_ID))


def label_path(call: Call) -> str:
    """Returns where files of labels are kept."""
    kept = call.service.account.get("settings", "labels")
    if kept:
        path = str(kept["path"]).strip("/")
        # Who holds a file is known by where its path begins.
        return f"{call.service.files}/{path}" if call.service.home else path
    return f"{call.service.org_id}/{call.service.project_id}"
