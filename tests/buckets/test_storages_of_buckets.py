"""Keys that a storage of the service does not hand out are told before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import STORAGE, InBucket, manifest
from tests.hints.following import follows
from tests.s3_server import SECRET, Fault, started
from tests.scenarios.offline_service import RemoteProject, served
from tests.service.serving import Client, NearClient, serving, taxonomy


@contextmanager
def leading_to(bucket: str, folder: Path) -> Iterator[NearClient]:
    """A service whose storage leads to a bucket, signed for with this process's credentials."""
    known = {STORAGE: f"s3://{bucket}"}
    folder.mkdir(parents=True, exist_ok=True)
    with serving(folder, taxonomy=taxonomy("car"), storages=(STORAGE,), buckets=known) as service:
        yield service


def remote_of(service: Client, folder: Path, bucket: str, pattern: str = "") -> RemoteProject:
    remote = RemoteProject(folder, service.url)
    text = manifest(bucket, pattern or "data/**/*.png")
    remote.manifest(text[text.index("storages") :])
    return remote


def reads(project: InBucket) -> list[str]:
    """The requests for objects, and not for lists of them, since it was asked before."""
    return [one for one in project.s3.asked() if "list-type=2" not in one]


def test_a_storage_that_hands_out_what_is_listed_is_asked_for_one_byte(
    project: InBucket, tmp_path: Path
) -> None:
    with leading_to(project.bucket, tmp_path / "s") as service:
        remote = remote_of(service, tmp_path / "remote", project.bucket)
        reads(project)
        ran = remote.run("plan")
        assert "301 to create" in ran.out, ran.err
        assert "storage" not in ran.err
        (asked,) = reads(project)
        assert asked.startswith(f"GET /{project.bucket}/data/")
        assert "301 created" in remote.run("apply", "--yes").out
        reads(project)
        assert remote.run("plan").out.startswith("No changes")
        assert not reads(project), "a plan of nothing asks nobody"
        project.put({"data/0/007.png": "another content"})
        assert "1 updated" in remote.run("apply", "--yes").out
        assert all("/data/0/007.png?" in one for one in reads(project))


@follows("have the storage lead to that bucket, with the right to read it")
@pytest.mark.parametrize(
    ("fault", "said"), [("refuses", "403, AccessDenied"), ("no bucket", "404, NoSuchBucket")]
)
def test_a_key_that_the_storage_does_not_hand_out_ends_the_plan_with_its_place(
    project: InBucket, tmp_path: Path, fault: Fault, said: str
) -> None:
    project.put({"one/a.png": "x", "one/b.png": "y"})
    with leading_to(project.bucket, tmp_path / "s") as service:
        remote = remote_of(service, tmp_path / "remote", project.bucket, "one/*.png")
        project.s3.disturb({f"/{project.bucket}/one/a.png": fault})
        for command in (["plan"], ["apply", "--yes"]):
            ran = remote.run(*command)
            assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
            told = f"the storage {STORAGE} does not hand out `one/a.png`, which the bucket"
            assert f"{told} `{project.bucket}` has: {said}" in ran.err
            assert "rbsync.yaml:" in ran.err.partition(told)[0].splitlines()[-1]
        kept_going = remote.run("plan", "--keep-going")
        assert "2 blocked" in kept_going.out, (kept_going.out, kept_going.err)
        assert service.names() == []
        project.s3.disturb({})
        assert "2 created" in remote.run("apply", "--yes").out


def test_who_may_not_read_it_from_here_says_so(project: InBucket, tmp_path: Path) -> None:
    """Storages may answer browsers of a hospital alone, and list for everybody who signs."""
    project.put({"one/a.png": "x"})
    with leading_to(project.bucket, tmp_path / "s") as service:
        remote = remote_of(service, tmp_path / "remote", project.bucket, "one/*.png")
        project.s3.disturb({f"/{project.bucket}/one/a.png": "refuses"})
        assert "files: {check: none}" in remote.run("plan").err
        text = (remote.folder / "rbsync.yaml").read_text()
        remote.write("rbsync.yaml", f"{text}files: {{check: none}}\n")
        assert "1 created" in remote.run("apply", "--yes").out


