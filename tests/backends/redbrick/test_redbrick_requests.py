"""Our requests are those of the service's own client, value by value, but for what is listed.

The values were recorded from that client, version 2.35.4, in the scenarios that rbsync covers.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import graphql
import pytest

from rbsync.backends.base import LabelFile, LabelText
from rbsync.backends.redbrick.address import read_address
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.backends.redbrick.client import Client, Operation, packed
from rbsync.backends.redbrick.credentials import ApiKey
from rbsync.backends.redbrick.operations import changes, files, project, tasks
from rbsync.backends.redbrick.transport import Transport
from rbsync.files.body import FileBody
from rbsync.service.schema import schema_text
from tests.backends.redbrick.samples import PNG, draft
from tests.backends.redbrick.wire import KEY, ORG, PROJECT, Request, Wire, task
from tests.builders import PRINT

PUBLIC = "11111111-1111-1111-1111-111111111111"
REDBRICK = "22222222-2222-2222-2222-222222222222"
IDS = {"orgId": ORG, "projectId": PROJECT}
STAMPED = {"rbsync.fingerprint": ";".join(PRINT)}

HEADERS = {
    "accept": "application/json",
    "rb-sdk-version": "2.35.4",
    "apikey": KEY,
    "content-type": "application/json",
    "content-encoding-rb": "gzip",
}

CREATE = {
    **IDS,
    "workspaceId": None,
    "heatMaps": None,
    "transforms": None,
    "centerline": None,
    "labelsData": None,
    "labelsDataPath": None,
    "labelsMap": [],
    "seriesInfo": None,
    "metaData": None,
    "isGroundTruth": False,
    "preAssign": "null",
    "priority": None,
    "attributes": None,
}

DIFFERENCES = {
    "Accept-Encoding": "without br: to read brotli takes a package that rbsync does not ask for",
    "User-Agent": "that of the HTTP library, as there; the library is another one",
    "validateAndConvertToImportFormatSDK": "not asked: a flat datapoint needs no conversion, and"
    " one that is wrong there takes all others of the request with it",
    "getLabelStorageSDK": "not asked: the path of an upload comes with its URL",
    "membersSDK": "not asked: nobody is named in a look-up",
    "metaData": "has the fingerprint, and the names of uploaded items",
    "seriesInfo": "null also where the client converts a series of one without a segmentation:"
    " items are flat here",
    "preAssign": "always null: rbsync assigns nobody",
    "itemsUploadPresignSDK": "one for many datapoints, each file of another name",
    "PUT": "without the Accept and Accept-Encoding that the client's library adds by itself",
    "first": "pages of 50, not of 10",
    "manualLabelingFilters": "empty, as there when all tasks are listed",
    "documents": "our own; they ask for fewer fields",
}
"""What is not as recorded, and why."""


def variables(wire: Wire, operation: str) -> dict[str, Any]:
    (request,) = wire.of(operation)
    return request.variables


def unstamped(found: dict[str, Any]) -> dict[str, Any]:
    """Variables of a create as they are without what rbsync leaves in the metadata."""
    metadata = json.loads(found["metaData"])
    assert metadata.pop("rbsync.fingerprint") == STAMPED["rbsync.fingerprint"]
    metadata.pop("rbsync.items", None)
    metadata.pop("rbsync.refs", None)
    text = json.dumps(metadata, separators=(",", ":")) if metadata else None
    return {**found, "metaData": text}


def test_headers_and_body_of_an_operation(wire: Wire, backend: RedbrickBackend) -> None:
    backend.project()
    (request,) = wire.requests
    assert (request.method, request.target) == ("POST", "/graphql/")
    others = {"host", "content-length", "accept-encoding", "user-agent"}
    assert {k: v for k, v in request.headers.items() if k not in others} == HEADERS
    assert request.headers["accept-encoding"] == "gzip"
    assert request.body.startswith(b"H4sI")


def test_a_body_is_base64_of_gzip_of_compact_json() -> None:
    text = gzip.decompress(base64.b64decode(packed({"query": "q", "variables": {"a": ["ü", 1]}})))
    assert text == b'{"query":"q","variables":{"a":["\\u00fc",1]}}'


def test_no_operation_name_is_sent(wire: Wire, backend: RedbrickBackend) -> None:
    backend.project()
    sent = json.loads(gzip.decompress(base64.b64decode(wire.requests[0].body)))
    assert sent.keys() == {"query", "variables"}


def test_opening_a_project(wire: Wire, backend: RedbrickBackend) -> None:
    found = backend.project()
    assert wire.operations() == ["getProjectSDK"]
    assert variables(wire, "getProjectSDK") == IDS
    assert found.identity == f"redbrick:localhost/{ORG}/{PROJECT}"
    assert (found.name, found.type) == ("proj-a", "DICOM_SEGMENTATION")
    assert found.categories == ("liver", "tumor")


def test_creating_from_a_public_url(wire: Wire, backend: RedbrickBackend) -> None:
    backend.create(
        [draft("case-1", ground_truth=True, priority=0.5, metadata={"k": "v"})],
    )
    assert unstamped(variables(wire, "createDatapointSDK")) == {
        **CREATE,
        "items": ["https://example.org/a.png"],
        "name": "case-1",
        "storageId": PUBLIC,
        "metaData": '{"k":"v"}',
        "isGroundTruth": True,
        "priority": 0.5,
    }


@pytest.mark.parametrize("names", [["one.png"], ["one.png", "two.png"]])
def test_creating_with_direct_upload(
    wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody], names: list[str]
) -> None:
    refs = [backend.upload(body(PNG, name), storage="redbrick") for name in names]
    items = tuple(zip(names, refs, strict=True))
    backend.create([draft("case-2", items=items, storage="redbrick")])
    presigns = wire.of("itemsUploadPresignSDK")
    assert [one.variables for one in presigns] == [
        {**IDS, "files": [name], "fileType": ["image/png"]} for name in names
    ]
    for put in wire.of("PUT"):
        assert put.headers["content-type"] == "image/png"
        assert hashlib.sha256(put.body).digest() == hashlib.sha256(PNG).digest()
    assert unstamped(variables(wire, "createDatapointSDK")) == {
        **CREATE,
        "items": refs,
        "name": "case-2",
        "storageId": REDBRICK,
    }


def test_creating_with_labels(wire: Wire, backend: RedbrickBackend) -> None:
    text = (
        '[{"category":[["object","liver"]],"attributes":[],"volumeindex":0,'
        '"dicom":{"instanceid":1}}]'
    )
    backend.create([draft("case-3", labels=LabelText(text, 1))])
    found = unstamped(variables(wire, "createDatapointSDK"))
    assert found == {
        **CREATE,
        "items": ["https://example.org/a.png"],
        "name": "case-3",
        "storageId": PUBLIC,
        "labelsData": text,
    }


def test_creating_with_a_segmentation(
    wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody]
) -> None:
    text = (
        '[{"category":[["object","liver"]],"attributes":[],"volumeindex":0,'
        '"dicom":{"instanceid":1}}]'
    )
    volume = gzip.compress(b"a label map", mtime=0)
    ref = backend.upload(body(PNG, "one.png"), storage="redbrick")
    labels = LabelText(text, 1, files=(LabelFile(0, volume),))
    items = (("one.png", ref),)
    backend.create([draft("case-3", items=items, labels=labels, storage="redbrick")])
    names = [
        one.operation or one.method for one in wire.requests if one.operation != "getProjectSDK"
    ]
    assert names == [
        "itemsUploadPresignSDK",
        "PUT",
        "presignUploadsSDK",
        "PUT",
        "createDatapointSDK",
    ]
    presign = variables(wire, "presignUploadsSDK")
    (name,) = presign.pop("filesSeg")
    assert re.fullmatch(r"labels/[0-9a-f-]{36}/[0-9a-f-]{36}/0\.nii\.gz", name)
    assert presign == {
        **IDS,
        "filesData": [],
        "fileTypeData": "application/json",
        "fileEncodingData": "gzip",
        "fileTypeSeg": "application/octet-stream",
        "fileEncodingSeg": None,
    }
    put = wire.of("PUT")[1]
    assert put.body == volume
    assert put.headers["content-type"] == "application/octet-stream"
    assert put.headers["x-ms-blob-type"] == "BlockBlob"
    assert "content-encoding" not in put.headers
    found = unstamped(variables(wire, "createDatapointSDK"))
    (sent,) = found.pop("labelsMap")
    assert sent.pop("labelName").endswith(name)
    assert sent == {"seriesIndex": 0}
    assert found == {
        **{key: one for key, one in CREATE.items() if key != "labelsMap"},
        "items": [ref],
        "name": "case-3",
        "storageId": REDBRICK,
        "labelsData": text,
        "seriesInfo": [{"itemsIndices": [0], "metaData": None, "imageHeaders": None}],
    }


def test_creating_a_video(wire: Wire) -> None:
    clip = f"{ORG}/images/00000000-0000-0000-0000-000000000064/clip.mp4"
    backend = RedbrickBackend(wire.url, ORG, PROJECT, KEY, stamp=False)
    wire.answers["tasksListSDK"] = {
        "genericTasks": {"entries": [{"taskId": "1", "datapoint": {"name": "vid"}}]}
    }
    backend.create([draft("vid", items=(("clip.mp4", clip),), storage="redbrick")])
    assert variables(wire, "itemListUploadPresignSDK") == {"orgId": ORG, "fileName": "vid.json"}
    (put,) = wire.of("PUT")
    recorded = "e5c0258bb53d886df5e268e3c7af9e40ab6e1b169586d60df9307e7554a33897"
    assert hashlib.sha256(put.body).hexdigest() == recorded
    found = variables(wire, "itemListUploadSuccessSDK")
    assert found["payload"].pop("filePath").endswith("vid.json")
    assert found["payload"].pop("uploadId")
    assert found == {
        **IDS,
        "workspaceId": None,
        "payload": {
            **IDS,
            "workspaceId": None,
            "fileName": "vid.json",
            "fileType": "application/json",
            "storageId": REDBRICK,
            "isGroundTruth": False,
            "metaData": None,
        },
    }


def test_listing(wire: Wire, backend: RedbrickBackend) -> None:
    list(backend.list())
    count, listing = wire.of("tasksPagedSDK")
    assert count.variables == {**IDS, "stageName": None, "first": 0}
    expected = {**IDS, "stageName": None, "cacheTime": None, "first": 50, "after": None}
    assert listing.variables == expected


def test_searching(wire: Wire, backend: RedbrickBackend) -> None:
    backend.find(["case-0"])
    assert variables(wire, "tasksListSDK") == {
        **IDS,
        "stageName": None,
        "taskSearch": '"case-0"',
        "manualLabelingFilters": {},
        "first": 10,
        "after": None,
    }


def test_deleting(wire: Wire, backend: RedbrickBackend) -> None:
    ids = [f"cccccccc-0000-4000-8000-{at:012}" for at in range(120)]
    backend.delete(ids)
    assert [one.variables for one in wire.of("deleteTasksSDK")] == [
        {**IDS, "taskIds": ids[at : at + 50]} for at in (0, 50, 100)
    ]


def test_priority_and_ground_truth(wire: Wire, backend: RedbrickBackend) -> None:
    task_id = "cccccccc-0000-4000-8000-000000000003"
    wire.answers["taskSDK"] = {"task": task(task_id, "case-1")}
    backend.update(task_id, draft(priority=0.25, ground_truth=True), ["settings"])
    assert variables(wire, "updateTasksPrioritiesSDK") == {
        **IDS,
        "tasks": [{"taskId": task_id, "priority": 0.25}],
    }
    assert variables(wire, "moveTasksSDK") == {**IDS, "taskIds": [task_id], "stageName": "END"}


def test_storages_that_are_in_use(wire: Wire) -> None:
    transport = Transport()
    client = Client(transport, read_address(wire.url), ORG, PROJECT, lambda: ApiKey(KEY))
    public = {"orgId": ORG, "storageId": PUBLIC, "name": "Public", "provider": "PUBLIC"}
    wire.answers["storageMethodsSDK"] = {
        "storageMethods": [public, {**public, "storageId": "x", "deleted": True}]
    }
    assert project.storages(client) == [(PUBLIC, "Public", "PUBLIC")]
    assert variables(wire, "storageMethodsSDK") == {"orgId": ORG}
    transport.close()


def used_everything(wire: Wire, backend: RedbrickBackend) -> list[Request]:
    label = {"category": [["object", "liver"]], "volumeindex": 0, "dicom": {"instanceid": 1}}
    labels = LabelText(json.dumps([label] * 1001), 1001)
    stored = {"labelsDataPath": "p", "labelsStorage": {"storageId": PUBLIC}}
    found = {"entries": [{"taskId": "1", "datapoint": {"name": "case-1"}}], "cursor": None}
    wire.answers["tasksListSDK"] = {"genericTasks": found}
    wire.answers["taskSDK"] = {"task": task("1", "case-1", currentStageName="END", **stored)}
    backend.create([draft(labels=labels)])
    backend.find(["case-1"])
    backend.update("1", draft(labels=labels, priority=1.0), ["items", "labels", "settings"])
    backend.delete(["1"])
    list(backend.list())
    return [one for one in wire.requests if one.operation]


def test_every_document_is_right_by_the_schema_of_the_offline_service(
    wire: Wire, backend: RedbrickBackend
) -> None:
    schema = graphql.build_schema(schema_text())
    documents = [
        one
        for module in (changes, files, project, tasks)
        for one in vars(module).values()
        if isinstance(one, Operation)
    ]
    assert len(documents) == 19
    for one in documents:
        parsed = graphql.parse(one.document)
        assert graphql.validate(schema, parsed) == []
        (definition,) = parsed.definitions
        assert definition.name.value == one.name
    for request in used_everything(wire, backend):
        parsed = graphql.parse(request.document)
        (definition,) = parsed.definitions
        declared = {one.variable.name.value for one in definition.variable_definitions}
        assert request.variables.keys() == declared, request.operation


def test_every_difference_has_a_reason() -> None:
    assert all(len(reason) > 20 for reason in DIFFERENCES.values())
