"""``project.upload.create_datapoints`` against a service on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

import rbsync
from rbsync import StorageMethod
from rbsync.errors import UserError
from rbsync.sdk import Project
from rbsync.sdk.upload import Upload
from tests.scenarios.pictures import png
from tests.sdk.conftest import Serve
from tests.service.refused import sizes_refused
from tests.service.serving import (
    KEY,
    ORG,
    PROJECT,
    PUBLIC,
    REDBRICK,
    URL,
    Client,
    NearClient,
    taxonomy,
)

CREATE = {"kind": "createDatapoint"}
BUCKET = "33333333-4444-4555-8666-777777777777"
BOX = {"bbox2d": {"xnorm": 0.1, "ynorm": 0.1, "wnorm": 0.2, "hnorm": 0.2}}


def label(category: str = "car", **more: Any) -> dict[str, Any]:
    return {"category": [["object", category]], "attributes": [], **BOX, **more}


def urls(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "items": [f"https://example.org/{name}.png"]} for name in names]


def data(client: Client, name: str) -> Any:
    return client.task(name)["latestTaskData"]


def uploads(client: NearClient) -> int:
    """How many files the project has."""
    return sum(
        1 for one in (Path(client.service.settings.path) / "blobs").rglob("*") if one.is_file()
    )


def test_everything_given_is_in_the_project(serve: Serve) -> None:
    client, project = serve(taxonomy=taxonomy("car"), type="IMAGE_BBOX")
    point = {
        "name": "one",
        "items": [URL, "https://example.org/b.png"],
        "labels": [label(labelid="a", trackid=None)],
        "metadata": {"site": "A"},
        "priority": np.float32(0.5),
    }
    assert project.upload.create_datapoints(StorageMethod.PUBLIC, [point]) == []
    found = client.task("one")
    assert found["datapoint"]["items"] == [URL, "https://example.org/b.png"]
    assert found["datapoint"]["storageMethod"] == {"storageId": PUBLIC}
    assert json.loads(found["datapoint"]["metaData"])["site"] == "A"
    assert (found["priority"], found["currentStageName"]) == (0.5, "Label")
    (stored,) = json.loads(data(client, "one")["labelsData"])
    assert (stored["category"], stored["labelid"]) == ([["object", "car"]], "a")


def test_ground_truth_is_at_the_end_of_the_pipeline(serve: Serve) -> None:
    client, project = serve()
    assert project.upload.create_datapoints(PUBLIC, urls("one"), is_ground_truth=True) == []
    assert client.task("one")["currentStageName"] == "END"


def test_files_are_uploaded_as_they_are(serve: Serve, here: Path) -> None:
    client, project = serve()
    (here / "a.png").write_bytes(png(1))
    points: list[dict[str, Any]] = [
        {"name": "relative", "items": ["a.png"]},
        {"name": "absolute", "items": [here / "a.png"]},
    ]
    assert project.upload.create_datapoints(StorageMethod.REDBRICK, points) == []
    for name in ("relative", "absolute"):
        found = client.task(name)["datapoint"]
        assert found["storageMethod"] == {"storageId": REDBRICK}
        assert found["items"][0].endswith("/a.png")
        assert client.session.get(found["itemsPresigned"][0], timeout=20).content == png(1)


def test_other_storages_take_keys(serve: Serve) -> None:
    client, project = serve(storages=(BUCKET,))
    points = [{"name": "key", "items": ["scans/1.png"]}]
    assert project.upload.create_datapoints(UUID(BUCKET), points) == []
    assert client.task("key")["datapoint"]["items"] == ["scans/1.png"]


def test_failures_come_back_in_the_order_of_the_input(serve: Serve, here: Path) -> None:
    client, project = serve(taxonomy=taxonomy("car"), type="IMAGE_BBOX")
    (here / "good.png").write_bytes(png(1))
    (here / "text.png").write_bytes(b"no picture")
    good: list[Any] = [{"name": f"good {n}", "items": ["good.png"]} for n in range(3)]
    bad: dict[str, Any] = {
        "there is no file `gone.png`": {"name": "gone", "items": ["gone.png"]},
        "it has no `name`": {"items": ["good.png"]},
        "it has no `items`": {"name": "no items"},
        "`items` must be a list": {"name": "text", "items": "good.png"},
        "`name` must be a string, not a value of type int": {"name": 7, "items": ["good.png"]},
        "its name is empty": {"name": "", "items": ["good.png"]},
        "unknown key `label`; did you mean `labels`?": {
            "name": "typo", "items": ["good.png"], "label": [],
        },
        "studies are declared in a manifest, under `series`": {
            "name": "study", "items": ["good.png"], "series": [{"items": "good.png"}],
        },
        "rbsync does not send `preAssign`: assign the task in RedBrick": {
            "name": "assigned", "items": ["good.png"], "preAssign": {},
        },
        "text.png: the file is of a kind that is not known": {
            "name": "kind", "items": ["text.png"],
        },
        "(for URLs use StorageMethod.PUBLIC)": {"name": "url", "items": [URL]},
        'labels[0].category[0]: "cat" is not in the taxonomy (did you mean "car"?)': {
            "name": "cat", "items": ["good.png"], "labels": [label("cat")],
        },
        "IMAGE_BBOX": {
            "name": "kind of label",
            "items": ["good.png"],
            "labels": [{"category": [["object", "car"]], "point": {"xnorm": 0, "ynorm": 0}}],
        },
        "its labels cannot be written as JSON": {
            "name": "set", "items": ["good.png"], "labels": [{1, 2}],
        },
        "`priority` must be a number from 0 to 1": {
            "name": "p", "items": ["good.png"], "priority": 2,
        },
        "`metadata` must be a dict of strings": {
            "name": "m", "items": ["good.png"], "metadata": {"n": 1},
        },
    }  # fmt: skip
    given = [good[0], *list(bad.values())[:6], good[1], *list(bad.values())[6:], good[2]]
    failed = project.upload.create_datapoints(StorageMethod.REDBRICK, given)
    assert [{k: v for k, v in one.items() if k != "error"} for one in failed] == list(bad.values())
    for one, expected in zip(failed, bad, strict=True):
        assert expected in one["error"]
        assert "\n" not in one["error"]
    assert sorted(client.names()) == ["good 0", "good 1", "good 2"]
    assert uploads(client) == 1


def test_what_is_no_dict_is_a_failure_of_its_own(serve: Serve) -> None:
    client, project = serve()
    given: list[Any] = ["a.png", None, *urls("one")]
    failed = project.upload.create_datapoints(PUBLIC, given)
    assert [one["datapoint"] for one in failed] == ["a.png", None]
    assert failed[0]["error"] == (
        "a datapoint is a dict with `name` and `items`, not a value of type str"
    )
    assert client.names() == ["one"]


def test_all_that_is_wrong_is_said_at_once(serve: Serve) -> None:
    _, project = serve()
    (failed,) = project.upload.create_datapoints(PUBLIC, [{"items": [], "priority": "high"}])
    assert failed["error"] == (
        "it has no `name`; `items` must be a list of paths or URLs with at least one member; "
        "`priority` must be a number from 0 to 1"
    )


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"metadata": []}, "`metadata` must be a dict of strings"),
        ({"metaData": 0}, "`metadata` must be a dict of strings"),
        (
            {"metadata": {"a": "b"}, "metaData": {"c": "d"}},
            "`metadata` and `metaData` are two names of one thing; give one of them",
        ),
        (
            {"metadata": {"rbsync.items": "b"}},
            "the metadata key `rbsync.items` is reserved (choose another name: `rbsync.…` and "
            "`rbsync_…` are the keys in which rbsync keeps its own)",
        ),
    ],
)
def test_metadata_that_would_be_lost_or_mistaken_are_refused(
    serve: Serve, members: dict[str, Any], expected: str
) -> None:
    client, project = serve()
    (failed,) = project.upload.create_datapoints(PUBLIC, [{**urls("a")[0], **members}])
    assert failed["error"] == expected
    assert client.names() == []


def test_nothing_is_sent_of_a_datapoint_with_a_wrong_attribute(serve: Serve, here: Path) -> None:
    """The project's own taxonomy decides, before the file goes."""
    (here / "a.png").write_bytes(png(1))
    client, project = serve(taxonomy=rbsync_taxonomy(), type="IMAGE_BBOX")
    wrong = label(attributes=[{"name": "colour", "value": "blue"}])
    points = [{"name": "a", "items": ["a.png"], "labels": [wrong]}]
    (failed,) = project.upload.create_datapoints(REDBRICK, points)
    assert "blue" in failed["error"]
    assert uploads(client) == 0


