"""Folders of a bucket in whatever order they come, also those that are empty."""

from __future__ import annotations

import pytest

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import InBucket, manifest
from tests.s3_server import PAGE


@pytest.mark.parametrize("pattern", ["mine/*.png", "mine/**/*.png", "mine/{case}*/*.png", "**"])
@pytest.mark.parametrize("folders", [1, 3, 20])
def test_folders_after_the_last_file_are_no_rest_of_a_listing(
    project: InBucket, pattern: str, folders: int
) -> None:
    project.put({f"mine/z{at:02d}/{name}/b.png": "x" for at in range(folders) for name in "pq"})
    project.put({f"mine/z{at:02d}/c.png": "x" for at in range(folders)} | {"mine/a.png": "x"})
    project.manifest(manifest(project.bucket, pattern))
    ran = project.run("plan")
    assert ran.code == ExitCode.DONE, (ran.out, ran.err)
    expected = {"mine/*.png": 1, "mine/**/*.png": 1 + 3 * folders, "**": 303 + 3 * folders}
    assert f"Plan: {expected.get(pattern, folders)} to create" in ran.out


@pytest.mark.parametrize("pattern", ["mine/**/*.png", "mine/*/*.png"])
@pytest.mark.parametrize("folders", [1, 20])
def test_an_empty_folder_has_nothing_and_is_there(
    project: InBucket, pattern: str, folders: int
) -> None:
    """The services' own pages make one as an object whose key ends in a slash."""
    project.put({f"mine/{at:02d}/": "" for at in range(folders)} | {"mine/x/": ""})
    project.put({"mine/x/a.png": "x"})
    project.manifest(manifest(project.bucket, pattern))
    assert project.actions() == ["create mine/x/a.png"]


def test_two_folders_of_which_one_fails_and_one_is_cut_short(project: InBucket) -> None:
    every = {f"data/folder-{at:03d}/a.png": "x" for at in range(2 * PAGE)}
    project.put(every)
    project.apply()
    project.s3.disturb({"data/0/": "fails", "data/": "cut short"})
    told = project.run("plan").err
    assert f"`s3://{project.bucket}/data` is not known: the listing ended" in told
