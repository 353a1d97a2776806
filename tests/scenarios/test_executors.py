"""Commands whose files are read, and whose masks are converted, by processes or by a cluster.

`RBSYNC_CLUSTER=full pytest -n0 -s --timeout 1800 tests/scenarios/test_executors.py` does the same
with 1,000 masks of 1024 x 1024 pixels, four workers, one of which is killed every ten seconds, and
prints how much of the processors' time the scheduler took.
"""

from __future__ import annotations

import io
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image, ImageDraw

from rbsync.errors import ExitCode
from tests.dask_cluster import Cluster, cluster
from tests.scenarios.pictures import png
from tests.scenarios.project import COMMAND, Project, ended
from tests.scenarios.test_interruptions import wait_for_tasks

FULL = os.environ.get("RBSYNC_CLUSTER") == "full"
MASKS, SIDE, CLASSES, WORKERS = (1000, 1024, 20, 4) if FULL else (150, 64, 20, 2)
KILLED_EVERY = 10.0 if FULL else 0.4
MOST_OVERHEAD = 0.05
CANARY = "canary-of-the-cluster"
MANIFEST = (
    "project: {type: IMAGE_SEGMENTATION}\n"
    "datapoints:\n  - glob: loose/*.png\n"
    "masks:\n"
    "  - glob: masks/*.png\n"
    '    image: "images/{stem}.png"\n'
    "    class_map: classes.json\n"
    "    ignore_colors: [[0, 0, 0]]\n"
)
WRONG = ("masks/0007.png", "masks/0011.png")
COLOURS = {f"class {one}": (200 - 9 * one, 10 + 9 * one, 90) for one in range(CLASSES)}