def rbsync_taxonomy() -> Any:
    from rbsync.labels.taxonomy_json import read_taxonomy

    colour = {"name": "colour", "attrType": "SELECT", "whitelist": ["red"]}
    return read_taxonomy(
        {"name": "t", "categories": [{"name": "car", "classId": 0}], "attributes": [colour]}
    )


@pytest.mark.parametrize("answer", ["null", "error"])
def test_what_is_there_with_the_same_content_counts_as_created(serve: Serve, answer: str) -> None:
    client, project = serve(duplicate_name=answer)
    assert project.upload.create_datapoints(PUBLIC, urls("a", "b")) == []
    assert project.upload.create_datapoints(PUBLIC, urls("a", "b", "c")) == []
    assert sorted(client.names()) == ["a", "b", "c"]


@pytest.mark.parametrize("answer", ["null", "error"])
def test_what_is_there_with_other_content_fails(serve: Serve, answer: str) -> None:
    client, project = serve(duplicate_name=answer)
    client.create("theirs")
    assert project.upload.create_datapoints(PUBLIC, urls("ours")) == []
    changed = {"name": "ours", "items": ["https://example.org/other.png"]}
    failed = project.upload.create_datapoints(PUBLIC, [changed, *urls("theirs", "new")])
    assert [one["name"] for one in failed] == ["ours", "theirs"]
    assert {one["error"] for one in failed} == {
        "the project has another datapoint of this name "
        "(rename this one, or delete the other one first)"
    }
    assert sorted(client.names()) == ["new", "ours", "theirs"]


