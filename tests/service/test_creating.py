"""Creating tasks: what is sent comes back, and what is wrong is refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rbsync.backends.base import Draft
from rbsync.backends.local import LocalBackend
from rbsync.files.body import open_body
from rbsync.files.roots import Roots
from rbsync.model.datapoint import Settings
from rbsync.model.fingerprint import Fingerprint
from tests.service.serving import (
    ORG,
    PROJECT,
    REDBRICK,
    URL,
    Client,
    serving,
    task,
    taxonomy,
)

BOX = {"bbox2d": {"xnorm": 0.1, "ynorm": 0.1, "wnorm": 0.2, "hnorm": 0.2}}
LABEL = {"category": [["object", "car"]], "attributes": [], **BOX}
SEGMENT = {"category": [["object", "liver"]], "dicom": {"instanceid": 1}, "volumeindex": 0}
MAP = "labels/8febca64-5df5-4271-b864-2a69809ae6ef/f0c264b7-fdd4-4337-930d-aa7f687b99b3/0.nii.gz"


def text(*labels: dict[str, Any]) -> str:
    return json.dumps(labels)


def test_a_task_of_an_address_comes_back_as_it_was_sent(client: Client) -> None:
    """The variables are those that the SDK sends for such a task."""
    made = client.create(
        "case-1",
        labelsMap=[],
        seriesInfo=[{"itemsIndices": [0], "metaData": '{"m":"1"}', "imageHeaders": None}],
        metaData='{"k":"v"}',
        isGroundTruth=True,
        preAssign='{"Label":"a@example.org"}',
        priority=0.5,
    )
    assert made["taskIds"] == [made["taskId"]]
    found = client.task("case-1")
    datapoint = found["datapoint"]
    assert (found["taskId"], found["dpId"]) == (made["taskId"], made["dpId"])
    assert (found["currentStageName"], found["priority"]) == ("END", 0.5)
    assert datapoint["items"] == datapoint["itemsPresigned"] == [URL]
    assert json.loads(datapoint["metaData"]) == {"k": "v"}
    assert datapoint["seriesInfo"][0]["itemsIndices"] == [0]
    assert datapoint["seriesInfo"][0]["metaData"] == '{"m":"1"}'


def test_a_task_without_anything_has_nothing(client: Client) -> None:
    client.create("plain", preAssign="null", labelsMap=[])
    found = client.task("plain")
    assert found["currentStageName"] == "Label"
    assert found["currentStageSubTask"]["state"] == "UNASSIGNED"
    assert found["priority"] is None
    assert found["datapoint"]["metaData"] is None
    assert found["datapoint"]["archived"] is False
    data = found["latestTaskData"]
    assert (data["labelsData"], data["labelsDataPath"], data["labelsMap"]) == ("[]", None, [])


def test_uploaded_items_are_had_again(client: Client) -> None:
    paths = [client.upload(b"one"), client.upload(b"two")]
    assert len(set(paths)) == 2
    client.create("two", items=paths, storageId=REDBRICK)
    datapoint = client.task("two")["datapoint"]
    assert datapoint["items"] == paths
    fetched = [client.session.get(one).content for one in datapoint["itemsPresigned"]]
    assert fetched == [b"one", b"two"]


def test_what_was_not_uploaded_is_refused(client: Client) -> None:
    path = f"{ORG}/images/0/never.png"
    message = client.error("createDatapoint", **task("a", items=[path], storageId=REDBRICK))
    assert "was not uploaded" in message


def test_labels_in_line_are_the_labels_of_the_task(client: Client) -> None:
    client.create("a", labelsData=text(LABEL))
    assert json.loads(client.task("a")["latestTaskData"]["labelsData"]) == [LABEL]


def test_labels_in_a_file_are_the_labels_of_the_task(client: Client, folder: Path) -> None:
    """More than 1000 go this way: gzipped, under a path of the client's choice."""
    labels = [LABEL] * 1200
    (place,) = client.ask(
        "presignUploads",
        files=["labels/a/b/data.json"],
        type="application/json",
        encoding="gzip",
    )
    assert place["filePath"] == f"{ORG}/{PROJECT}/labels/a/b/data.json"
    body = gzip.compress(text(*labels).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert client.put(place, body, **headers).status_code == 200
    client.create("many", labelsData="[]", labelsDataPath=place["filePath"])

    data = client.task("many")["latestTaskData"]
    assert (data["labelsDataPath"], data["labelsData"]) == (place["filePath"], "[]")
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[data["labelsDataPath"]])
    assert client.session.get(address).json() == labels
    assert next(LocalBackend(folder).list()).labels == 1200


def test_label_maps_belong_to_the_task(client: Client, folder: Path) -> None:
    (place,) = client.ask("presignUploads", files=[MAP], type="application/octet-stream")
    client.put(place, b"a map", **{"Content-Type": "application/octet-stream"})
    maps = [{"labelName": place["filePath"], "seriesIndex": 0}]
    client.create("case-3", labelsData=text(SEGMENT), labelsMap=maps)
    (found,) = client.task("case-3")["latestTaskData"]["labelsMap"]
    assert (found["labelName"], found["seriesIndex"]) == (place["filePath"], 0)
    assert LocalBackend(folder).collect_garbage(grace=-1).files == 0
    client.ask("deleteTasks", taskNames=["case-3"])
    assert LocalBackend(folder).collect_garbage(grace=-1).files == 1


