"""The hints about executors, each followed until one does what it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from unittest import mock

import pytest
from dask import config

from rbsync.errors import RbsyncError
from rbsync.executors import cluster as clusters
from rbsync.executors.choice import helpers_of, read_choice
from tests.dask_cluster import Cluster, another_rbsync, cluster
from tests.executors.calls import times
from tests.hints.following import follows

Use = Callable[..., list[int]]


@pytest.fixture(scope="module")
def dask() -> Iterator[Cluster]:
    with cluster(1) as made:
        yield made


@pytest.fixture
def use(tmp_path: Path) -> Use:
    """Has an executor do something, where it has to see some files."""

    def used(text: str, *files: Path) -> list[int]:
        with ExitStack() as stack:
            own = str(tmp_path / "own")
            found = helpers_of(text, lambda: list(map(str, files)), own, print, stack)
            assert found is not None
            return found().hand_out([partial(times, 6, 7)]).result()

    return used


def advised(use: Use, text: str, *files: Path) -> str:
    with pytest.raises(RbsyncError) as caught:
        use(text, *files)
    return caught.value.hint


@follows("known: threads, processes, dask:tcp://HOST:PORT")
def test_an_executor_that_is_none(use: Use) -> None:
    assert "processes" in advised(use, "process")
    assert use("processes") == [42]


@follows("write it as dask:tcp://HOST:PORT, such as dask:tcp://scheduler:8786")
def test_an_address_that_is_none(use: Use, dask: Cluster) -> None:
    assert "dask:tcp://HOST:PORT" in advised(use, f"dask:127.0.0.1:{dask.port}")
    assert use(f"dask:tcp://127.0.0.1:{dask.port}") == [42]


@follows("use dask:tls://HOST:PORT, with the certificates in Dask's own configuration")
def test_an_address_with_a_password(use: Use) -> None:
    assert "dask:tls://HOST:PORT" in advised(use, "dask:tls://ann:word@127.0.0.1:8786")
    assert read_choice("dask:tls://127.0.0.1:8786").address == "tls://127.0.0.1:8786"


@follows("pip install 'rbsync[dask]'")
def test_a_cluster_without_its_package(use: Use, dask: Cluster) -> None:
    with mock.patch.dict("sys.modules", {"rbsync.executors.cluster": None}):
        assert "rbsync[dask]" in advised(use, dask.executor)
    assert use(dask.executor) == [42]


@follows("look whether it runs there, and whether its port can be reached from here")
def test_a_scheduler_that_does_not_run(
    use: Use, dask: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1.0)
    assert "its port" in advised(use, "dask:tcp://127.0.0.1:9")
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 20.0)
    assert use(dask.executor) == [42]


@follows("start some: dask worker")
def test_a_cluster_without_workers(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    # On a busy machine a scheduler that does answer takes more than a second to.
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 5.0)
    with cluster(0) as made:
        assert f"dask worker {made.address}" in advised(use, made.executor)
        made.add()
        monkeypatch.setattr(clusters, "CONNECT_SECONDS", 20.0)
        assert use(made.executor) == [42]


@follows("name it in ~/.config/dask/, as examples/cluster/tls.yaml does")
def test_an_encrypted_cluster(use: Use) -> None:
    with cluster(1, encrypted=True) as made:
        assert "tls.yaml" in advised(use, made.executor)
        settings = config.collect_yaml([str(made.settings)])
        with config.set(config.merge(config.config, *settings)):
            assert use(made.executor) == [42]
            hint = advised(use, f"dask:tcp://127.0.0.1:{made.port}")
            assert hint == f"use {made.executor}"


@follows("every worker needs the same files at the same paths: mount the folder there")
def test_a_worker_that_does_not_see_the_files(use: Use, dask: Cluster, tmp_path: Path) -> None:
    assert "mount the folder there" in advised(use, dask.executor, tmp_path / "disk")
    (tmp_path / "disk").mkdir()
    assert use(dask.executor, tmp_path / "disk") == [42]


@follows("install it where the workers run: pip install 'rbsync[dask]==")
def test_a_worker_with_another_version(use: Use, tmp_path: Path) -> None:
    with cluster(0) as made:
        (other,) = made.add(path=another_rbsync(tmp_path / "other", version="0.0.1"))
        assert "where the workers run" in advised(use, made.executor)
        made.kill(other)
        made.add()
        assert use(made.executor) == [42]
