"""Containers of Azure, at Microsoft's own emulator."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rbsync.errors import ExitCode
from tests import azurite_server, registries
from tests.azurite_server import Azurite, started
from tests.buckets.in_bucket import STORAGE, manifest
from tests.scenarios.offline_service import RemoteProject
from tests.service.serving import NearClient, serving, taxonomy

# npm may have to fetch it first.
pytestmark = pytest.mark.timeout(1000)


@pytest.fixture(scope="module")
def azurite(pytestconfig: pytest.Config) -> Iterator[Azurite]:
    with started(pytestconfig) as server:
        yield server


@pytest.fixture
def container(azurite: Azurite, monkeypatch: pytest.MonkeyPatch) -> str:
    """A container of its own: three blobs in each of two folders, and one."""
    name = f"scans-{uuid4().hex[:12]}"
    keys = [f"data/{at // 3}/{at:03d}.png" for at in range(6)]
    azurite.put(name, {key: f"content of {key}" for key in [*keys, "data/top.png", "x.png"]})
    for variable, value in azurite.environment().items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("RBSYNC_BUCKETS", name)
    return name


@contextmanager
def at_a_service(
    folder: Path, container: str, leads_to: str = ""
) -> Iterator[tuple[RemoteProject, NearClient]]:
    """A project at a service whose storage leads to a container, and who asks that service."""
    known = {STORAGE: f"az://{leads_to or container}"}
    folder.mkdir()
    with serving(folder, taxonomy=taxonomy("car"), storages=(STORAGE,), buckets=known) as service:
        remote = RemoteProject(folder / "remote", service.url)
        text = manifest(container).replace("s3://", "az://")
        remote.manifest(text[text.index("storages") :])
        yield remote, service


def test_blobs_are_planned_and_applied_and_a_change_is_one_update(
    azurite: Azurite, container: str, tmp_path: Path
) -> None:
    with at_a_service(tmp_path / "s", container) as (remote, service):
        plan = remote.run("plan")
        assert "7 to create" in plan.out, plan.err
        assert "storage" not in plan.err
        assert "7 created" in remote.run("apply", "--yes").out
        item = service.task("data/top.png")["datapoint"]["items"]
        assert item == [f"{container}/data/top.png"]
        assert remote.run("plan").out.startswith("No changes")
        azurite.put(container, {"data/0/001.png": "another content", "data/new.png": "x"})
        azurite.delete(container, ["data/1/003.png"])
        wanted = ["create data/new.png", "update data/0/001.png items", "delete data/1/003.png"]
        assert sorted(remote.actions("--prune")) == sorted(wanted)
        done = remote.run("apply", "--yes", "--prune")
        assert "1 created, 1 updated, 1 deleted" in done.out, done.out
        assert remote.run("plan", "--prune").out.startswith("No changes")


def test_keys_that_are_no_paths_make_their_prefix_unknown_and_nothing_is_deleted(
    azurite: Azurite, container: str, tmp_path: Path
) -> None:
    with at_a_service(tmp_path / "s", container) as (remote, service):
        remote.run("apply", "--yes")
        azurite.delete(container, ["data/1/003.png"])
        for key in ("data/1//x.png", "data/1/\x7f.png"):
            azurite.put(container, {key: "x"})
            ran = remote.run("apply", "--yes", "--prune")
            assert ran.code == ExitCode.INCOMPLETE, (ran.out, ran.err)
            # The emulator tells it also to who asks for the keys after the last folder's.
            told = f"what is in `az://{container}/data` is not known: a key of it is no path"
            assert told in ran.err
            assert "rbsync.yaml:5:" in ran.err
            assert len(service.names()) == 7
            azurite.delete(container, [key])
        assert remote.actions("--prune") == ["delete data/1/003.png"]


def test_a_storage_of_another_container_or_account_is_told(
    azurite: Azurite, container: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = azurite.environment()
    azurite.put(f"{container}-other", {"data/top.png": "x"})
    with at_a_service(tmp_path / "s", container, f"{container}-other") as (remote, service):
        ran = remote.run("apply", "--yes")
        assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
        assert f"which the bucket `{container}` has: the service has no address for it" in ran.err
        assert service.names() == []
    azurite.put(container, {"data/top.png": "of another patient"}, account="elsewhere")
    # The service signs as the account that this process names when it is first asked.
    for name, value in azurite.environment("elsewhere").items():
        monkeypatch.setenv(name, value)
    with at_a_service(tmp_path / "t", container) as (remote, service):
        service.ask("presignItems", storageId=STORAGE, items=[f"{container}/data/top.png"])
        ran = remote.run("apply", "--yes", **own)
        assert ran.code == ExitCode.INVALID, (ran.out, ran.err)
        key = f"{container}/data/0/000.png"
        assert f"does not hand out `{key}`, which the bucket" in ran.err
        assert "404, BlobNotFound" in ran.err
        remote.manifest(remote_top(container))
        ran = remote.run("apply", "--yes", **own)
        assert f"hands out another object as `{container}/data/top.png`" in ran.err
        assert service.names() == []


def remote_top(container: str) -> str:
    """The manifest of one blob."""
    text = manifest(container, "data/top.png").replace("s3://", "az://")
    return text[text.index("storages") :]


def test_the_key_of_the_account_is_left_nowhere(
    azurite: Azurite, container: str, tmp_path: Path
) -> None:
    with at_a_service(tmp_path / "s", container) as (remote, _):
        ran = [remote.run("-vv", "apply", "--yes"), remote.run("plan", "-o", "saved.plan")]
        azurite.put(container, {"data//x.png": "x"})
        ran.append(remote.run("-vv", "plan"))
        texts = [(one.out + one.err).encode() for one in ran]
        texts += [one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()]
    for secret in (azurite_server.KEYS["hospital"], "sig="):
        assert not [one for one in texts if secret.encode() in one], secret


def test_a_machine_without_npm_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(azurite_server, "KEPT", str(tmp_path / "kept"))
    wanted = "install Debian's packages `nodejs` and `npm`"
    with (
        pytest.warns(UserWarning, match=wanted),
        pytest.raises(pytest.skip.Exception, match=wanted),
        started(pytestconfig),
    ):
        pass


# The words are npm's own; what a machine without it is told stands above.
@pytest.mark.skipif(not shutil.which("npm"), reason="there is no npm here: apt-get install npm")
@pytest.mark.parametrize("ci", [True, False])
def test_a_registry_out_of_reach_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: bool
) -> None:
    monkeypatch.setattr(registries, "IN_CI", ci)
    monkeypatch.setenv("npm_config_registry", "http://localhost:1/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with (
        pytest.warns(UserWarning, match="npm cannot"),
        pytest.raises(pytest.skip.Exception, match="npm cannot reach its registry"),
    ):
        azurite_server._install(tmp_path)


@pytest.mark.parametrize(("ci", "outcome"), [(True, pytest.fail), (False, pytest.skip)])
def test_what_is_needed_fails_in_ci_where_it_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, ci: bool, outcome: Any
) -> None:
    monkeypatch.setattr(registries, "IN_CI", ci)
    with (
        pytest.warns(UserWarning, match="no index") if not ci else contextlib.nullcontext(),
        pytest.raises(outcome.Exception, match="no index"),
    ):
        registries.not_reached("no index")