@pytest.mark.parametrize("answer", ["null", "error"])
def test_what_others_made_of_a_datapoint_stays_when_it_is_created_again(
    serve: Serve, answer: str
) -> None:
    client, project = serve(taxonomy=taxonomy("car", "bus"), duplicate_name=answer)
    (ours,) = urls("ours")
    drawn = {**ours, "labels": [label()], "metadata": {"site": "A"}, "priority": 0.5}
    assert project.upload.create_datapoints(PUBLIC, [drawn]) == []
    others = json.dumps([label("bus")])
    assert client.ask("putLabels", taskId=client.task("ours")["taskId"], labelsData=others)["ok"]
    before = client.task("ours")
    for again in (
        {**drawn, "labels": []},
        {**drawn, "metadata": {"site": "B"}},
        {**drawn, "priority": 0.75},
    ):
        (failed,) = project.upload.create_datapoints(PUBLIC, [again])
        assert {key: failed[key] for key in again} == again
        assert "another datapoint of this name" in failed["error"]
    assert client.task("ours") == before
    assert client.names() == ["ours"]


def test_of_one_name_in_a_call_the_first_is_created(serve: Serve) -> None:
    client, project = serve()
    (one,) = urls("one")
    other = {"name": "one", "items": ["https://example.org/other.png"]}
    broken = {"name": "one", "items": ["nowhere"]}
    failed = project.upload.create_datapoints(PUBLIC, [broken, one, other, dict(one)])
    assert [(each["items"], each["error"][:30]) for each in failed] == [
        (["nowhere"], "`nowhere` is no URL (http:// o"),
        (other["items"], "another datapoint of this call"),
    ]
    assert client.task("one")["datapoint"]["items"] == one["items"]