class Made(NamedTuple):
    """All that came of a run: the plan, the files of labels, and the lock."""

    plan: Mapping[str, Any]
    labels: Mapping[str, bytes]
    lock: Mapping[str, bytes]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images with masks, and 600 small pictures without: more than one task of each kind."""
    folder = tmp_path_factory.mktemp("data")
    made, chance = Project(folder), random.Random(7)
    made.manifest(MANIFEST)
    made.write("classes.json", {name: list(colour) for name, colour in COLOURS.items()})
    for number in range(MASKS):
        made.write(f"masks/{number:04}.png", drawn(chance))
        image = io.BytesIO()
        Image.new("L", (SIDE, SIDE), number % 256).save(image, "PNG")
        made.write(f"images/{number:04}.png", image.getvalue() + bytes([number // 256]))
    # One colour is nobody's, and one file is cut off.
    foreign, cut = WRONG
    made.write(foreign, drawn(chance, more=((1, 2, 3),)))
    made.write(cut, (folder / cut).read_bytes()[:-40])
    for number in range(600):
        made.write(f"loose/{number:03}.png", png(number))
    return folder


def drawn(
    chance: random.Random, more: tuple[tuple[int, int, int], ...] = (), side: int = SIDE
) -> bytes:
    """A mask with some ten shapes of each class."""
    image = Image.new("RGB", (side, side))
    pen = ImageDraw.Draw(image)
    for colour in (*COLOURS.values(), *more):
        for _ in range(10):
            x, y, size = chance.randrange(side), chance.randrange(side), side // 12
            corners = [(x + chance.randrange(size), y + chance.randrange(size)) for _ in range(9)]
            pen.polygon(corners, fill=colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def dask() -> Iterator[Cluster]:
    with cluster(WORKERS) as made:
        yield made


@pytest.fixture(scope="module")
def by_threads(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return all_of(copied(data, tmp_path_factory.mktemp("threads")), "")


def copied(data: Path, folder: Path) -> Project:
    # With the times, which locks do not have and plans compare.
    shutil.copytree(data, folder / "data")
    return Project(folder / "data")


def all_of(project: Project, executor: str) -> Made:
    """Plans, applies and locks, each by an executor."""
    by = {"RBSYNC_EXECUTOR": executor}
    plan = project.run("plan", "--json", "--keep-going", **by).json
    plan.pop("meta")
    ran = project.run("apply", "--yes", "--keep-going", **by)
    assert f"Apply complete: {MASKS + 600 - 2:,} created" in ran.out, ran.err + ran.out
    # A dataset that has problems has no version.
    for wrong in WRONG:
        (project.folder / wrong).unlink()
    assert project.run("lock", **by).code == 0
    return Made(plan, files_of(project, "labels"), files_of(project, "rbsync.lock"))


def files_of(project: Project, what: str) -> dict[str, bytes]:
    if what == "labels":
        assert project.run("export", "labels", what).code == 0
    files = (one for one in (project.folder / what).rglob("*") if one.is_file())
    return {str(one.relative_to(project.folder)): one.read_bytes() for one in files}


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_plans_labels_and_locks_are_those_of_one_machine(
    kind: str, data: Path, by_threads: Made, dask: Cluster, tmp_path: Path
) -> None:
    project = copied(data, tmp_path)
    made = all_of(project, dask.executor if kind == "dask" else kind)
    assert made.plan == by_threads.plan
    assert made.labels == by_threads.labels
    assert made.lock == by_threads.lock
    assert list((project.folder / ".rbsync/executor").iterdir()) == []


def test_a_worker_that_is_killed_again_and_again_changes_nothing(
    data: Path, by_threads: Made, tmp_path: Path
) -> None:
    project = copied(data, tmp_path)
    with cluster(WORKERS) as made, killing(made) as killed:
        assert all_of(project, made.executor) == by_threads
    assert killed, "the run was too short to kill anybody"


@contextmanager
def killing(made: Cluster) -> Iterator[list[int]]:
    """Kills a worker from time to time, and starts another; the numbers of the killed ones."""
    killed: list[int] = []
    over = threading.Event()

    def kill() -> None:
        while not over.wait(KILLED_EVERY):
            victim = made.workers[0]
            made.kill(victim)
            killed.append(victim.pid)
            made.add()

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_a_worker_that_does_not_see_the_files_is_told_once(data: Path, tmp_path: Path) -> None:
    project = copied(data, tmp_path / "inner")
    with cluster(0) as made:
        made.add(1)
        made.add(2, before=blind(tmp_path / "inner"))
        ran = project.run("--executor", made.executor, "plan")
    assert (ran.code, ran.out) == (ExitCode.ERROR, "")
    assert ran.err == (
        f"error: 2 of 3 workers of the cluster at {made.address} do not see "
        f"{project.folder}\nhint: every worker needs the same files at the same paths: mount the "
        "folder there, or run without --executor\n"
    )
    assert project.run("plan").code == ExitCode.INVALID, "it can be planned here"


def blind(folder: Path) -> list[str]:
    """A command whose program does not see what is in a folder."""
    if os.geteuid() == 0:
        # Of root the permissions are only held up where it cannot pass over them.
        os.chown(folder, 65534, 65534)
        folder.chmod(0o700)
        return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    hide = f'mount -t tmpfs none "{folder}" && exec "$@"'
    found = ["unshare", "-rm", "sh", "-c", hide, "sh"]
    if subprocess.run([*found, "true"], capture_output=True, check=False).returncode:
        # Neither as root nor in a mount of one's own: no worker can be made blind.
        pytest.skip("nobody may hide a folder here")
    return found


def test_what_is_little_asks_no_cluster(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest('datapoints:\n  - glob: "*.png"\n')
    project.write("a.png", png(1))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        place = f"dask:tcp://127.0.0.1:{server.getsockname()[1]}"
        assert project.run("--executor", place, "apply", "--yes").code == 0
        # Nor does a stranger's manifest, however much it has.
        for number in range(600):
            project.write(f"{number}.png", png(number))
        assert project.run("--executor", place, "--untrusted", "plan").code == 0
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_manifest_does_not_choose_who_reads_its_files(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.manifest('executor: dask:tcp://127.0.0.1:9\ndatapoints:\n  - glob: "*.png"\n')
    ran = project.run("plan")
    assert ran.code == ExitCode.INVALID
    assert "rbsync.yaml:2:1: unknown key `executor`" in ran.err


@pytest.mark.parametrize("by", ["option", "variable", "configuration"])
@pytest.mark.parametrize(
    "place",
    [f"dask:tls://ann:{CANARY}@127.0.0.1:9", f"dask:tcp://127.0.0.1:9?key={CANARY}", CANARY + "!"],
)
def test_no_secret_of_an_address_is_told_or_kept(
    by: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(tmp_path / "data")
    project.manifest('datapoints:\n  - glob: "*.png"\n')
    project.write("a.png", png(1))
    options: list[str] = []
    match by:
        case "option":
            options = ["--executor", place]
        case "variable":
            monkeypatch.setenv("RBSYNC_EXECUTOR", place)
        case _:
            config = tmp_path / "config/rbsync/config.toml"
            config.parent.mkdir(parents=True)
            config.write_text(f'executor = "{place}"\n')
            monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    rans = [project.run(*options, "-vv", *command) for command in COMMANDS]
    assert {ran.code for ran in rans} == {ExitCode.USAGE}
    told = "".join(ran.out + ran.err for ran in rans)
    assert CANARY not in told
    assert "127.0.0.1" not in told
    kept = [one for one in project.folder.rglob("*") if one.is_file()]
    assert all(CANARY.encode() not in one.read_bytes() for one in kept)


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("plan", "--json"),
    ("plan", "--html", "plan.html", "--markdown", "plan.md"),
    ("apply", "--yes"),
    ("status",),
    ("lock",),
)


def test_an_address_is_in_no_document_of_a_run(data: Path, dask: Cluster, tmp_path: Path) -> None:
    """Not even one that is no secret: who reads a plan need not know where it was made."""
    project = copied(data, tmp_path)
    by = ["--executor", dask.executor]
    project.run(*by, "plan", "--keep-going", "-o", "saved.plan", "--html", "p.html")
    assert project.run(*by, "apply", "--yes", "--keep-going").code == ExitCode.SOME_FAILED
    kept = [one for one in project.folder.rglob("*") if one.is_file()]
    assert {"saved.plan", "p.html", "state.db", "report.json"} <= {one.name for one in kept}
    place = dask.address.removeprefix("tcp://").encode()
    assert all(place not in one.read_bytes() for one in kept)


def test_a_run_is_stopped_by_ctrl_c_as_ever(data: Path, dask: Cluster, tmp_path: Path) -> None:
    project = copied(data, tmp_path)
    running = project.start("--executor", dask.executor, "apply", "--yes", "--keep-going")
    wait_for_tasks(project, 1, running)
    running.send_signal(signal.SIGINT)
    ran = ended(running, 60)
    assert "Traceback" not in ran.err
    assert ran.code in (ExitCode.INTERRUPTED, ExitCode.SOME_FAILED)
    project.run("apply", "--yes", "--keep-going")
    assert len(project.names()) == MASKS + 600 - 2


# No timed assertion belongs into CI, whose machine others share; the full size is run by hand.
@pytest.mark.skipif(not FULL, reason="a time of processors is measured with RBSYNC_CLUSTER=full")
def test_the_scheduler_takes_little_of_the_processors(
    data: Path, dask: Cluster, tmp_path: Path
) -> None:
    """What workers and scheduler take together, against one process that does the same."""
    here = copied(data, tmp_path / "here")
    there = copied(data, tmp_path / "there")
    for wrong in WRONG:
        (here.folder / wrong).unlink()
        (there.folder / wrong).unlink()
    by = ["--executor", dask.executor]
    # Workers load the program once for all runs that are to come.
    assert copied(data, tmp_path / "first").run(*by, "plan", "--keep-going").code == 0
    alone = _measured(here, [])
    before = dask.processor_seconds()
    command = _measured(there, by)
    scheduler, workers = (
        after - earlier for earlier, after in zip(before, dask.processor_seconds(), strict=True)
    )
    share = (workers + scheduler) / alone - 1
    print(
        f"\none process {alone:.1f} s; scheduler {scheduler:.1f} s, workers {workers:.1f} s: "
        f"{share:+.1%}; the command itself {command:.1f} s"
    )
    assert share <= MOST_OVERHEAD


def _measured(project: Project, options: list[str]) -> float:
    """The seconds of processors that a plan and an apply take in their own process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in (["plan", "--json"], ["apply", "--yes"]):
        ran = subprocess.run(
            [*COMMAND, *options, *command], cwd=project.folder, capture_output=True
        )
        assert ran.returncode == 0, ran.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
