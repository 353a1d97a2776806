"""Label files and masks that lie in a bucket are fetched once for each version."""

from __future__ import annotations

import gzip
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from rbsync.errors import ExitCode
from rbsync.labels.taxonomy_json import read_taxonomy
from tests.buckets.in_bucket import STORAGE, InBucket, manifest
from tests.hints.following import follows
from tests.s3_server import Fault
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.service.serving import serving

LABELS = ", labels: 's3://{bucket}/labels/{{stem}}.json?'"
TYPE = "IMAGE_SEGMENTATION"


def labelled(project: InBucket) -> None:
    """Three images, of which two have labels in the bucket."""
    project.put({f"few/{name}.png": name for name in "abc"})
    project.put({f"labels/{name}.json": json.dumps([BOX]) for name in "ab"})
    text = manifest(project.bucket, "few/*.png", LABELS.format(bucket=project.bucket))
    project.manifest(text.replace(TYPE, "IMAGE_BBOX"))


def fetched(project: InBucket) -> list[str]:
    """The objects whose bytes were fetched since."""
    keys = (one.partition("?")[0].split()[1] for one in project.s3.asked() if one.startswith("GET"))
    return [key for key in keys if key.endswith((".json", ".png"))]


def test_labels_are_fetched_once_for_each_version(project: InBucket) -> None:
    labelled(project)
    project.s3.asked()
    assert project.actions() == [f"create few/{name}.png" for name in "abc"]
    assert sorted(fetched(project)) == [f"/{project.bucket}/labels/{one}.json" for one in "ab"]
    assert "3 created" in project.apply().out
    assert [one["labels"] for one in project.tasks()] == [1, 1, 0]
    assert project.run("plan").out.startswith("No changes")
    assert not fetched(project), "what the plan had fetched was enough"
    project.put({"labels/a.json": json.dumps([BOX, BOX])})
    assert project.actions() == ["update few/a.png labels"]
    assert fetched(project) == [f"/{project.bucket}/labels/a.json"]
    assert "1 updated" in project.apply().out
    project.put({"labels/c.json": json.dumps([BOX])})
    assert project.actions() == ["update few/c.png labels"]


def test_a_mask_in_a_bucket_is_read(project: InBucket) -> None:
    project.put({"few/a.png": "a", "masks/a.png": png(0xFF0000)})
    project.write("class_map.json", {"car": [255, 0, 0]})
    more = f", mask: 's3://{project.bucket}/masks/{{stem}}.png', class_map: class_map.json"
    project.manifest(manifest(project.bucket, "few/*.png", more))
    done = project.apply()
    assert "1 created" in done.out, done.err
    (task,) = project.tasks()
    assert task["labels"] == 1
    assert project.run("plan").out.startswith("No changes")


@pytest.mark.parametrize("fault", ["fails", "refuses", "cut short"])
def test_labels_that_cannot_be_listed_are_not_removed(project: InBucket, fault: Fault) -> None:
    labelled(project)
    project.put({f"labels/more-{at:03d}.json": "[]" for at in range(200)})
    project.apply()
    project.s3.disturb({"labels/": fault})
    ran = project.run("plan")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert "0 to update" in ran.out
    assert f"`s3://{project.bucket}/labels` is not known" in ran.out + ran.err
    assert [one["labels"] for one in project.tasks()] == [1, 1, 0]


def test_labels_that_cannot_be_fetched_bar_their_datapoint_alone(project: InBucket) -> None:
    labelled(project)
    project.s3.disturb({f"/{project.bucket}/labels/a.json": "refuses"})
    ran = project.run("apply", "--yes")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert "2 created" in ran.out
    assert f"`s3://{project.bucket}/labels/a.json` is not known" in ran.out + ran.err


def test_labels_that_are_gone_with_their_whole_folder_are_not_removed(project: InBucket) -> None:
    labelled(project)
    project.apply()
    project.s3.delete(project.bucket, ["labels/a.json", "labels/b.json"])
    ran = project.run("plan")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert "0 to update" in ran.out


def test_a_wrong_label_is_told_with_its_place(project: InBucket) -> None:
    labelled(project)
    project.put({"labels/a.json": '[{"category": 3}]'})
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert f"s3://{project.bucket}/labels/a.json:1:" in ran.err