def test_failures_can_be_given_again_as_they_are(serve: Serve, here: Path) -> None:
    client, project = serve()
    points = [{"name": "late", "items": ["late.png"]}]
    failed = project.upload.create_datapoints(REDBRICK, points)
    (here / "late.png").write_bytes(png(1))
    assert project.upload.create_datapoints(REDBRICK, failed) == []
    assert client.names() == ["late"]
    assert points == [{"name": "late", "items": ["late.png"]}]


def test_labels_are_an_empty_list_or_none(serve: Serve) -> None:
    client, project = serve()
    (first, second) = urls("empty", "none")
    points = [first | {"labels": []}, second | {"labels": None}]
    assert project.upload.create_datapoints(PUBLIC, points) == []
    assert data(client, "empty")["labelsData"] == data(client, "none")["labelsData"] == "[]"


def test_a_key_that_is_not_accepted_any_more_stops_the_rest(serve: Serve, tmp_path: Path) -> None:
    _, project = serve(faults=[CREATE | {"do": "status", "status": 401}])
    names = [f"n{number:03}" for number in range(100)]
    failed = project.upload.create_datapoints(PUBLIC, urls(*names))
    assert [one["name"] for one in failed] == names
    told = {one["error"] for one in failed}
    assert "it was not sent: the service does not accept the key" in told
    assert any("check the API key" in one for one in told)
    assert not any(KEY in one for one in told)


def test_an_answer_that_is_lost_is_looked_up(serve: Serve) -> None:
    client, project = serve(faults=[CREATE | {"do": "drop", "after": True, "times": 5}])
    at_once(project)
    names = [f"n{number}" for number in range(10)]
    assert project.upload.create_datapoints(PUBLIC, urls(*names)) == []
    assert sorted(client.names()) == names


def test_an_error_that_the_service_gets_over_is_no_failure(serve: Serve) -> None:
    passing = {"do": "errors", "message": "Task timed out", "nth": [1, 2]}
    client, project = serve(faults=[CREATE | passing])
    at_once(project)
    assert project.upload.create_datapoints(PUBLIC, urls("a")) == []
    assert project.upload.create_datapoints(PUBLIC, urls("b", "c")) == []
    assert sorted(client.names()) == ["a", "b", "c"]


def at_once(project: Project) -> None:
    """No request may still land after its answer was lost, and so nobody waits for one."""
    backend = project._backend
    backend.capabilities = replace(backend.capabilities, quarantine=0.0)


@pytest.mark.parametrize("count", sizes_refused(30))
def test_a_refusal_is_told_in_the_words_of_the_service_and_each_is_sent_once(
    serve: Serve, count: int
) -> None:
    message = "Upload limit of your plan reached"
    client, project = serve(faults=[CREATE | {"do": "errors", "message": message}])
    names = [f"n{one}" for one in range(count)]
    failed = project.upload.create_datapoints(PUBLIC, urls(*names))
    # Each create met the one rule there is.
    assert client.player._turns[0]._played == count
    assert [one["name"] for one in failed] == names
    assert all(message in one["error"] for one in failed)


def test_many_are_created(serve: Serve) -> None:
    client, project = serve()
    names = [f"n{number:03}" for number in range(300)]
    assert project.upload.create_datapoints(PUBLIC, iter(urls(*names))) == []
    assert client.ask("tasksPaged", first=0)["count"] == 300


@pytest.mark.parametrize("wrong", ["", "public", "k" * 43, None])
def test_a_storage_is_a_uuid(serve: Serve, wrong: Any) -> None:
    _, project = serve()
    with pytest.raises(UserError, match="is no storage id") as caught:
        project.upload.create_datapoints(wrong, [])
    assert "k" * 43 not in str(caught.value)


@pytest.mark.parametrize("wrong", [{"name": "a", "items": [URL]}, "a.png", None])
def test_datapoints_are_a_list(serve: Serve, wrong: Any) -> None:
    _, project = serve()
    with pytest.raises(UserError, match="must be a list of dicts"):
        project.upload.create_datapoints(PUBLIC, wrong)


