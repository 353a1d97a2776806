"""A project whose items are in a bucket of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.buckets.in_bucket import InBucket
from tests.s3_server import S3Server


@pytest.fixture
def project(tmp_path: Path, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[InBucket]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    made = InBucket(tmp_path / "here", s3)
    monkeypatch.setenv("RBSYNC_BUCKETS", made.bucket)
    yield made
    s3.disturb({})
