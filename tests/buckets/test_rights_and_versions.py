"""Buckets whose objects not everybody may read, and buckets that keep what was deleted."""

from __future__ import annotations

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import InBucket, manifest


def test_who_may_list_and_not_read_is_believed(project: InBucket) -> None:
    project.s3.disturb({"": "unreadable"})
    ran = project.run("plan")
    assert "301 to create" in ran.out, ran.err
    project.manifest(manifest(project.bucket, "nothing/**/*.png"))
    assert project.run("plan").code == ExitCode.INVALID, "it is empty, and not unknown"


def test_what_is_deleted_behind_a_marker_is_gone_and_a_new_version_is_one_update(
    project: InBucket,
) -> None:
    project.s3.keep_versions(project.bucket)
    project.put({"data/0/007.png": "first", "data/0/008.png": "first"})
    assert "301 created" in project.apply().out
    project.put({"data/0/007.png": "second"})
    project.s3.delete(project.bucket, ["data/0/008.png"])
    told = project.run("plan")
    assert "1 to update" in told.out
    assert "1 datapoint is in the project and not in the manifest" in told.out + told.err
    wanted = ["update data/0/007.png items", "delete data/0/008.png"]
    assert sorted(project.actions("--prune")) == sorted(wanted)
    assert "1 updated, 1 deleted" in project.apply("--prune").out
    assert project.run("plan", "--prune").out.startswith("No changes")
    project.put({"data/0/007.png": "second"})
    assert project.run("plan").out.startswith("No changes"), "a version of the same bytes"
    project.put({"data/0/008.png": "first"})
    assert project.actions() == ["create data/0/008.png"]
