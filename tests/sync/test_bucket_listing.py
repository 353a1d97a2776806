"""The buckets that a manifest names, and those who list and read them for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.files.bucket_listings import BucketSetupError
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.sync.bucket_listing import bucket_listings, bucket_objects, declared_buckets
from tests.scenarios.project import Project

STORAGE = "0B9A1F6C-4C1B-4A55-9D0E-6B0B8A5D4E11"


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    project = Project(tmp_path)
    project.manifest(
        f"project: {{type: IMAGE_BBOX}}\nstorages: {{own: {STORAGE}}}\ndatapoints:\n"
        '  - {glob: "s3://scans/a/**/*.png", storage: own}\n'
        f'  - {{glob: "s3://others/*.png", storage: {STORAGE}}}\n'
        '  - {glob: "images/*.png"}\n'
        '  - {name: one, items: [plain, "s3://third/x.png"], storage: own}\n'
    )
    return load_manifest(str(tmp_path / "rbsync.yaml"))


def test_each_bucket_of_a_storage_is_declared_and_no_folder(manifest: Manifest) -> None:
    assert declared_buckets(manifest) == {STORAGE.lower(): ("scans", "others", "third")}


def test_one_that_nobody_allowed_is_neither_listed_nor_read(
    manifest: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(BucketSetupError, match="its bucket is not allowed"):
        bucket_listings(manifest).listing("s3://scans/a")
    with pytest.raises(BucketSetupError, match="its bucket is not allowed"):
        bucket_objects(manifest, str(tmp_path / "own")).open("s3://scans/a/b.png")
    assert not (tmp_path / "own").exists()
