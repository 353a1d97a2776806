"""Hints about buckets lead on: whoever does what they say has a plan."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import pytest

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import InBucket, manifest
from tests.hints.following import follows
from tests.listing_simulator import simulated
from tests.s3_server import PAGE, Fault
from tests.scenarios.project import Project


def becomes_right(project: Project, code: ExitCode, said: str, **environment: str) -> None:
    """The plan is wrong in this environment, and says so."""
    ran = project.run("plan", **environment)
    assert ran.code == code, (ran.out, ran.err)
    assert said in ran.out + ran.err


@follows("ask whose bucket it is for the right to list it", "nothing of it is deleted; plan again")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refuses", "ask whose bucket it is for the right to list it"),
        ("fails", "nothing of it is deleted; plan again when it answers"),
        ("cut short", "nothing of it is deleted; plan again, and tell whose service it is"),
    ],
)
def test_a_listing_that_works_again_is_planned(project: InBucket, fault: Fault, said: str) -> None:
    project.s3.disturb({"data/1/": fault})
    becomes_right(project, ExitCode.INCOMPLETE, said)
    project.s3.disturb({})
    assert project.run("plan").code == ExitCode.DONE


@follows("check the bucket's name")
def test_a_bucket_by_its_name(project: InBucket) -> None:
    project.manifest(manifest("not-there"))
    said = "check the bucket's name"
    becomes_right(project, ExitCode.INCOMPLETE, said, RBSYNC_BUCKETS="not-there")
    project.manifest(manifest(project.bucket))
    assert project.run("plan").code == ExitCode.DONE


@follows("begin it with https://; only this machine may be asked without")
def test_an_endpoint_of_this_machine(project: InBucket) -> None:
    elsewhere = "http://storage.example.org"
    becomes_right(project, ExitCode.INVALID, "begin it with https://", AWS_ENDPOINT_URL=elsewhere)
    assert project.run("plan").code == ExitCode.DONE


@follows("write it as https://HOST, or as http://localhost:PORT for one of this machine")
@pytest.mark.parametrize("endpoint", ["localhost:9000", "127.0.0.1:9000", "http://h:x", "http://"])
def test_an_endpoint_that_is_an_address(project: InBucket, endpoint: str) -> None:
    said = "its endpoint is not the address of a service"
    becomes_right(project, ExitCode.INVALID, said, AWS_ENDPOINT_URL=endpoint)
    assert project.run("plan").code == ExitCode.DONE


@follows("write `storage: NAME`, the storage of the service that leads to this bucket")
def test_the_storage_of_the_bucket(project: InBucket) -> None:
    right = manifest(project.bucket)
    project.manifest(right.replace("storage: scans", "storage: public"))
    becomes_right(project, ExitCode.INVALID, "write `storage: NAME`")
    project.manifest(right)
    assert project.run("plan").code == ExitCode.DONE


@follows("check the spelling of the bucket's prefix, and that the objects are there")
def test_a_prefix_that_has_objects(project: InBucket) -> None:
    project.manifest(manifest(project.bucket, "dta/**"))
    becomes_right(project, ExitCode.INVALID, "check the spelling of the bucket's prefix")
    project.manifest(manifest(project.bucket))
    assert project.run("plan").code == ExitCode.DONE


@follows("pip install 'rbsync[buckets]'")
@pytest.mark.parametrize("module", ["obstore.store", "botocore.session"])
def test_the_libraries_of_buckets(project: InBucket, module: str) -> None:
    with mock.patch.dict(sys.modules, {module: None}):
        becomes_right(project, ExitCode.INVALID, "pip install 'rbsync[buckets]'")
    assert project.run("plan").code == ExitCode.DONE


@follows("a key has an empty part, `.`, `..` or a control character: list prefixes without it")
def test_prefixes_without_keys_that_are_no_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of Google's keys no second library tells those that are no paths."""
    project = Project(tmp_path)
    monkeypatch.setenv("RBSYNC_BUCKETS", "scans")
    monkeypatch.setenv("GOOGLE_SKIP_SIGNATURE", "true")
    with simulated(30, 3) as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        text = manifest("scans", "odd/**").replace("s3://", "gs://")
        project.manifest(text)
        becomes_right(project, ExitCode.INCOMPLETE, "list prefixes without it")
        project.manifest(text.replace("odd/**", "data/**"))
        assert project.run("plan").code == ExitCode.DONE


@follows("it has an empty part, `.`, `..` or a control character: give the object another key")
def test_another_key_for_an_object_whose_key_is_no_path(project: InBucket) -> None:
    project.put({"data//x.png": "x"})
    becomes_right(project, ExitCode.DONE, "give the object another key")
    project.s3.delete(project.bucket, ["data//x.png"])
    project.put({"data/x.png": "x"})
    ran = project.run("plan")
    assert "302 to create" in ran.out
    assert "left out" not in ran.err


@follows(
    "sign in again, and plan again",
    "set the clock, and plan again",
    "set AWS_REGION to the region of the bucket",
    "a proxy or a sign-in page seems to answer in its place; plan again without it",
)
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("expires later", "sign in again"),
        ("clock", "set the clock"),
        ("elsewhere", "set AWS_REGION"),
        ("web page", "a sign-in page seems to answer"),
    ],
)
def test_a_service_that_answers_again(project: InBucket, fault: Fault, said: str) -> None:
    project.put({f"data/{at:03d}.png": "x" for at in range(PAGE)})
    project.s3.disturb({"data/": fault})
    becomes_right(project, ExitCode.INCOMPLETE, said)
    project.s3.disturb({})
    assert project.run("plan").code == ExitCode.DONE
