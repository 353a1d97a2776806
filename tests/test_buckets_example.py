"""The example of a bucket runs, and each of its steps does as it says."""

from __future__ import annotations

from pathlib import Path

from tests.example_scripts import run_script

EXAMPLE = Path(__file__).parents[1] / "examples/buckets"


def test_images_of_a_bucket_are_planned_applied_and_never_deleted_unseen() -> None:
    ran = run_script(EXAMPLE, together=True)
    refused, keys, anew, unknown = ran.stdout.split("\n== ")[-4:]
    assert "--allow-bucket street-images" in refused
    assert "(exit code 65)" in refused
    assert "3 created" in keys
    assert "1 updated" in anew
    assert "`s3://street-images/2026` is not known" in unknown
    assert "(exit code 9)" in unknown
    assert "2026/06/three.png" in unknown.rpartition("(exit code 9)")[2]
