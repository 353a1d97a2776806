"""Runs the vendor's SDK, unchanged, as its users do. Arguments: url, organization, project, key.

Stands alone: it runs in an environment that has the SDK and nothing of ours. Writes what came of
each scenario, in their order, to ``results.json`` in the folder that it works in.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterable
from typing import Any

os.environ["REDBRICK_DISABLE_VERSION_CHECK"] = "1"
os.environ["REDBRICK_SDK_LOG_LEVEL"] = "40"

import nibabel
import numpy as np
import redbrick

PUBLIC = "11111111-1111-1111-1111-111111111111"
REDBRICK = "22222222-2222-2222-2222-222222222222"
URL = "https://example.org/a.png"
BOX = {
    "category": [["object", "liver"]],
    "attributes": [],
    "bbox2d": {"xnorm": 0.1, "ynorm": 0.1, "wnorm": 0.2, "hnorm": 0.2},
}
ALL = redbrick.TaskFilters.ALL

project = redbrick.get_project(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[1])
upload, export = project.upload, project.export
results: dict[str, Any] = {}


def scenario(run: Callable[[], Any]) -> Any:
    """Runs a function and keeps its result, or what it raised, under its name."""
    try:
        results[run.__name__] = {"result": run()}
    except Exception as error:
        results[run.__name__] = {"error": f"{type(error).__name__}: {error}"}
    return run


def picture(path: str, level: int) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes([0, level, level, 0, level, level]))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + parts)


def segmentation(path: str) -> None:
    volume = np.zeros((4, 4, 2), np.uint8)
    volume[1:3, 1:3, 0] = 1
    volume[0, 0, 1] = 2
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), path)


def create(storage: str, *tasks: dict[str, Any], **more: Any) -> Any:
    return upload.create_datapoints(storage, list(tasks), **more)


def listed(**given: Any) -> list[dict[str, Any]]:
    return list(export.list_tasks(**({"search": ALL, "limit": None} | given)))


def names(tasks: Iterable[dict[str, Any]]) -> list[str]:
    return [one["name"] for one in tasks]


def task_id(name: str) -> str:
    (found,) = listed(task_name=name, exact_match=True)
    return str(found["taskId"])


picture("one.png", 10)
picture("two.png", 200)
segmentation("seg.nii.gz")
with open("clip.mp4", "wb") as clip:
    clip.write(b"\0\0\0\x18ftypmp42" + bytes(50))


@scenario
def open_project() -> Any:
    return [project.name, project.taxonomy["name"], [one.stage_name for one in project.stages]]


@scenario
def create_public_ground_truth() -> Any:
    task = {
        "name": "case-1",
        "series": [{"items": URL, "metaData": {"m": "1"}}],
        "metaData": {"k": "v"},
        "priority": 0.5,
    }
    return create(PUBLIC, task, is_ground_truth=True)


@scenario
def create_again() -> Any:
    return create(PUBLIC, {"name": "case-1", "series": [{"items": URL}]})


@scenario
def create_together() -> Any:
    """Pictures, several items in series, labels in line and by file, a segmentation."""
    labels = {"items": ["one.png"], "labels": [BOX]}
    segments = {"segmentations": "seg.nii.gz", "segmentMap": {"1": "liver", "2": "tumor"}}
    return create(
        REDBRICK,
        {"name": "picture", "series": [{"items": "one.png"}]},
        {"name": "several", "series": [{"items": ["one.png", "two.png"]}, {"items": "two.png"}]},
        {"name": "labels", **labels},
        {"name": "many-labels", **labels, "labels": [BOX] * 1200},
        {"name": "segments", "series": [{"items": "one.png", **segments}]},
    )


@scenario
def create_video() -> Any:
    return create(REDBRICK, {"name": "video", "items": ["clip.mp4"]})


@scenario
def count() -> Any:
    """Of all tasks, of those that are to be labelled, and of ground truth."""
    counted = project.context.export.datapoints_in_project
    stages = (None, "Label", "END")
    return [counted(project.org_id, project.project_id, stage) for stage in stages]


@scenario
def list_tasks() -> Any:
    return listed(concurrency=2)


@scenario
def list_ground_truth() -> Any:
    return names(listed(search=redbrick.TaskFilters.GROUNDTRUTH))


@scenario
def list_unassigned() -> Any:
    return names(listed(search=redbrick.TaskFilters.UNASSIGNED))


@scenario
def search_exact() -> Any:
    return names(listed(task_name="picture", exact_match=True))


@scenario
def search_prefix() -> Any:
    return names(listed(task_name="se"))


@scenario
def search_id() -> Any:
    return names(listed(task_id=task_id("several")))


@scenario
def export_tasks() -> Any:
    return list(export.export_tasks(concurrency=3, destination="all"))


@scenario
def export_ground_truth() -> Any:
    return names(export.export_tasks(only_ground_truth=True, destination="truth"))


@scenario
def export_files() -> Any:
    found = export.export_tasks(task_id=task_id("segments"), with_files=True, destination="one")
    (task,) = found
    mask: Any = nibabel.load(task["series"][0]["segmentations"])
    with open("one.png", "rb") as sent, open(task["series"][0]["items"][0], "rb") as got:
        same = sent.read() == got.read()
    return [same, sorted(set(np.asanyarray(mask.dataobj).ravel().tolist()))]


@scenario
def set_priority() -> Any:
    return upload.update_tasks_priority([{"taskId": task_id("picture"), "priority": 0.25}])


@scenario
def move_to_ground_truth() -> Any:
    return upload.send_tasks_to_stage([task_id("picture")], "END")


@scenario
def archive() -> Any:
    return upload.archive_tasks([task_id("several")])


@scenario
def append_items() -> Any:
    task = {"taskId": task_id("labels"), "name": "labels", "series": [{"items": "two.png"}]}
    return upload.update_task_items(REDBRICK, [task], append=True)


@scenario
def update_labels() -> Any:
    segments = {"segmentations": "seg.nii.gz", "segmentMap": {"1": "liver", "2": "tumor"}}
    return upload.update_tasks_labels([{"taskId": task_id("picture"), "series": [segments]}])


@scenario
def see_changes() -> Any:
    return listed()


@scenario
def count_changes() -> Any:
    return project.context.export.datapoints_in_project(
        project.org_id, project.project_id, "ARCHIVED"
    )


@scenario
def release() -> Any:
    made = project.releases.create_release("v1", only_ground_truth=False)
    assert project.releases.get_release("v1") == made
    project.releases.create_release("done", only_ground_truth=True)
    return [[one["name"], one["points"]] for one in project.releases.list_releases()]


@scenario
def delete() -> Any:
    return upload.delete_tasks([task_id("several"), task_id("video")])


@scenario
def delete_by_name() -> Any:
    return upload.delete_tasks_by_name(["case-1", "nothing"])


@scenario
def see_rest() -> Any:
    return names(listed())


@scenario
def export_release() -> Any:
    """Twice: what it exported once it keeps, and fetches again."""
    return [sorted(names(project.releases.export_release("v1"))) for _ in range(2)]


@scenario
def wrong_key() -> Any:
    return str(redbrick.get_project(sys.argv[2], sys.argv[3], "x" * 43, sys.argv[1]))


with open("results.json", "w", encoding="utf-8") as file:
    json.dump(results, file)
