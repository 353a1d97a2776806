"""Objects of a bucket as items: planned by their keys, known by their versions, never read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from rbsync.errors import ExitCode
from tests.buckets.in_bucket import STORAGE, InBucket, manifest
from tests.hints.following import follows
from tests.s3_server import ACCESS, PAGE, SECRET, TOKEN, Fault
from tests.scenarios.offline_service import RemoteProject
from tests.scenarios.project import Ran
from tests.service.serving import NearClient, serving, taxonomy


def test_keys_are_planned_and_applied_and_nothing_is_downloaded(project: InBucket) -> None:
    project.s3.asked()
    plan = project.run("plan")
    assert plan.code == ExitCode.DONE, plan.err
    assert "301 to create" in plan.out
    assert "0 B to upload" in plan.out
    assert "301 created" in project.apply().out
    assert not [one for one in project.s3.asked() if "list-type=2" not in one]
    held = {one["name"]: one for one in project.tasks()}
    assert len(held) == 301
    assert held["data/1/299.png"]["items"] == ["data/1/299.png"]
    assert project.run("plan").out.startswith("No changes")


def test_one_changed_object_is_one_update(project: InBucket) -> None:
    project.apply()
    project.put({"data/0/007.png": "another content"})
    assert project.actions() == ["update data/0/007.png items"]
    assert "1 updated" in project.apply().out
    assert project.run("plan").out.startswith("No changes")
    project.put({"data/0/007.png": "another content"})
    assert project.run("plan").out.startswith("No changes"), "the same bytes are the same version"


def test_new_and_gone_objects(project: InBucket) -> None:
    project.apply()
    project.put({"data/2/new.png": "x", "data/1/new.png": "x"})
    project.s3.delete(project.bucket, ["data/0/000.png"])
    assert project.actions("--prune") == [
        "create data/1/new.png",
        "create data/2/new.png",
        "delete data/0/000.png",
    ]


@pytest.mark.parametrize(
    ("prefix", "fault", "named", "said"),
    [
        ("data/1/", "fails", "data/1", "a page of the listing failed (500"),
        ("data/1/", "fails later", "data/1", "a page of the listing failed (500"),
        ("data/1/", "cut short", "data/1", "the listing ended before its end"),
        ("data/1/", "refuses", "data/1", "the service refuses to list it (403"),
        ("data/", "fails", "data", "a page of the listing failed (500"),
        ("data/", "refuses", "data", "the service refuses to list it (403"),
        ("data/", "no bucket", "data", "there is no such bucket (404"),
        ("data/1/", "elsewhere", "data/1", "it is in another region"),
        ("data/1/", "slow down", "data/1", "a page of the listing failed (503, SlowDown"),
        ("data/1/", "too many", "data/1", "a page of the listing failed (429"),
        ("data/1/", "expires later", "data/1", "the credentials have expired"),
        ("data/1/", "clock", "data/1", "this machine's clock is wrong"),
        ("data/1/", "web page", "data/1", "the listing ended before its end"),
        ("data/", "web page", "data", "the answer is no listing"),
        ("data/", "guests' page", "data", "the answer is no listing"),
    ],
)
def test_what_cannot_be_listed_is_unknown_and_nothing_is_deleted(
    project: InBucket, prefix: str, fault: Fault, named: str, said: str
) -> None:
    project.apply()
    project.put({"data/0/007.png": "another content"})
    project.s3.delete(project.bucket, ["data/0/000.png"])
    project.s3.disturb({prefix: fault})
    told = project.run("plan").err
    assert "in the project and not in what could be read; none is deleted." in told
    assert "--prune deletes" not in told
    for command in (["plan", "--prune"], ["apply", "--yes", "--prune"], ["plan", "--prune"]):
        ran = project.run(*command)
        assert ran.code == ExitCode.INCOMPLETE, (command, ran.out, ran.err)
        told = f"what is in `s3://{project.bucket}/{named}` is not known: {said}"
        assert told in ran.out + ran.err, (ran.out, ran.err)
        assert "rbsync.yaml:5:" in ran.out + ran.err
    assert len(project.names()) == 301
    project.s3.disturb({})
    wanted = ["delete data/0/000.png"]
    if prefix == "data/":
        wanted = ["update data/0/007.png items", *wanted]
    assert project.actions("--prune") == wanted, "what could be listed was applied"


@pytest.mark.parametrize("fault", ["fails later", "cut short"])
def test_one_of_many_prefixes_is_unknown_and_the_others_are_planned(
    project: InBucket, fault: Fault
) -> None:
    folders = [f"many/{at:02d}" for at in range(20)]
    project.put({f"{one}/{at:03d}.png": "x" for one in folders for at in range(PAGE + 1)})
    project.manifest(manifest(project.bucket, "many/**"))
    project.s3.disturb({"many/07/": fault})
    ran = project.run("plan")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert f"`s3://{project.bucket}/many/07` is not known" in ran.err
    assert f"{19 * (PAGE + 1):,} to create" in ran.out


def test_a_listing_whose_folders_are_cut_short_is_unknown(project: InBucket) -> None:
    project.put({f"data/folder-{at:03d}/a.png": "x" for at in range(2 * PAGE)})
    project.apply()
    project.s3.disturb({"data/": "cut short"})
    ran = project.run("plan", "--prune")
    assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
    assert "0 to delete" in ran.out


def test_a_bucket_that_nobody_allowed_is_not_asked(
    project: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RBSYNC_BUCKETS")
    project.s3.asked()
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert f"rbsync.yaml:5:12: `s3://{project.bucket}" in ran.err
    assert f"--allow-bucket {project.bucket}" in ran.err
    assert not project.s3.asked()
    allowed = project.run("--allow-bucket", project.bucket, "plan")
    assert allowed.code == ExitCode.DONE
    assert f"rbsync --allow-bucket {project.bucket} apply" in allowed.err, "what is advised works"
    settings = Path(project.folder / "config/rbsync/config.toml")
    project.write("config/rbsync/config.toml", f'buckets = ["{project.bucket}"]\n')
    assert project.run("plan", XDG_CONFIG_HOME=str(settings.parents[1])).code == ExitCode.DONE


def test_without_credentials_the_line_is_told(
    project: InBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(project.folder / "home"))
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "rbsync.yaml:5:12: " in ran.err
    assert "no credentials for it were found" in ran.err
    assert "AWS_PROFILE" in ran.err
    project.write("home/.aws/credentials", f"[mine]\naws_access_key_id={ACCESS}\n"
                  f"aws_secret_access_key={SECRET}\n")  # fmt: skip
    assert project.run("plan", AWS_PROFILE="mine").code == ExitCode.DONE


def test_a_manifest_of_a_stranger_has_no_bucket_asked(project: InBucket) -> None:
    project.s3.asked()
    ran = project.run("plan", "--untrusted")
    assert ran.code == ExitCode.INCOMPLETE
    assert "nobody was asked" in ran.out + ran.err
    assert not project.s3.asked()


def test_an_endpoint_without_https_is_refused_elsewhere(project: InBucket) -> None:
    ran = project.run("plan", AWS_ENDPOINT_URL="http://storage.example.org")
    assert ran.code == ExitCode.INVALID
    assert "not reached by https" in ran.err


def test_only_the_folders_of_a_pattern_are_listed(project: InBucket) -> None:
    project.manifest(manifest(project.bucket, "data/*.png"))
    project.s3.asked()
    assert project.actions() == ["create data/top.png"]
    asked = project.s3.asked()
    assert asked
    assert all("delimiter" in one or "start-after" in one for one in asked)


def test_names_exclusions_and_captures_are_of_keys(project: InBucket) -> None:
    more = ", exclude: ['data/1/**', '**/00?.png'], name: '{case}-{stem}'"
    project.manifest(manifest(project.bucket, "data/{case}/*.png", more))
    plan = project.plan()
    assert plan["summary"]["create"] == 140
    assert plan["actions"][0]["name"] == "0-010"


def test_objects_need_a_storage_of_the_service(project: InBucket) -> None:
    project.manifest(manifest(project.bucket).replace("storage: scans", "storage: public"))
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "the items are objects of a bucket, and the storage is `public`" in ran.err


def test_an_empty_prefix_is_a_problem_with_its_line(project: InBucket) -> None:
    project.manifest(manifest(project.bucket, "nothing/**/*.png"))
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert f"rbsync.yaml:5:12: the folder `s3://{project.bucket}/nothing` does not exist" in ran.err


def test_the_offline_service_gets_keys_and_keeps_them(project: InBucket, tmp_path: Path) -> None:
    known = taxonomy("car")
    with serving(tmp_path / "s", taxonomy=known, storages=(STORAGE,)) as service:
        remote = RemoteProject(tmp_path / "remote", service.url)
        text = manifest(project.bucket)
        remote.manifest(text[text.index("storages") :])
        done = remote.run("apply", "--yes")
        assert done.code == ExitCode.DONE, done.err
        assert "301 created" in done.out
        for command in (["plan"], ["plan", "--refresh"], ["drift"], ["refresh"], ["plan"]):
            ran = remote.run(*command)
            assert ran.code == ExitCode.DONE, (command, ran.out, ran.err)
        project.put({"data/0/007.png": "another content"})
        assert remote.actions() == ["update data/0/007.png items"]
        assert "1 updated" in remote.run("apply", "--yes").out
        (remote.folder / ".rbsync/state.db").unlink()
        assert "No changes" in remote.run("plan").out, "the stamps tell which version it was"


def test_a_notebook_whose_thread_has_a_loop_plans_too(project: InBucket) -> None:
    project.manifest(manifest(project.bucket, "data/0/*.png"))

    async def cell() -> Ran:
        return project.run("plan")

    ran = asyncio.run(cell())
    assert "150 to create" in ran.out, ran.err


def test_explicit_items_may_be_objects_too(project: InBucket) -> None:
    text = manifest(project.bucket).partition("datapoints")[0]
    items = [f"s3://{project.bucket}/data/{one}" for one in ("top.png", "0/000.png")]
    text = text.replace("IMAGE_SEGMENTATION", "VIDEO_BBOX")
    project.manifest(text + f"datapoints:\n  - {{name: one, storage: scans, items: {items}}}\n")
    assert "1 created" in project.apply().out
    assert project.tasks()[0]["items"] == ["data/top.png", "data/0/000.png"]
    assert project.run("plan").out.startswith("No changes")
    project.put({"data/top.png": "another content"})
    assert project.actions() == ["update one items"]
    project.s3.disturb({"data/": "refuses"})
    assert project.run("plan").code == ExitCode.INCOMPLETE
    project.s3.disturb({})
    project.s3.delete(project.bucket, ["data/top.png"])
    gone = project.run("plan")
    assert gone.code == ExitCode.INVALID
    assert f"there is no file `s3://{project.bucket}/data/top.png`" in gone.err
    assert "s3://BUCKET" not in gone.err


def test_a_lock_notes_the_versions_of_objects(project: InBucket) -> None:
    assert project.run("lock").code == ExitCode.DONE
    assert "as locked" in project.run("verify").err
    project.put({"data/0/007.png": "another content"})
    changed = project.run("verify")
    assert changed.code == ExitCode.CHANGES
    assert "data/0/007.png" in changed.out + changed.err


def test_a_storage_that_the_service_does_not_have_is_told(
    project: InBucket, tmp_path: Path
) -> None:
    with serving(tmp_path / "s", taxonomy=taxonomy("car")) as service:
        remote = RemoteProject(tmp_path / "remote", service.url)
        text = manifest(project.bucket)
        remote.manifest(text[text.index("storages") :])
        ran = remote.run("plan")
        assert ran.code == ExitCode.INVALID
        assert f"the organization has no storage {STORAGE}" in ran.err


def storage_of(client: NearClient, bucket: str) -> str:
    """The id of a new storage of the service that leads to a bucket."""
    storage_id = str(uuid4())
    details = {"__typename": "S3BucketStorageDetails", "bucket": bucket}
    kept = {"name": f"of {bucket}", "provider": "AWS_S3", "details": details}
    client.service.account.put("storages", storage_id, kept)
    return storage_id


@follows("name the storage that leads to `")
def test_a_storage_that_leads_to_another_bucket_is_told(project: InBucket, tmp_path: Path) -> None:
    with serving(tmp_path / "s", taxonomy=taxonomy("car")) as service:
        made = {bucket: storage_of(service, bucket) for bucket in (project.bucket, "another")}
        remote = RemoteProject(tmp_path / "remote", service.url)
        text = manifest(project.bucket)
        text = text[text.index("storages") :]
        remote.manifest(text.replace(STORAGE, made["another"]))
        ran = remote.run("plan")
        assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
        storage = made["another"]
        told = f"the storage {storage} leads to the bucket `another`, not to `{project.bucket}`"
        assert told in ran.err
        remote.manifest(text.replace(STORAGE, made[project.bucket]))
        assert "301 to create" in remote.run("plan").out


def test_a_plan_that_asked_nobody_is_held_against_the_storage_when_it_is_applied(
    project: InBucket, tmp_path: Path
) -> None:
    with serving(tmp_path / "s", taxonomy=taxonomy("car")) as service:
        remote = RemoteProject(tmp_path / "remote", service.url)
        text = manifest(project.bucket).replace(STORAGE, storage_of(service, "another"))
        remote.manifest(text[text.index("storages") :])
        assert remote.run("plan", "--offline", "-o", "p.json").code == ExitCode.DONE
        for command in (["apply", "p.json"], ["apply", "--offline", "--yes"]):
            ran = remote.run(*command)
            assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
            assert f"leads to the bucket `another`, not to `{project.bucket}`" in ran.err
        assert service.names() == []


@pytest.mark.parametrize(
    "more", ["{{glob: 's3://{}/data/*.png'", "{{name: one, items: ['s3://{}/data/y.png']"]
)
def test_each_bucket_that_a_storage_stands_for_is_held_against_it(
    project: InBucket, tmp_path: Path, more: str
) -> None:
    """The second of two sources would have given people what the first bucket has there."""
    other = f"{project.bucket}-other"
    project.s3.put(other, {"data/y.png": "x"})
    with serving(tmp_path / "s", taxonomy=taxonomy("car")) as service:
        storage = storage_of(service, project.bucket)
        remote = RemoteProject(tmp_path / "remote", service.url)
        text = manifest(project.bucket).replace(STORAGE, storage)
        source = f"  - {more.format(other)}, storage: scans}}\n"
        remote.manifest(text[text.index("storages") :] + source)
        ran = remote.run("plan", RBSYNC_BUCKETS=f"{project.bucket} {other}")
        assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
        assert f"leads to the bucket `{project.bucket}`, not to `{other}`" in ran.err


def test_no_credential_is_left_anywhere(project: InBucket) -> None:
    ran = [project.run("-vv", "apply", "--yes"), project.run("plan", "-o", "saved.plan")]
    for fault in ("fails", "refuses"):
        project.s3.disturb({"data/1/": fault})
        ran += [project.run("-vv", "plan"), project.run("plan", "--json")]
    (project.folder / ".rbsync/cache.db").unlink()
    ran.append(project.run("plan", AWS_ENDPOINT_URL=f"https://user:{SECRET}@127.0.0.1:1"))
    texts = [(one.out + one.err).encode() for one in ran]
    texts += [one.read_bytes() for one in project.folder.rglob("*") if one.is_file()]
    for secret in (ACCESS, SECRET, TOKEN):
        assert not [one for one in texts if secret.encode() in one], secret