def test_nothing_is_written_beside_the_files(serve: Serve, here: Path) -> None:
    _, project = serve()
    (here / "a.png").write_bytes(png(1))
    assert project.upload.create_datapoints(REDBRICK, [{"name": "a", "items": ["a.png"]}]) == []
    assert [one.name for one in here.iterdir()] == ["a.png"]


MANIFEST = """\
version: 1
backend:
  kind: redbrick
  url: {url}
  org_id: {org}
  project_id: {project}
datapoints:
  - name: file
    items: [a.png]
  - name: address
    items: ["https://example.org/address.png"]
    storage: public
    metadata: {{site: A}}
    labels: address.json
"""


def test_a_manifest_takes_over_what_the_interface_created(
    serve: Serve, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same content has the same fingerprint, so that nothing is made twice."""
    client, project = serve()
    (here / "a.png").write_bytes(png(1))
    (here / "address.json").write_text(json.dumps([label()]))
    (point,) = urls("address")
    point |= {"labels": [label()], "metadata": {"site": "A"}}
    assert project.upload.create_datapoints(PUBLIC, [point]) == []
    assert project.upload.create_datapoints(REDBRICK, [{"name": "file", "items": ["a.png"]}]) == []
    manifest = MANIFEST.format(url=client.url, org=ORG, project=PROJECT)
    (here / "rbsync.yaml").write_text(manifest)
    monkeypatch.setenv("RBSYNC_API_KEY", KEY)
    report = rbsync.apply(rbsync.plan())
    assert (report.outcomes, report.recognised) == ((), 2)
    assert sorted(client.names()) == ["address", "file"]


def test_odd_values_are_failures_and_not_exceptions(serve: Serve) -> None:
    client, project = serve()
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    (point,) = urls("odd")
    expected: dict[str, dict[Any, Any]] = {
        "cannot be written as JSON": {"labels": deep},
        "Out of range float": {"labels": [float("nan")]},
        "surrogates not allowed": {"labels": ["\ud800"]},
        "its name has a control character": {"name": "\ud800"},
        "unknown key `3`": {3: 4},
        "has a user name in it": {"items": ["https://me:word@example.org/x"]},
        "is no URL": {"items": ["a\0b"]},
        "is not UTF-8": {"items": ["\udcff.png"]},
    }
    given: list[Any] = [point | odd for odd in expected.values()]
    failed = project.upload.create_datapoints(PUBLIC, given)
    for one, text in zip(failed, expected, strict=True):
        assert text in one["error"]
    assert client.names() == []


def test_what_is_no_file_is_not_uploaded(serve: Serve, here: Path) -> None:
    client, project = serve()
    (here / "folder").mkdir()
    (here / "empty.png").touch()
    items = ["folder", "empty.png", "a\0b", "folder/no.png"]
    given = [{"name": item, "items": [item]} for item in items]
    failed = project.upload.create_datapoints(REDBRICK, given)
    assert [one["error"].partition(" (")[0] for one in failed] == [
        "`folder` cannot be read: folder is not a regular file",
        "empty.png: the file is empty",
        "`a\0b` is no path",
        "there is no file `folder/no.png`",
    ]
    assert client.names() == []


WRONG = "99999999-9999-4999-8999-999999999999"
RIGHT = "88888888-8888-4888-8888-888888888888"


def in_a_list(upload: Upload) -> None:
    upload.create_datapoints(WRONG, [{"name": "a", "items": ["a.png"]}])


def with_a_mask(upload: Upload) -> None:
    mask = np.zeros((2, 2, 3), np.uint8)
    upload.create_datapoint_from_masks(WRONG, mask, {"car": [1, 1, 1]}, "a.png")


@pytest.mark.parametrize("create", [in_a_list, with_a_mask])
def test_a_storage_that_is_not_there_is_told_before_anything_is_sent(
    serve: Serve, create: Callable[[Upload], None]
) -> None:
    client, project = serve(storages=(RIGHT,))
    with pytest.raises(UserError) as caught:
        create(project.upload)
    assert str(caught.value) == (
        f"the organization has no storage {WRONG}\n    it has public, redbrick, {RIGHT}"
    )
    assert client.names() == []