@follows("look at one of the datapoints at the service once they are there")
@pytest.mark.parametrize("fault", ["web page", "fails"])
def test_an_answer_that_is_no_storages_is_a_warning_and_no_refusal(
    project: InBucket, tmp_path: Path, fault: Fault
) -> None:
    project.put({"one/a.png": "x"})
    with leading_to(project.bucket, tmp_path / "s") as service:
        remote = remote_of(service, tmp_path / "remote", project.bucket, "one/*.png")
        project.s3.disturb({f"/{project.bucket}/one/a.png": fault})
        ran = remote.run("plan")
        assert "1 to create" in ran.out
        assert f"whether the storage {STORAGE} hands out `one/a.png` was not seen: " in ran.err
        assert "and not as a storage" in ran.err
        assert "rbsync.yaml:" in ran.err
        assert SECRET not in ran.err
        assert "1 created" in remote.run("apply", "--yes").out
        assert service.names() == ["one/a.png"]


@follows("name the storage that leads to that bucket; where the object was written just now")
def test_a_bucket_of_the_same_name_elsewhere_is_another_one(
    project: InBucket, tmp_path: Path
) -> None:
    """Of the same keys with other bytes, people would be given the images of other patients."""
    with started() as elsewhere, leading_to(project.bucket, tmp_path / "s") as service:
        elsewhere.put(project.bucket, {"one/a.png": "x", "one/new.png": "z"})
        project.put({"one/a.png": "y"})
        # The service signs for the bucket that this process reaches, also later.
        service.ask("presignItems", storageId=STORAGE, items=["one/a.png"])
        remote = remote_of(service, tmp_path / "remote", project.bucket, "one/a.png")
        ran = remote.run("plan", **elsewhere.environment)
        assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
        told = f"the storage {STORAGE} hands out another object as `one/a.png` than the bucket"
        assert f"{told} `{project.bucket}` has" in ran.err
        other = remote_of(service, tmp_path / "other", project.bucket, "one/new.png")
        assert "404, NoSuchKey" in other.run("plan", **elsewhere.environment).err
        assert "1 to create" in remote.run("plan").out


def test_what_was_planned_without_asking_is_looked_at_when_it_is_applied(
    project: InBucket, tmp_path: Path
) -> None:
    project.put({"one/a.png": "x"})
    with leading_to(project.bucket, tmp_path / "s") as service:
        remote = remote_of(service, tmp_path / "remote", project.bucket, "one/*.png")
        project.s3.disturb({f"/{project.bucket}/one/a.png": "refuses"})
        assert remote.run("plan", "--offline", "-o", "p.json").code == ExitCode.DONE
        assert "does not hand out `one/a.png`" in remote.run("apply", "p.json").err
        assert service.names() == []


def test_several_items_are_looked_at_by_the_first(project: InBucket, tmp_path: Path) -> None:
    project.put({"one/a.png": "x", "one/b.png": "y"})
    items = [f"s3://{project.bucket}/one/{one}.png" for one in "ab"]
    with serving(
        tmp_path / "s",
        type="VIDEO_BBOX",
        storages=(STORAGE,),
        buckets={STORAGE: f"s3://{project.bucket}"},
    ) as service:
        remote = RemoteProject(tmp_path / "remote", service.url)
        source = f"  - {{name: one, storage: {STORAGE}, items: {items}}}\n"
        remote.manifest(f"datapoints:\n{source}")
        reads(project)
        assert "1 to create" in remote.run("plan").out
        (asked,) = reads(project)
        assert "/one/a.png?" in asked
        project.s3.disturb({f"/{project.bucket}/one/a.png": "refuses"})
        assert "does not hand out `one/a.png`" in remote.run("plan").err


def test_an_object_without_a_byte_is_there(project: InBucket, tmp_path: Path) -> None:
    project.put({"one/a.png": ""})
    with leading_to(project.bucket, tmp_path / "s") as service:
        remote = remote_of(service, tmp_path / "remote", project.bucket, "one/*.png")
        assert "1 created" in remote.run("apply", "--yes").out


def test_a_service_is_told_the_bucket_of_a_storage_by_its_option(
    project: InBucket, tmp_path: Path
) -> None:
    (tmp_path / "s").mkdir()
    option = f"{STORAGE.upper()}=s3://{project.bucket}"
    with served(tmp_path / "s", "--storage", option) as service:
        remote = remote_of(service.others, tmp_path / "remote", project.bucket)
        assert "301 created" in remote.run("apply", "--yes").out
        key = "data/0/a b/ü#.png"
        project.put({key: "content"})
        asked = ["data/1/299.png", key, "data/none.png", "a//b.png"]
        urls = service.others.ask("presignItems", storageId=STORAGE, items=asked)
        assert requests.get(urls[0], timeout=9).text == "content of data/1/299.png"
        assert requests.get(urls[1], timeout=9).text == "content"
        assert requests.get(urls[2], timeout=9).status_code == 404
        assert urls[3] is None, "the library signs no key that is no path"
