"""Our requests are those of the service's own client, value by value, but for what is listed."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from rbsync.backends.base import LabelFile, LabelText, NamedTask
from rbsync.backends.redbrick.api.address import read_address
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.credentials import ApiKey
from rbsync.backends.redbrick.api.operations import project, tasks
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.backends.redbrick.http.transport import AGENT, Transport
from rbsync.files.body import FileBody
from tests.backends.redbrick.recorded import ABSENT, SCENARIOS, Difference, Listed, differences
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
from tests.builders import PRINT

REDBRICK = "22222222-2222-2222-2222-222222222222"
TASK = "cccccccc-0000-4000-8000-000000000003"
RELEASE = "dddddddd-0000-4000-8000-000000000004"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
PATHS = {
    name: f"{ORG}/images/00000000-0000-0000-0000-0000000000{number}/{name}"
    for name, number in (("one.png", 64), ("two.png", 65), ("clip.mp4", 64))
}
LABELS = (
    '[{"category":[["object","liver"]],"attributes":[],"volumeindex":0,"dicom":{"instanceid":1}}]'
)
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def becomes(recorded: Any, ours: Any) -> Callable[[Any, Any], bool]:
    return lambda one, other: (one, other) == (recorded, ours)


def is_random(recorded: Any, ours: Any) -> bool:
    """Whether two paths differ in nothing but their UUIDs."""
    return _UUID.sub("*", recorded) == _UUID.sub("*", ours)


def is_stamped(recorded: str | None, ours: str) -> bool:
    """Whether metadata are as recorded but for what rbsync leaves in them."""
    left = json.loads(ours)
    kept = {key: one for key, one in left.items() if not key.startswith("rbsync_")}
    assert left["rbsync_fingerprint"] == ";".join(PRINT)
    return kept == json.loads(recorded or "{}")


def is_more(recorded: int, ours: int) -> bool:
    return ours > recorded == 0


def is_never(recorded: int, ours: int) -> bool:
    return recorded > ours == 0


_SERIES = "createDatapointSDK seriesInfo"
_FLAT = (
    "null also where the client converts a series of one without a segmentation: items are flat"
    " here"
)
_IN_USE = "looked at before it is changed, so that a task of another name is not"
_LAST = "the stamp is left last, in the metadata"
DIFFERENCES: dict[str, Listed] = {
    "header accept-encoding of POST": Listed(
        "without br: to read brotli takes a package that rbsync does not ask for",
        becomes("br, gzip", "gzip"),
    ),
    "header user-agent of POST": Listed(
        "the recording left out what the client's library puts there", becomes(ABSENT, AGENT)
    ),
    "header user-agent of PUT": Listed("as that of operations", becomes(ABSENT, AGENT)),
    "header accept of PUT": Listed(
        "the client's library adds it by itself", becomes("*/*", ABSENT)
    ),
    "header accept-encoding of PUT": Listed(
        "the client's library adds it by itself, and ours would too",
        becomes("gzip, deflate", "identity"),
    ),
    "number of validateAndConvertToImportFormatSDK": Listed(
        "not asked: a flat datapoint needs no conversion, and one that is wrong there takes all"
        " others of the request with it",
        is_never,
    ),
    "number of getLabelStorageSDK": Listed(
        "not asked: the path of an upload comes with its URL", is_never
    ),
    "number of membersSDK": Listed("not asked: nobody is named in a look-up", is_never),
    "number of count": Listed(
        "asked before each listing, which is complete only when it has as many", is_more
    ),
    "number of getProjectSDK": Listed("its taxonomy comes with the project, if it does", is_more),
    "number of tasksListSDK": Listed(
        "what became of a video is looked up: the answer does not say", is_more
    ),
    "number of taskSDK": Listed(_IN_USE, is_more),
    "number of updateTaskItemsSDK": Listed(_LAST, is_more),
    "number of itemsUploadPresignSDK": Listed(
        "one for what several workers ask for at a time, not for a datapoint", becomes(1, 2)
    ),
    "itemsUploadPresignSDK files[1]": Listed(
        "in a request of its own here", becomes("two.png", ABSENT)
    ),
    "itemsUploadPresignSDK fileType[1]": Listed(
        "in a request of its own here", becomes("image/png", ABSENT)
    ),
    "createDatapointSDK metaData": Listed(
        "has the fingerprint, and the names and paths of uploaded items", is_stamped
    ),
    "createDatapointSDK preAssign": Listed(
        "always null: rbsync assigns nobody", becomes('{"Label":"a@example.org"}', "null")
    ),
    _SERIES: Listed(_FLAT, becomes(ABSENT, None)),
    f"{_SERIES}[0].itemsIndices[0]": Listed(_FLAT, becomes(0, ABSENT)),
    f"{_SERIES}[0].imageHeaders": Listed(_FLAT, becomes(None, ABSENT)),
    f"{_SERIES}[0].metaData": Listed(
        _FLAT, lambda one, other: one in (None, '{"m":"1"}') and other == ABSENT
    ),
    "createDatapointSDK labelsMap[0].labelName": Listed("a random path, as there", is_random),
    "presignUploadsSDK filesSeg[0]": Listed("a random path, as there", is_random),
    "tasksPagedSDK first": Listed("pages of 50, not of 10", becomes(10, 50)),
    "tasksListSDK taskSearch": Listed(
        "rbsync searches for names, and lists by the other operation", becomes(None, '"case-0"')
    ),
}
"""What is not as recorded, and why; nothing else differs."""


class Play:
    """A scenario with rbsync, once the project is open."""

    def __init__(self, wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody]) -> None:
        self.wire = wire
        self.backend = backend
        self.body = body
        wire.answers["itemsUploadPresignSDK"] = lambda request, _: {
            "itemsUploadPresign": {
                "items": [self._place(one) for one in request.variables["files"]]
            }
        }
        wire.answers["presignUploadsSDK"] = lambda request, _: {
            "presignData": [],
            "presignSeg": [
                {**self._place(one), "filePath": f"{ORG}/{PROJECT}/{one}"}
                for one in request.variables["filesSeg"]
            ],
        }

    def _place(self, name: str) -> dict[str, str]:
        url = f"{self.wire.url}/put/{name}"
        return {"presignedUrl": url, "filePath": PATHS.get(name, ""), "fileName": name}

    def open_a_project(self) -> None:
        self.backend.project()

    def create_of_a_url(self) -> None:
        settings: dict[str, Any] = {"ground_truth": True, "priority": 0.5, "metadata": {"k": "v"}}
        self.backend.create([draft("case-1", **settings)])

    def create_of_a_picture(self) -> None:
        self._create("case-2", "one.png")

    def create_of_two_pictures(self) -> None:
        self._create("one.png", "one.png", "two.png")

    def create_with_a_segmentation(self) -> None:
        volume = gzip.compress(b"a label map", mtime=0)
        self._create(
            "case-3", "one.png", labels=LabelText(LABELS, 1, files=(LabelFile(0, volume),))
        )
        assert self.wire.of("PUT")[1].body == volume

    def _create(self, name: str, *files: str, labels: LabelText | None = None) -> None:
        refs = [self.backend.upload(self.body(PNG, one), storage="redbrick") for one in files]
        items = tuple(zip(files, refs, strict=True))
        self.backend.create([draft(name, items=items, storage="redbrick", labels=labels)])
        assert [one.body for one in self.wire.of("PUT")][: len(files)] == [PNG] * len(files)

    def create_of_a_video(self) -> None:
        """Without a stamp, which would be in the list of items."""
        backend = RedbrickBackend(self.wire.url, ORG, PROJECT, KEY, stamp=False)
        backend.project()
        self.wire.requests.clear()
        number = "00000000-0000-0000-0000-000000000009"
        place = {**self._place("vid.json"), "filePath": "lists/vid.json", "uploadId": number}
        self.wire.answers["itemListUploadPresignSDK"] = {"itemListUploadPresign": place}
        found = {"entries": [{"taskId": "1", "datapoint": {"name": "vid"}}]}
        self.wire.answers["tasksListSDK"] = {"genericTasks": found}
        clip = backend.upload(self.body(MP4, "clip.mp4"), storage="redbrick")
        backend.create([draft("vid", items=(("clip.mp4", clip),), storage="redbrick")])
        backend.close()

    def search(self) -> None:
        self._page("tasksListSDK", "genericTasks", {None: "1"})
        self.backend.find(["case-0"])

    def list(self) -> None:
        self._page("tasksPagedSDK", "tasksPaged", {None: "1", "1": "2"})
        list(self.backend.list())

    def _page(self, operation: str, root: str, cursors: Mapping[str | None, str]) -> None:
        self.wire.answers[operation] = lambda request, _: {
            root: {
                "entries": [],
                "cursor": cursors.get(request.variables.get("after")),
                "count": 0,
            }
        }

    def count(self) -> None:
        with_client(self.wire, tasks.count_tasks)

    def delete(self) -> None:
        def look(request: Request, _: object) -> Any:
            one = request.variables["taskId"]
            return {"task": task(one, one)}

        self.wire.answers["taskSDK"] = look
        every = [f"cccccccc-0000-4000-8000-{at:012}" for at in range(120)]
        self.backend.delete([NamedTask(one, one) for one in every])

    def change_of_a_priority(self) -> None:
        self._update(priority=0.25)

    def move_to_ground_truth(self) -> None:
        self._update(ground_truth=True)

    def _update(self, **settings: Any) -> None:
        self.wire.answers["taskSDK"] = {"task": task(TASK, "case-1")}
        self.backend.update(TASK, draft(**settings), ["settings"])

    def storages(self) -> None:
        self.wire.answers["storageMethodsSDK"] = {"storageMethods": []}
        with_client(self.wire, project.storages)

    def release(self) -> None:
        self._release("v1", ground_truth_only=False)

    def release_of_ground_truth(self) -> None:
        self._release("v2", ground_truth_only=True)

    def _release(self, name: str, *, ground_truth_only: bool) -> None:
        made = {"releaseId": RELEASE, "name": name, "createdAt": "", "status": "CREATING"}
        self.wire.answers["createDatasetReleaseSDK"] = {"createDatasetRelease": made}
        assert not self.backend.release(name, ground_truth_only=ground_truth_only).is_ready

    def releases(self) -> None:
        self.wire.answers["datasetReleasesSDK"] = {"datasetReleases": []}
        assert self.backend.releases() == ()

    def released(self) -> None:
        page: dict[str, Any] = {"datasetReleaseData": {"entries": [], "cursor": None}}
        self.wire.answers["datasetReleaseDataSDK"] = page
        assert list(self.backend.released(RELEASE)) == []

    def taxonomy(self) -> None:
        """Of a project that came with no more than the name of it."""
        bare = {**TAXONOMY, "objectTypes": []}
        opened = {"project": {**PROJECT_ANSWER["project"], "taxonomy": bare}}
        self.wire.answers["getProjectSDK"] = opened
        self.wire.answers["getTaxonomySDK"] = {"taxonomy": TAXONOMY}
        assert self.backend.project().categories == ("liver", "tumor")


def with_client(wire: Wire, ask: Callable[[Client], Any]) -> Any:
    transport = Transport()
    try:
        return ask(Client(transport, read_address(wire.url), ORG, PROJECT, lambda: ApiKey(KEY)))
    finally:
        transport.close()


@pytest.fixture
def play(wire: Wire, backend: RedbrickBackend, body: Callable[..., FileBody]) -> Play:
    return Play(wire, backend, body)


def found_in(play: Play, scenario: str) -> list[Difference]:
    if scenario != "open a project":
        # The recording begins when the project is open.
        play.backend.project()
        play.wire.requests.clear()
    getattr(play, scenario.lower().replace(" ", "_"))()
    return differences(scenario, play.wire.requests)


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_requests_are_as_recorded_but_for_what_is_listed(play: Play, scenario: str) -> None:
    assert [one for one in found_in(play, scenario) if not is_listed(one)] == []


def is_listed(one: Difference) -> bool:
    listed = DIFFERENCES.get(one.place)
    return listed is not None and listed.allows(one.recorded, one.ours)


def test_every_difference_that_is_listed_occurs_and_has_a_reason(
    body: Callable[..., FileBody],
) -> None:
    occurred: set[str] = set()
    for scenario in sorted(SCENARIOS):
        wire = Wire()
        backend = RedbrickBackend(wire.url, ORG, PROJECT, KEY, quarantine=0, seconds=2)
        occurred |= {one.place for one in found_in(Play(wire, backend, body), scenario)}
        backend.close()
        wire.close()
    assert occurred == set(DIFFERENCES)
    assert all(len(one.reason) > 20 for one in DIFFERENCES.values())


def test_storages_that_were_deleted_are_left_out(wire: Wire) -> None:
    public = {"orgId": ORG, "storageId": "1", "name": "Public", "provider": "PUBLIC"}
    gone = {**public, "storageId": "2", "deleted": True}
    named = {"storageId": "3", "name": "Scans", "provider": "AWS_S3"}
    scans = {**public, **named, "details": {"bucket": "hospital-scans"}}
    wire.answers["storageMethodsSDK"] = {"storageMethods": [public, gone, scans]}
    assert with_client(wire, project.storages) == [
        ("1", "Public", "PUBLIC", ""),
        ("3", "Scans", "AWS_S3", "hospital-scans"),
    ]