def red(width: int) -> bytes:
    """A mask of one class: other widths are other contents."""
    file = BytesIO()
    Image.new("RGB", (width, 2), (255, 0, 0)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("fault", [{}, {"masks/9.png": "refuses"}])
def test_other_processes_are_not_sent_for_what_is_in_a_bucket(
    project: InBucket, fault: dict[str, Fault]
) -> None:
    """They have no credentials, and are given none; nothing is lost, and no result differs."""
    project.put({f"few/{at}.png": "a" for at in range(100)})
    project.put({f"masks/{at}.png": red(at + 1) for at in range(100)})
    project.put({"masks/7.png": "no picture"})
    project.write("class_map.json", {"car": [255, 0, 0]})
    more = f", mask: 's3://{project.bucket}/masks/{{stem}}.png', class_map: class_map.json"
    project.manifest(manifest(project.bucket, "few/*.png", more))
    found = []
    for executor in ("threads", "processes"):
        project.s3.disturb({f"/{project.bucket}/{key}": one for key, one in fault.items()})
        ran = project.run("plan", "--keep-going", "--executor", executor, "--json")
        # On a machine that is busy with other things a line says how far it is.
        assert not [one for one in ran.err.splitlines() if not one.startswith("Reading: ")]
        found.append([ran.code, *(ran.json[key] for key in ("dataset", "actions", "summary"))])
        for one in (project.folder / ".rbsync").glob("cache.db*"):
            one.unlink()
    assert found[0] == found[1]
    project.s3.disturb({})
    done = project.run("apply", "--yes", "--keep-going", "--executor", "processes")
    assert "99 created" in done.out, (done.out, done.err)
    assert "lost" not in done.err


AFFINE = np.diag([0.7, 0.7, 2.5, 1])


def volume(voxels: Any) -> bytes:
    image: Any = nibabel.Nifti1Image(voxels, AFFINE)
    return gzip.compress(image.to_bytes(), mtime=0)


@follows("if it lies in the bucket of the storage, name that: `s3://BUCKET/scans/seg.nii.gz`")
def test_a_scan_and_its_segmentation_lie_in_a_storage_and_so_do_the_labels_that_are_sent(
    project: InBucket, tmp_path: Path
) -> None:
    """The service's own storage of labels is a bucket, too, for which it signs addresses."""
    voxels = np.zeros((5, 4, 3), np.uint8)
    voxels[1:3, 1:4, 2] = 1
    project.put(
        {"scans/ct.nii.gz": volume(voxels.astype(np.int16)), "scans/seg.nii.gz": volume(voxels)}
    )
    taxonomy = read_taxonomy(
        {
            "name": "tissue",
            "objectTypes": [{"category": "liver", "classId": 0, "labelType": "SEGMENTATION"}],
        }
    )
    with serving(tmp_path / "s", taxonomy=taxonomy, storages=(STORAGE,)) as service:
        service.service.account.put(
            "settings", "labels", {"storageId": STORAGE, "path": "labels/here"}
        )
        remote = RemoteProject(tmp_path / "remote", service.url)
        text = (
            f"project: {{type: DICOM_SEGMENTATION}}\nstorages: {{scans: {STORAGE}}}\ndatapoints:\n"
            f"  - name: study\n    storage: scans\n    series:\n"
            f"      - items: ['s3://{project.bucket}/scans/ct.nii.gz']\n"
            "        segmentations: scans/seg.nii.gz\n        segment_map: {1: liver}\n"
        )
        remote.manifest(text)
        wrong = remote.run("plan")
        assert wrong.code == ExitCode.INVALID
        named = f"s3://{project.bucket}/scans/seg.nii.gz"
        hint = "if it lies in the bucket of the storage, name that: `s3://BUCKET/scans/seg.nii.gz`"
        assert hint in wrong.err
        remote.manifest(
            text.replace("segmentations: scans/seg.nii.gz", f"segmentations: '{named}'")
        )
        done = remote.apply()
        assert "1 created" in done.out, done.err
        assert "No changes" in remote.run("plan", "--refresh").out
        assert remote.run("export", "masks", "back").code == ExitCode.DONE
        (back,) = (remote.folder / "back").rglob("*.nii*")
        image: Any = nibabel.load(back)
        assert np.array_equal(np.asarray(image.dataobj), voxels)
        assert np.allclose(image.affine, AFFINE)
        project.put({"scans/seg.nii.gz": volume(voxels[::-1].copy())})
        assert remote.actions() == ["update study labels"]
