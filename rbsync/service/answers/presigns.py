"""Addresses for files: where to put them, and where to get them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from rbsync.model.storages import is_at_service
from rbsync.service.answers.storage_methods import label_path
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Call

LONGEST_NAME = 1024
MOST_FILES = 10_000


def presign_item(call: Call, org_id: str, storage_id: str, item: str) -> str | None:
    return presign_items(call, org_id, storage_id, [item])[0]


def presign_items(
    call: Call, org_id: str, storage_id: str, items: Sequence[str | None]
) -> list[str | None]:
    """In their order; null for those that are not to be had."""
    call.check_org(org_id)
    is_bucket = call.service.has_bucket(storage_id)
    return [
        _presigned(call, one, storage_id, is_bucket=is_bucket) if one else None for one in items
    ]


def _presigned(call: Call, item: str, storage_id: str, *, is_bucket: bool) -> str | None:
    if is_at_service(storage_id) or item.startswith(("http://", "https://")):
        return call.to_get(item)
    if not is_bucket:
        return None
    # A bucket signs the address of anything; what is not there is found out by who asks for it.
    path = call.service.settings.buckets.get(storage_id.lower())
    if path:
        return call.service.main.buckets.address(path, item, call.service.settings.address_seconds)
    return call.to_get(item) or call.to_get_from_bucket(item)


def items_upload_presign(
    call: Call,
    org_id: str,
    project_id: str,
    files: Sequence[str | None],
    file_type: Sequence[str | None],
) -> dict[str, Any]:
    call.check_project(org_id, project_id)
    if len(files) != len(file_type):
        raise RefusalError("there must be as many types as files")
    _check_count(files)
    pairs = zip(files, file_type, strict=True)
    return {"items": [_item(call, name, type_) for name, type_ in pairs]}


def _item(call: Call, name: str | None, type_: str | None) -> dict[str, str]:
    # A path of its own for each upload: two files of one name must not replace each other.
    path = f"{call.service.files}/images/{uuid4()}/{_base_name(name)}"
    return _place(call, path, name or "", type_ or "")


def presign_uploads(
    call: Call,
    org_id: str,
    project_id: str,
    files: Sequence[str],
    file_type: str,
    file_encoding: str | None = None,
) -> list[dict[str, str]]:
    """Files of labels, under paths that the client chooses."""
    call.check_project(org_id, project_id)
    _check_count(files)
    encoding = file_encoding or ""
    return [
        _place(call, f"{label_path(call)}/{_name(one)}", one, file_type, encoding) for one in files
    ]


def item_list_upload_presign(call: Call, org_id: str, file_name: str) -> dict[str, str]:
    call.check_org(org_id)
    upload_id = str(uuid4())
    path = f"{call.service.org_id}/lists/{upload_id}/{_base_name(file_name)}"
    return {**_place(call, path, file_name, "application/json"), "uploadId": upload_id}


def _place(call: Call, path: str, name: str, type_: str, encoding: str = "") -> dict[str, str]:
    address = call.to_put(path, type_, encoding)
    return {"presignedUrl": address, "filePath": path, "fileName": name}


def _check_count(files: Sequence[str | None]) -> None:
    if len(files) > MOST_FILES:
        raise RefusalError(f"{len(files)} files at once; the limit is {MOST_FILES}")


def _base_name(name: str | None) -> str:
    # Clients on Windows send whole paths.
    return _name((name or "").replace("\\", "/").rsplit("/", 1)[-1])


def _name(name: str) -> str:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise RefusalError(f"{name[:80]!r} is not a name for a file")
    return name
