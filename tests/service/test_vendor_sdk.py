"""The vendor's SDK 2.35.4, unchanged, is a client of the service."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from rbsync.backends.local import LocalBackend
from rbsync.labels import read_taxonomy
from tests.service.serving import KEY, ORG, PROJECT, PUBLIC, REDBRICK, serving
from tests.service.vendor_environment import run_client

pytestmark = [pytest.mark.vendor, pytest.mark.timeout(1000)]

CLIENT = Path(__file__).with_name("vendor_client.py")
TAXONOMY = {
    "name": "tax-a",
    "objectTypes": [
        {"category": "liver", "classId": 0, "labelType": "SEGMENTATION"},
        {"category": "tumor", "classId": 1, "labelType": "SEGMENTATION"},
    ],
}
BOX = {"pointTopLeft": {"xNorm": 0.1, "yNorm": 0.1}, "wNorm": 0.2, "hNorm": 0.2}
ROUTE = ["case-1", "labels", "many-labels", "picture", "segments", "several", "video"]

Results = dict[str, Any]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, the same for all its workers."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "vendor"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def results(shared: Path, request: pytest.FixtureRequest) -> Results:
    """What came of every scenario: one run of the SDK, for it takes its time."""
    found = shared / "work" / "results.json"
    with FileLock(shared / "lock"):
        if not found.exists():
            found.parent.mkdir(exist_ok=True)
            with serving(shared / "proj-a", taxonomy=read_taxonomy(TAXONOMY)) as client:
                run_client(request.config, CLIENT, found.parent, client.url, ORG, PROJECT, KEY)
    return dict(json.loads(found.read_text()))


def result(results: Results, name: str) -> Any:
    assert "error" not in results[name], results[name]
    return results[name]["result"]


def by_name(tasks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in tasks}


def test_it_opens_the_project(results: Results) -> None:
    assert result(results, "open_project") == ["proj-a", "tax-a", ["Label"]]


def test_it_creates_from_addresses(results: Results) -> None:
    (made,) = result(results, "create_public_ground_truth")
    assert made["name"] == "case-1"
    assert made["response"]["taskIds"] == [made["response"]["taskId"]]


def test_it_learns_that_a_name_is_taken(results: Results) -> None:
    (made,) = result(results, "create_again")
    assert "the project has a datapoint of this name" in made["error"]


def test_it_uploads_pictures_labels_and_segmentations(results: Results) -> None:
    made = result(results, "create_together")
    assert [one["name"] for one in made if one.get("response")] == [
        "picture",
        "several",
        "labels",
        "many-labels",
        "segments",
    ]


def test_it_uploads_videos(results: Results) -> None:
    assert result(results, "create_video") == [{"name": "video", "response": {"ok": True}}]


def test_it_lists_all_tasks_over_pages(results: Results) -> None:
    tasks = result(results, "list_tasks")
    assert [one["name"] for one in tasks] == ROUTE
    first = tasks[0]
    assert first["priority"] == 0.5
    assert first["metaData"] == {"k": "v"}
    assert first["currentStageName"] == "END"
    assert first["storageId"] == PUBLIC
    assert first["series"] == [{"metaData": {"m": "1"}}]


def test_it_filters_and_searches(results: Results) -> None:
    assert result(results, "list_ground_truth") == ["case-1"]
    assert result(results, "list_unassigned") == ROUTE[1:]
    assert result(results, "search_exact") == ["picture"]
    assert result(results, "search_prefix") == ["segments", "several"]
    assert result(results, "search_id") == ["several"]


def test_it_exports_what_was_uploaded(results: Results) -> None:
    tasks = by_name(result(results, "export_tasks"))
    assert sorted(tasks) == ROUTE
    assert tasks["labels"]["series"][0]["boundingBoxes"] == [BOX | {"category": "liver"}]
    assert len(tasks["many-labels"]["series"][0]["boundingBoxes"]) == 1200
    several = [len(one["items"]) for one in tasks["several"]["series"]]
    assert several == [2, 1]
    segments = tasks["segments"]["series"][0]["segmentMap"]
    assert {key: one["category"] for key, one in segments.items()} == {"1": "liver", "2": "tumor"}
    assert tasks["picture"]["storageId"] == REDBRICK
    assert tasks["picture"]["status"] == "UNASSIGNED"


def test_it_exports_ground_truth_alone(results: Results) -> None:
    assert result(results, "export_ground_truth") == ["case-1"]


def test_it_gets_back_the_bytes_of_items_and_masks(results: Results) -> None:
    assert result(results, "export_files") == [True, [0, 1, 2]]


def test_it_changes_priorities_stages_items_and_labels(results: Results) -> None:
    result(results, "set_priority")
    assert result(results, "move_to_ground_truth") is True
    assert result(results, "archive") is True
    assert result(results, "append_items")[0]["response"]["ok"] is True
    result(results, "update_labels")
    tasks = by_name(result(results, "see_changes"))
    assert (tasks["picture"]["priority"], tasks["picture"]["currentStageName"]) == (0.25, "END")
    assert tasks["several"]["currentStageName"] == "ARCHIVED"


def test_it_deletes_by_id_and_by_name(results: Results) -> None:
    assert result(results, "delete") is True
    assert result(results, "delete_by_name") is True
    assert result(results, "see_rest") == ["labels", "many-labels", "segments", "several"]


def test_it_knows_a_wrong_key(results: Results) -> None:
    assert results["wrong_key"]["error"].startswith("AuthenticationError")


def test_what_it_left_is_in_the_folder(results: Results, shared: Path) -> None:
    result(results, "see_rest")
    backend = LocalBackend(shared / "proj-a")
    tasks = {one.name: one for one in backend.list()}
    assert tasks["many-labels"].labels == 1200
    assert len(tasks["labels"].items) == 2
    assert list(backend.verify()) == []
    backend.close()
