"""A project whose items are in a bucket of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from tests.s3_server import S3Server
from tests.scenarios.project import Project

STORAGE = "aaaaaaaa-0000-4000-8000-00000000000f"


def manifest(bucket: str, pattern: str = "data/**/*.png", more: str = "") -> str:
    """One source of objects; ``more`` are further keys of it, each after a comma."""
    return (
        "project: {type: IMAGE_SEGMENTATION, taxonomy: [car]}\n"
        f"storages: {{scans: {STORAGE}}}\n"
        f"datapoints:\n  - {{glob: 's3://{bucket}/{pattern}', storage: scans{more}}}\n"
    )


class InBucket(Project):
    """A project whose items are in a bucket of its own: 150 in each of two folders, and one."""

    def __init__(self, folder: Path, s3: S3Server) -> None:
        super().__init__(folder)
        self.s3, self.bucket = s3, f"scans-{uuid4().hex[:12]}"
        keys = [f"data/{at // 150}/{at:03d}.png" for at in range(300)]
        self.put({key: f"content of {key}" for key in [*keys, "data/top.png", "other/x.png"]})
        self.manifest(manifest(self.bucket))

    def put(self, objects: Mapping[str, str | bytes]) -> None:
        self.s3.put(self.bucket, objects)
