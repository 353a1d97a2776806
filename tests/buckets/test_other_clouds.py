"""Buckets of Google and of Azure are planned as those of S3 are."""

from __future__ import annotations

from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import manifest
from tests.listing_simulator import simulated
from tests.scenarios.project import Project

SECRET = "Y2FuYXJ5LW9mLWFuLWFjY291bnQ="
CLOUDS = {
    "gs": {"GOOGLE_SKIP_SIGNATURE": "true", "STORAGE_EMULATOR_HOST": "{url}"},
    "az": {
        "AZURE_STORAGE_ACCOUNT_NAME": "hospital",
        "AZURE_STORAGE_ACCOUNT_KEY": SECRET,
        "AZURE_STORAGE_ENDPOINT": "{url}/hospital",
    },
}
SIGNED_OUT = {"gs": "GOOGLE_SKIP_SIGNATURE", "az": "AZURE_STORAGE_ACCOUNT_KEY"}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_keys_are_planned_and_the_second_plan_has_nothing_to_do(
    tmp_path: Path, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    project.manifest(manifest("scans").replace("s3://", f"{cloud}://"))
    monkeypatch.setenv("RBSYNC_BUCKETS", "scans")
    with simulated(7_500, 3) as url:
        for name, value in CLOUDS[cloud].items():
            monkeypatch.setenv(name, value.format(url=url))
        done = project.apply()
        assert "7,500 created" in done.out, done.err
        assert project.run("plan").out.startswith("No changes")
        task = project.tasks()[0]
        # The service takes the first part of an item of Azure for the container.
        item = "data/0000/000000.png" if cloud == "gs" else "scans/data/0000/000000.png"
        assert (task["name"], task["items"]) == ("data/0000/000000.png", [item])
    gone = project.run("plan", "--prune")
    assert gone.code == ExitCode.INCOMPLETE, "nobody answers any more"
    assert f"what is in `{cloud}://scans/data` is not known" in gone.out + gone.err
    for one in tmp_path.rglob("*"):
        assert not one.is_file() or SECRET.encode() not in one.read_bytes(), one


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_credentials_the_line_is_told(
    tmp_path: Path, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path)
    project.manifest(manifest("scans").replace("s3://", f"{cloud}://"))
    monkeypatch.setenv("RBSYNC_BUCKETS", "scans")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name, value in CLOUDS[cloud].items():
        monkeypatch.setenv(name, value.format(url="http://127.0.0.1:1"))
    monkeypatch.delenv(SIGNED_OUT[cloud])
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert f"rbsync.yaml:5:12: `{cloud}://scans" in ran.err
    assert "no credentials for it were found" in ran.err