def test_a_label_map_that_was_not_uploaded_is_refused(client: Client) -> None:
    maps = [{"labelName": MAP, "seriesIndex": 0}]
    wrong = task("a", labelsData=text(SEGMENT), labelsMap=maps)
    assert "was not uploaded" in client.error("createDatapoint", **wrong)
    assert client.names() == []


def test_a_name_is_taken_once(client: Client) -> None:
    client.create("case-1")
    message = client.error("createDatapoint", **task("case-1"))
    assert message == "case-1: the project has a datapoint of this name"


def test_a_name_that_is_taken_may_be_answered_with_null(folder: Path) -> None:
    with serving(folder, duplicate_name="null") as client:
        client.create("case-1")
        assert client.ask("createDatapoint", **task("case-1")) is None
        assert client.names() == ["case-1"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"items": []}, "it has no items"),
        ({"items": ["frame.png"]}, "is not a public address"),
        ({"storageId": ORG}, "there is no storage"),
        ({"priority": 1.5}, "its priority must be a number from 0 to 1"),
        ({"metaData": "{"}, "metaData is not JSON"),
        ({"metaData": '["a"]'}, "metaData is not an object"),
        ({"metaData": '{"a": 1}'}, "its metadata must be strings by name"),
        ({"labelsData": "["}, "labelsData is not JSON"),
        ({"labelsData": "{}"}, "labelsData is not a list"),
        ({"labelsData": text(LABEL | {"category": [["object", "cat"]]})}, "not in the taxonomy"),
        ({"name": "a\nb"}, "control character"),
        ({"projectId": ORG}, "there is no such project"),
        ({"projectId": None}, "there is no such project"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, given: dict[str, Any], message: str) -> None:
    with serving(folder, taxonomy=taxonomy("car")) as client:
        assert message in client.error("createDatapoint", **(task("a") | given))
        assert client.names() == []


def test_the_rules_are_those_of_the_project(folder: Path) -> None:
    with serving(folder, type="IMAGE_SEGMENTATION") as client:
        message = client.error("createDatapoint", **task("a", labelsData=text(LABEL)))
        assert "does not belong in a project of type IMAGE_SEGMENTATION" in message


def test_heat_maps_transforms_and_centerlines_are_kept(client: Client) -> None:
    path = client.upload(b"heat")
    beside = {
        "heatMaps": [{"seriesIndex": 0, "name": "h", "item": path}],
        "transforms": [{"seriesIndex": 0, "transform": [float(one) for one in range(16)]}],
        "centerline": [{"seriesIndex": 0, "name": "c", "centerline": "{}"}],
    }
    client.create("a", items=[path], storageId=REDBRICK, attributes='{"a":1}', **beside)
    datapoint = client.task("a")["datapoint"]
    assert {key: datapoint[key] for key in beside} == beside
    assert datapoint["attributes"] == '{"a":1}'


def test_a_video_comes_in_an_items_list(client: Client) -> None:
    path = client.upload(b"film", "clip.mp4")
    place = client.ask("itemListUploadPresign", fileName="vid.json")
    entry: dict[str, Any] = {"name": "vid", "items": [path], "labels": None, "metaData": {"a": "b"}}
    entry |= {"preAssign": None, "priority": 0.25}
    sent = client.put(place, text(entry).encode(), **{"Content-Type": "application/json"})
    assert sent.status_code == 200
    payload: dict[str, Any] = {"orgId": ORG, "projectId": PROJECT, "fileType": "application/json"}
    payload |= {key: place[key] for key in ("filePath", "fileName", "uploadId")}
    payload |= {"storageId": REDBRICK, "isGroundTruth": True}
    done = client.ask("itemListUploadSuccess", payload=payload)
    assert done == {"ok": True, "message": None}
    found = client.task("vid")
    assert (found["currentStageName"], found["priority"]) == ("END", 0.25)
    assert found["datapoint"]["items"] == [path]
    again = client.ask("itemListUploadSuccess", payload=payload)
    assert again["ok"] is False
    assert "vid: the project has a datapoint of this name" in again["message"]


def test_what_rbsync_put_in_the_folder_is_served(
    client: Client, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"picture")
    with open_body(Roots(str(tmp_path), []), "a.png", "xxh3") as body:
        backend = LocalBackend(folder)
        ref = backend.upload(body, storage="redbrick")
    draft = Draft("own", (("a.png", ref),), None, Settings(), Fingerprint("i", "", "s"))
    backend.create([draft])
    backend.close()
    datapoint = client.task("own")["datapoint"]
    assert datapoint["items"] == [ref]
    assert client.session.get(datapoint["itemsPresigned"][0]).content == b"picture"
