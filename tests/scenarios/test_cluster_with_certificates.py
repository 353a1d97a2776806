"""A cluster with certificates of its own, beside a bucket and a team's state, all with secrets."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from tests import postgres_server, s3_server
from tests.buckets.in_bucket import InBucket, manifest
from tests.dask_cluster import EXAMPLE, Cluster, cluster
from tests.scenarios.pictures import png
from tests.scenarios.project import COMMAND, Project

FILES = 600
"""More than a task: fewer are read without the cluster."""
SECRETS = (s3_server.ACCESS, s3_server.SECRET, s3_server.TOKEN, postgres_server.PASSWORD)


@pytest.fixture(scope="module")
def dask() -> Iterator[Cluster]:
    with cluster(1, encrypted=True) as made:
        yield made


def filled(project: Project) -> None:
    for number in range(FILES):
        project.write(f"loose/{number}.png", png(number))


def ran(project: Project, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, which reads Dask's settings when it begins."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=project.folder, env={**os.environ, **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_whoever_has_the_certificate_hands_out_work_and_nobody_else(
    dask: Cluster, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.manifest("project: {type: IMAGE_SEGMENTATION}\ndatapoints:\n  - glob: loose/*.png\n")
    filled(project)
    by = ["--executor", dask.executor]
    without = ran(project, *by, "plan", DASK_CONFIG=str(EXAMPLE / "dask.yaml"))
    assert (without.returncode, without.stderr) == (
        ExitCode.ERROR,
        f"error: Dask's configuration has no certificate for {dask.address}\n"
        "hint: name it in ~/.config/dask/, as examples/cluster/tls.yaml does\n",
    )
    place = f"127.0.0.1:{dask.port}"
    open_one = ["--executor", f"dask:tcp://{place}", "plan"]
    required = ran(project, *open_one, DASK_CONFIG=str(dask.settings))
    assert (required.returncode, required.stderr) == (
        ExitCode.ERROR,
        f"error: Dask's configuration requires encryption, which tcp://{place} has not\n"
        f"hint: use dask:tls://{place}\n",
    )
    stranger = ran(project, *open_one, DASK_CONFIG=str(EXAMPLE / "dask.yaml"))
    assert stranger.returncode == ExitCode.ERROR
    assert stranger.stderr.startswith(f"error: no scheduler answers at tcp://{place} (")
    made = ran(project, *by, "plan", DASK_CONFIG=str(dask.settings))
    assert (made.returncode, "done here" in made.stderr) == (ExitCode.DONE, False), made.stderr
    assert f"{FILES} to create" in made.stdout


@pytest.mark.parametrize("kind", ["dask", "processes"])
def test_no_process_is_started_with_a_secret(kind: str, dask: Cluster, tmp_path: Path) -> None:
    """Command lines are for all users of a machine; of environments each sees but their own."""
    with s3_server.started() as s3, postgres_server.started() as postgres:
        project = InBucket(tmp_path, s3)
        project.manifest(manifest(project.bucket) + "  - glob: loose/*.png\n")
        filled(project)
        database = postgres.database()
        everything = {
            **s3.environment,
            "RBSYNC_BUCKETS": project.bucket,
            "RBSYNC_STATE_URL": postgres.url(database),
            "PGPASSWORD": postgres_server.PASSWORD,
            "DASK_CONFIG": str(dask.settings),
        }
        executor = dask.executor if kind == "dask" else kind
        with postgres.guarded(database), watched() as seen:
            made = ran(project, "--executor", executor, "-vv", "apply", "--yes", **everything)
        assert f"Apply complete: {FILES + 301} created" in made.stdout, made.stderr
    lines = list(seen)
    of_rbsync = [one for one in lines if executor in one or b"multiprocessing" in one.encode()]
    assert of_rbsync, "nobody looked while it ran"
    key = (dask.folder / "tls/key.pem").read_text().splitlines()[1]
    told = [made.stdout, made.stderr, *lines]
    for secret in (*SECRETS, key):
        assert not [one for one in told if secret in one]
    kept = [one for one in project.folder.rglob("*") if one.is_file()]
    assert all(one.encode() not in file.read_bytes() for file in kept for one in (*SECRETS, key))


@contextmanager
def watched() -> Iterator[set[str]]:
    """The command lines of all processes that run meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            for one in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(one.read_bytes().replace(b"\0", b" ").decode(errors="replace"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
