"""The vendor's SDK 2.35.4, unchanged, is a client of the service."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from filelock import FileLock
from starlette.requests import Request

from rbsync.backends.base import TaskContent
from rbsync.backends.local import LocalBackend
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.service.faults.player import Player
from tests.service.serving import KEY, ORG, PROJECT, PUBLIC, REDBRICK, serving
from tests.service.vendor_environment import run_client

pytestmark = [pytest.mark.vendor, pytest.mark.timeout(1000)]

CLIENT = Path(__file__).with_name("vendor_client.py")
METHODS = Path(__file__).with_name("vendor_methods.py")
TAXONOMY = {
    "name": "tax-a",
    "objectTypes": [
        {"category": "liver", "classId": 0, "labelType": "SEGMENTATION"},
        {"category": "tumor", "classId": 1, "labelType": "SEGMENTATION"},
    ],
}
BOX = {"pointTopLeft": {"xNorm": 0.1, "yNorm": 0.1}, "wNorm": 0.2, "hNorm": 0.2}
LEFT = ["labels", "many-labels", "picture", "segments"]
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
            heard, known = Heard(), read_taxonomy(TAXONOMY)
            with serving(shared / "proj-a", player=heard, taxonomy=known) as client:
                run_client(request.config, CLIENT, found.parent, client.url, ORG, PROJECT, KEY)
            (shared / "answered.json").write_text(json.dumps(sorted(heard.answered)))
    return dict(json.loads(found.read_text()))


def result(results: Results, name: str) -> Any:
    assert "error" not in results[name], results[name]
    return results[name]["result"]


def by_name(tasks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in tasks}


# Datasets are not offered, so that nothing is left to try of them. The other two ask the service
# nothing.
NOT_TRIED = {
    "DatasetExport.export_to_files",
    "DatasetExport.get_data_store_series",
    "DatasetUpload.upload_files",
    "RBDataset.dataset_name",
    "RBDataset.org_id",
    "Export.export_nifti_label_data",
    "RBContext.key_id",
}
NOT_OFFERED = {
    "createDatastore",
    "dataStore",
    "importDatapointsFromAltaDb",
    "importDatapointsFromWorkspace",
    "removeDatastore",
    "that of workspaces",
    "toggleCohortDatapoints",
    "toggleDatapointArchivedStatus",
    "updateWorkspaceCohorts",
    "updateWorkspaceSchema",
}
"""The root fields of documents of what is out of scope: datasets, and schemas of workspaces."""

SENT_BY_METHODS = """
archiveProjectSDK assignTasksMultipleUsersSDK createCommentSDK createDatapointSDK
createDatasetReleaseSDK createInviteSDK createProjectSimpleSDK createStorageSDK
createTaxonomyNewSDK datasetReleaseDataSDK datasetReleaseSDK datasetReleasesSDK
deleteDatapointsSDK deleteTasksNamesSDK deleteTasksSDK firstLabelingTimeSDK
getHangingProtocolSDK getLabelStorageSDK getLabelValidationSDK getOrgSDK getProjectSDK
getProjectsSDK getSiblingTasksCountSDK getTaxonomiesSDK getTaxonomySDK getWebhookSettingsSDK
importTasksFromWorkspaceSDK invitesSDK itemsUploadPresignSDK membersSDK moveTaskToStartSDK
moveTasksSDK orgUsersProductivitySDK presignItemSDK projectMembersSDK
projectUsersProductivitySDK putTaskAndLabelsSDK removeInviteSDK removeProjectMembersSDK
removeStorageSDK removeTaxonomySDK sdkCreateWorkspaceSDK sdkGetWorkspaceSDK sdkGetWorkspacesSDK
setHangingProtocolSDK setLabelValidationSDK storageMethodSDK storageMethodsSDK taskActiveTimeSDK
taskDataSDK taskEventsSDK taskSDK tasksListSDK tasksPagedSDK toggleMembersStatusSDK
toggleReferenceStandardTaskSDK updateDatapointAttributesSDK updateDatasetReleaseSDK
updateLabelStorageSDK updateProjectMembershipSDK updateProjectTaskDuplicationSDK updateStageSDK
updateStorageSDK updateTaskItemsSDK updateTasksLabelsSDK updateTasksPrioritiesSDK
updateTaxonomySDK updateWebhookSettingsSDK validateAndConvertToImportFormatSDK
workspaceDatapointsSDK
"""
SENT_BY_SCENARIOS = """
createDatapointSDK deleteTasksNamesSDK deleteTasksSDK getLabelStorageSDK getProjectSDK
itemListUploadPresignSDK itemListUploadSuccessSDK itemsUploadPresignSDK membersSDK moveTasksSDK
presignItemsSDK presignUploadsSDK tasksListSDK tasksPagedSDK updateTaskItemsSDK
updateTasksLabelsSDK updateTasksPrioritiesSDK validateAndConvertToImportFormatSDK
"""
"""Documents of the client by their names, which are all answered: one that is not is seen."""

# The client's own document has a mistake of syntax.
BROKEN = {"Upload.delete_comment": "the client's document is no GraphQL"}


class Heard(Player):
    """Keeps the documents that were answered, and what was said not to be offered, by names."""

    def __init__(self) -> None:
        super().__init__()
        self.answered: set[str] = set()
        self.refused: set[str] = set()

    async def play(self, request: Request, kinds: Any, run: Any) -> Any:
        answer = await super().play(request, kinds, run)
        # What cannot be answered has no kinds: it was not read to its end.
        self.answered.update(name for name in kinds if name.endswith("SDK"))
        if b"is not offered here" in bytes(getattr(answer, "body", b"")):
            words = json.loads(bytes(answer.body))["errors"][0]["message"]
            self.refused.add(words.partition(" is not offered here")[0])
        return answer


def test_every_method_works_or_is_said_not_to_be_offered(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    heard = Heard()
    with serving(tmp_path / "proj-a", player=heard, taxonomy=read_taxonomy(TAXONOMY)) as client:
        run_client(request.config, METHODS, tmp_path, client.url, ORG, PROJECT, KEY)
    assert set(SENT_BY_METHODS.split()) - heard.answered == set()
    assert heard.refused == NOT_OFFERED
    found = json.loads((tmp_path / "methods.json").read_text())
    wrong = {name: error for name, error in found["results"].items() if error}
    assert set(found["known"]) - found["results"].keys() == NOT_TRIED
    assert len(found["results"]) - len(wrong) >= 85
    for name, error in wrong.items():
        assert BROKEN.get(name, "not offered here, by rbsync's offline service") in error, name


def test_the_documents_of_uploads_and_exports_are_answered(results: Results, shared: Path) -> None:
    assert results
    answered = set(json.loads((shared / "answered.json").read_text()))
    assert set(SENT_BY_SCENARIOS.split()) - answered == set()


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


def test_it_counts_tasks_and_those_of_a_stage(results: Results) -> None:
    assert result(results, "count") == [len(ROUTE), len(ROUTE) - 1, 1]
    assert result(results, "count_changes") == 1


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
    assert result(results, "see_rest") == LEFT


def test_it_knows_a_wrong_key(results: Results) -> None:
    assert results["wrong_key"]["error"].startswith("AuthenticationError")


@pytest.fixture
def backend(results: Results, shared: Path) -> Iterator[LocalBackend]:
    """The project as the SDK left it."""
    result(results, "see_rest")
    made = LocalBackend(shared / "proj-a")
    yield made
    made.close()


def held(backend: LocalBackend, name: str) -> TaskContent:
    (found,) = [one for one in backend.read() if one.task.name == name]
    return found


def test_what_it_left_is_in_the_folder(backend: LocalBackend) -> None:
    tasks = {one.name: one for one in backend.list()}
    assert sorted(tasks) == LEFT
    assert tasks["many-labels"].labels == 1200
    assert list(backend.verify()) == []


def test_items_that_it_appended_are_behind_the_others(backend: LocalBackend, shared: Path) -> None:
    task = backend.find(["labels"])["labels"]
    assert [name.rpartition("/")[2] for name in task.items] == ["one.png", "two.png"]
    stored = backend.stored(task.task_id)
    assert stored is not None
    for (_, ref), name in zip(stored.items, ("one.png", "two.png"), strict=True):
        with backend.open_item(ref) as file:
            assert file.read() == (shared / "work" / name).read_bytes()
    assert task.labels == 1, "the labels are as they were"


def test_labels_that_it_updated_are_those_of_the_segmentation(
    backend: LocalBackend, shared: Path
) -> None:
    found = held(backend, "picture")
    labels = json.loads(found.labels)
    names = {one["dicom"]["instanceid"]: one["category"] for one in labels}
    assert names == {1: [["object", "liver"]], 2: [["object", "tumor"]]}
    (stored,) = found.maps
    written: Any = nibabel.load(shared / "work" / "seg.nii.gz")
    sent = written.get_fdata()
    got = nibabel.Nifti1Image.from_bytes(gzip.decompress(stored.read())).get_fdata()
    assert stored.series == 0
    assert np.array_equal(sent, got)


def test_it_releases_what_is_there_and_exports_it_when_it_is_gone(results: Results) -> None:
    released = result(results, "release")
    assert [name for name, _ in released] == ["v1", "done"]
    assert released[0][1] > released[1][1] > 0
    first, again = result(results, "export_release")
    assert {"several", "video"} <= set(first)
    assert first == again
