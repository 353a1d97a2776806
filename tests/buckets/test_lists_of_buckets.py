"""Items lists whose segmentations and labels lie in a bucket."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import STORAGE, InBucket
from tests.buckets.test_labels_in_buckets import volume
from tests.hints.following import follows
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import BOX
from tests.service.serving import serving

SCAN = np.zeros((5, 4, 3), np.uint8)
SCAN[1:3, 1:4, 2] = 1


def listed(project: InBucket, type: str, *rows: object) -> None:  # noqa: A002  (the manifest's word)
    """A list of items that are keys of a storage."""
    project.write("lists/list.json", json.dumps(rows))
    project.manifest(
        f"project: {{type: {type}, taxonomy: [car]}}\nstorages: {{scans: {STORAGE}}}\n"
        "datapoints:\n  - {items_list: lists/list.json, storage: scans}\n"
    )


def test_a_segmentation_of_a_list_lies_in_a_bucket(project: InBucket) -> None:
    path = f"s3://{project.bucket}/masks/seg.nii.gz"
    series = {"items": ["ct.nii.gz"], "segmentations": path, "segmentMap": {"1": "car"}}
    listed(project, "DICOM_SEGMENTATION", {"name": "study", "series": [series]})
    project.put({"masks/seg.nii.gz": volume(SCAN), "masks/other.nii.gz": volume(SCAN)})
    done = project.apply()
    assert "1 created" in done.out, (done.out, done.err)
    (task,) = project.tasks()
    assert (task["items"], task["labels"]) == (["ct.nii.gz"], 1)
    assert project.run("plan").out.startswith("No changes")
    project.put({"masks/seg.nii.gz": volume(SCAN[::-1].copy())})
    assert project.actions() == ["update study labels"]
    project.s3.disturb({"masks/": "refuses"})
    ran = project.run("plan", "--prune")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/masks` is not known" in ran.out + ran.err
    project.s3.disturb({})
    project.s3.delete(project.bucket, ["masks/seg.nii.gz"])
    gone = project.run("plan")
    assert gone.code == ExitCode.INVALID, (gone.out, gone.err)
    assert f"there is no file `{path}`" in gone.err


def test_labels_of_a_list_lie_in_a_bucket(project: InBucket) -> None:
    path = f"s3://{project.bucket}/labels/a.json"
    listed(project, "IMAGE_BBOX", {"name": "one", "items": ["a.png"], "labels": path})
    project.put({"labels/a.json": json.dumps([BOX])})
    assert "1 created" in project.apply().out
    assert project.tasks()[0]["labels"] == 1
    assert project.run("plan").out.startswith("No changes")


@follows("name the storage that leads to that bucket; where the object was written just now")
def test_objects_of_a_list_are_held_against_the_storage(project: InBucket, tmp_path: Path) -> None:
    """The manifest says nothing of the bucket that a list names."""
    other = f"{project.bucket}-other"
    project.s3.put(other, {"data/top.png": "of another patient"})
    known = {STORAGE: f"s3://{project.bucket}"}
    (tmp_path / "s").mkdir()
    with serving(tmp_path / "s", type="IMAGE_BBOX", storages=(STORAGE,), buckets=known) as service:
        remote = RemoteProject(tmp_path / "remote", service.url)
        for bucket, code in ((other, ExitCode.INVALID), (project.bucket, ExitCode.DONE)):
            items = [f"s3://{bucket}/data/top.png"]
            remote.write("lists/list.json", [{"name": "one", "items": items}])
            remote.manifest(
                f"datapoints:\n  - {{items_list: lists/list.json, storage: {STORAGE}}}\n"
            )
            ran = remote.run("apply", "--yes", RBSYNC_BUCKETS=f"{other},{project.bucket}")
            assert ran.code == code, (ran.out, ran.err)
            told = "lists/list.json:1:2: the storage" in ran.err
            assert told == (code != ExitCode.DONE)
            assert ("hands out another object as `data/top.png`" in ran.err) == told


def test_what_a_list_names_and_is_not_there_is_told_at_its_value(project: InBucket) -> None:
    """Keys of the bucket are no files: whoever wrote one is told where, and what to write."""
    rows = """[{"name": "b.json", "items": ["b.png"], "labels": "b.json"},
 {"name": "two", "items": ["scans/ct.nii.gz"],
  "labels": "labels/ü \\"x\\".json"}]"""
    listed(project, "IMAGE_BBOX")
    project.write("lists/list.json", rows)
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    column = rows.rindex('"b.json"') + 1
    assert f"lists/list.json:1:{column}: there is no file `lists/b.json`" in ran.err
    assert 'lists/list.json:3:13: there is no file `lists/labels/ü "x".json`' in ran.err
    assert "if it lies in the bucket of the storage, name that: `s3://BUCKET/lists/b" in ran.err


def test_each_item_and_segmentation_of_a_list_has_its_place(project: InBucket) -> None:
    series = {"items": ["a.nii", "b.nii"], "segmentations": ["c.nii"], "segmentMap": {"1": "car"}}
    lines = [json.dumps({"name": name, "series": [series]}) for name in ("one", "two")]
    project.write("list.jsonl", "\n".join(["", *lines, ""]))
    project.manifest(
        "project: {type: DICOM_SEGMENTATION, taxonomy: [car]}\n"
        "datapoints:\n  - {items_list: list.jsonl}\n"
    )
    told = project.run("plan").err
    for line in (2, 3):
        for path in ("a.nii", "b.nii", "c.nii"):
            column = lines[0].index(path)
            assert f"list.jsonl:{line}:{column}: there is no file `{path}`" in told
