"""Our documents are our own: each is right, and used; bodies are written as the service reads."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import graphql

from rbsync.backends.base import LabelText, NamedTask, no_name
from rbsync.backends.redbrick.api.address import read_address
from rbsync.backends.redbrick.api.client import Client, Operation, packed
from rbsync.backends.redbrick.api.credentials import ApiKey
from rbsync.backends.redbrick.api.operations import changes, files, project, tasks
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.backends.redbrick.http.transport import Transport
from rbsync.files.body import FileBody
from rbsync.model.fingerprint import FACETS
from rbsync.service.executable_schema import schema_text
from tests.backends.redbrick.samples import PNG, draft
from tests.backends.redbrick.wire import (
    KEY,
    ORG,
    PROJECT,
    PROJECT_ANSWER,
    TAXONOMY,
    Request,
    Wire,
    task,
)

PUBLIC = "11111111-1111-1111-1111-111111111111"


def test_a_body_is_base64_of_gzip_of_compact_json() -> None:
    text = gzip.decompress(base64.b64decode(packed({"query": "q", "variables": {"a": ["ü", 1]}})))
    assert text == b'{"query":"q","variables":{"a":["\\u00fc",1]}}'


def test_no_operation_name_is_sent(wire: Wire, backend: RedbrickBackend) -> None:
    backend.project()
    (request,) = wire.requests
    assert request.body.startswith(b"H4sI")
    assert json.loads(gzip.decompress(base64.b64decode(request.body))).keys() == {
        "query",
        "variables",
    }


def test_one_request_opens_a_project(wire: Wire, backend: RedbrickBackend) -> None:
    found = backend.project()
    assert wire.operations() == ["getProjectSDK"]
    assert found.identity == f"redbrick:localhost/{ORG}/{PROJECT}"
    assert (found.name, found.type) == ("proj-a", "DICOM_SEGMENTATION")
    assert found.categories == ("liver", "tumor")


def used_everything(
    wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody]
) -> list[Request]:
    """The requests of all that a backend does."""
    label = {"category": [["object", "liver"]], "volumeindex": 0, "dicom": {"instanceid": 1}}
    labels = LabelText(json.dumps([label] * 1001), 1001)
    bare = {"project": {**PROJECT_ANSWER["project"], "taxonomy": {"name": "tax-a"}}}
    found = {"entries": [{"taskId": "1", "datapoint": {"name": "case-1"}}], "cursor": None}
    stored = {"labelsDataPath": "p", "labelsStorage": {"storageId": PUBLIC}}
    wire.answers["getProjectSDK"] = bare
    wire.answers["getTaxonomySDK"] = {"taxonomy": TAXONOMY}
    wire.answers["tasksListSDK"] = {"genericTasks": found}
    wire.answers["taskSDK"] = {"task": task("1", "case-1", currentStageName="END", **stored)}
    ref = backend.upload(body(PNG), storage="redbrick")
    backend.create([draft(items=(("one.png", ref),), labels=labels, storage="redbrick")])
    backend.create([draft(items=(("a.mp4", "b/a.mp4"),), storage="redbrick")])
    backend.find(["case-1"])
    backend.update("1", draft(labels=labels, priority=1.0), FACETS)
    wire.answers["taskSDK"] = {"task": task("1", "case-1")}
    backend.update("1", draft(ground_truth=True), FACETS)
    backend.delete([NamedTask("case-1", "1")])
    page = {"entries": [task("1", "case-1", **stored)], "cursor": None, "count": 1}
    wire.answers["tasksPagedSDK"] = {"tasksPaged": page}
    list(backend.list())
    list(backend.list(counted=no_name))
    backend.made("1")
    _ask_of_storages(wire)
    return [one for one in wire.requests if one.operation]


def _ask_of_storages(wire: Wire) -> None:
    wire.answers["storageMethodsSDK"] = {"storageMethods": []}
    transport = Transport()
    client = Client(transport, read_address(wire.url), ORG, PROJECT, lambda: ApiKey(KEY))
    project.storages(client)
    transport.close()


def documents() -> list[Operation]:
    return [
        one
        for module in (changes, files, project, tasks)
        for one in vars(module).values()
        if isinstance(one, Operation)
    ]


def test_every_document_is_right_by_the_schema_of_the_offline_service() -> None:
    schema = graphql.build_schema(schema_text())
    assert len(documents()) == 21
    for one in documents():
        parsed = graphql.parse(one.document)
        assert graphql.validate(schema, parsed) == []
        definition: Any = parsed.definitions[0]
        assert len(parsed.definitions) == 1
        assert definition.name.value == one.name


def test_every_document_is_used_with_exactly_the_variables_that_it_declares(
    wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody]
) -> None:
    sent = used_everything(wire, backend, body)
    assert {one.document for one in sent} == {one.document for one in documents()}
    for request in sent:
        definition: Any = graphql.parse(request.document).definitions[0]
        declared = {one.variable.name.value for one in definition.variable_definitions}
        assert request.variables.keys() == declared, request.operation
