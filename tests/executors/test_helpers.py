"""Tasks that are handed to workers come back, whatever becomes of the workers."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import RbsyncError, UserError
from rbsync.executors import cluster as clusters
from rbsync.executors import errands, returned_answers
from rbsync.executors.assured import LOST, Helpers
from rbsync.executors.batches import UNSURE, Call
from rbsync.executors.choice import helpers_of
from rbsync.executors.errands import Ground, Refused, make_ground, packed, run_errand
from rbsync.executors.returned_answers import Answer, answer_of
from rbsync.files.readiness import ALWAYS
from rbsync.files.roots import Roots
from tests.dask_cluster import Cluster, another_rbsync, cluster
from tests.executors.calls import (
    Unread,
    big,
    killed_but,
    killed_once,
    process,
    times,
    unreadable,
    wrong,
)


@pytest.fixture(scope="module")
def dask() -> Iterator[Cluster]:
    with cluster(2) as made:
        yield made


class Opening:
    """Opens helpers in a folder, and keeps what they note."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.notes: list[str] = []

    def __call__(self, text: str) -> Helpers:
        files = [str(self.folder)]
        found = helpers_of(
            text, lambda: files, str(self.folder / "own"), self.notes.append, self._stack
        )
        assert found is not None
        return found()


@pytest.fixture
def opening(tmp_path: Path) -> Iterator[Opening]:
    with ExitStack() as stack:
        yield Opening(tmp_path, stack)


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_answers_are_those_of_one_process(kind: str, opening: Opening, dask: Cluster) -> None:
    helpers = opening(dask.executor if kind == "dask" else kind)
    calls: list[Call] = [
        partial(times, 6, 7),
        partial(wrong, "b.png"),
        partial(unreadable, os.getpid()),
        process,
    ]
    product, problem, unsure, pid = helpers.hand_out(calls).result()
    assert product == 42
    assert (problem.problems, problem.hint) == (wrong_problem().problems, "all of it")
    assert isinstance(unsure, type(UNSURE))
    assert pid != os.getpid()
    assert opening.notes == []


def wrong_problem() -> UserError:
    with pytest.raises(UserError) as raised:
        wrong("b.png")
    return raised.value


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_failure_of_a_worker_that_cannot_be_told_is_heard_of(
    kind: str, opening: Opening, dask: Cluster
) -> None:
    helpers = opening(dask.executor if kind == "dask" else kind)
    assert helpers.hand_out([Unread()]).result(30) == [7]
    assert opening.notes == [LOST]


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_task_whose_worker_is_killed_is_done_again(
    kind: str, opening: Opening, dask: Cluster, tmp_path: Path
) -> None:
    helpers = opening(dask.executor if kind == "dask" else kind)
    tasks = [helpers.hand_out([partial(killed_once, str(tmp_path / "mark"))])]
    tasks += [helpers.hand_out([partial(times, number, 2)]) for number in range(20)]
    assert [one.result() for one in tasks] == [[5], *([number * 2] for number in range(20))]
    # A pool that broke is made anew, and a scheduler has other workers.
    assert helpers.hand_out([process]).result() != [os.getpid()]
    lost = [one for one in dask.workers if one.poll() is not None]
    dask.workers = [one for one in dask.workers if one not in lost]
    dask.add(len(lost))


def test_a_task_that_kills_all_workers_is_done_here_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opening: Opening
) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1.0)
    monkeypatch.setattr(clusters, "_PULSE", 0.2)
    with cluster(2) as made:
        helpers = opening(made.executor)
        tasks = [helpers.hand_out([partial(killed_but, os.getpid())]) for _ in range(3)]
        assert [one.result() for one in tasks] == [[3], [3], [3]]
        assert opening.notes == [LOST]


def test_without_its_scheduler_all_is_done_here(
    monkeypatch: pytest.MonkeyPatch, opening: Opening
) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1.0)
    monkeypatch.setattr(clusters, "_PULSE", 0.2)
    with cluster(1) as made:
        helpers = opening(made.executor)
        made.scheduler.kill()
        tasks = [helpers.hand_out([partial(times, number, 2)]) for number in range(3)]
        assert [one.result() for one in tasks] == [[0], [2], [4]]
        assert opening.notes == [LOST]


def test_a_large_answer_comes_as_a_file_and_leaves_none(opening: Opening, dask: Cluster) -> None:
    helpers = opening(dask.executor)
    size = returned_answers.LARGE + 1
    assert helpers.hand_out([partial(big, size), partial(times, 1, 2)]).result() == [b"x" * size, 2]
    (run,) = (opening.folder / "own").iterdir()
    assert [one.name for one in run.iterdir()] == ["token"]


class Here(Executor):
    """Threads of this process, whose answers pass a hand. Satisfies ``Doers``."""

    def __init__(self, hand: Callable[[object], object]) -> None:
        self._threads, self._hand = ThreadPoolExecutor(1), hand

    def open(self) -> Executor:
        return self

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return self._threads.submit(lambda: self._hand(fn(*args, **kwargs)))

    def close(self) -> None:
        self._threads.shutdown()

    def refusal(self, refused: object) -> RbsyncError:
        return RbsyncError("refused")


def test_an_answer_that_somebody_exchanged_on_the_disk_is_not_read(tmp_path: Path) -> None:
    ground = make_ground(str(tmp_path), [])

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return (tmp_path / "had").touch, ()

    def exchanged(answer: object) -> object:
        assert isinstance(answer, Answer)
        assert answer.name
        (Path(ground.folder) / answer.name).write_bytes(pickle.dumps([Evil()]))
        return answer

    notes: list[str] = []
    helpers = Helpers(Here(exchanged), ground, notes.append)
    size = returned_answers.LARGE + 1
    assert helpers.hand_out([partial(big, size)]).result() == [b"x" * size]
    assert notes == [LOST]
    assert not (tmp_path / "had").exists()


def test_a_run_leaves_nothing_in_its_folder(tmp_path: Path) -> None:
    left = Path(make_ground(str(tmp_path / "own"), []).folder)
    os.utime(left, (1, 1))
    with ExitStack() as stack:
        opening = Opening(tmp_path, stack)
        assert opening("processes").hand_out([partial(times, 2, 2)]).result() == [4]
    assert list((tmp_path / "own").iterdir()) == []


def test_processes_end_with_who_started_them(tmp_path: Path) -> None:
    """Also when that one was killed, and could not end them. None of them runs its script again."""
    script = (
        "import sys, time\n"
        "from contextlib import ExitStack\n"
        "from rbsync.executors.choice import helpers_of\n"
        "from tests.executors.calls import process\n"
        "print('begun', flush=True)\n"
        "stack = ExitStack()\n"
        "helpers = helpers_of('processes', list, sys.argv[1], print, stack)()\n"
        "tasks = [helpers.hand_out([process]) for _ in range(8)]\n"
        "print(*{task.result()[0] for task in tasks}, flush=True)\n"
        "time.sleep(60)\n"
    )
    file = tmp_path / "script.py"
    file.write_text(script)
    command = [sys.executable, str(file), str(tmp_path / "own")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.getcwd()}
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "begun\n"
        pids = [int(one) for one in parent.stdout.readline().split()]
        assert pids
        parent.send_signal(signal.SIGKILL)
    end = time.monotonic() + 20
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < end
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"version": "0.0.1"}, "the worker of the cluster at {} has rbsync 0.0.1, and this is"),
        ({"lacks": "executors"}, "the worker of the cluster at {} has no rbsync that can be used"),
    ],
)
def test_a_worker_with_another_rbsync_is_told(
    other: dict[str, str], told: str, opening: Opening, tmp_path: Path
) -> None:
    with cluster(0) as made:
        made.add(path=another_rbsync(tmp_path / "other", **other))
        with pytest.raises(RbsyncError) as raised:
            opening(made.executor)
        assert str(raised.value).startswith(told.format(made.address))
        assert "pip install 'rbsync[dask]==" in raised.value.hint


def test_one_that_comes_later_with_another_rbsync_changes_no_answer(
    opening: Opening, tmp_path: Path
) -> None:
    with cluster(1) as made:
        helpers = opening(made.executor)
        (first,) = made.workers
        made.add(path=another_rbsync(tmp_path / "other", version="0.0.1"))
        made.kill(first)
        assert helpers.hand_out([partial(times, 3, 3)]).result() == [9]
        (note,) = opening.notes
        assert note.startswith(f"a worker of the cluster at {made.address} has rbsync 0.0.1, and")
        assert note.endswith(": it is done here.")


def test_without_a_scheduler_or_workers_it_says_so(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1.0)
    with pytest.raises(RbsyncError, match=r"^no scheduler answers at tcp://127.0.0.1:9 "):
        opening("dask:tcp://127.0.0.1:9")
    with (
        cluster(0) as made,
        pytest.raises(RbsyncError, match=r"^no worker of the cluster at ") as no,
    ):
        opening(made.executor)
    assert no.value.hint == f"start some: dask worker {made.address} --nthreads 1"


def test_a_task_travels_without_who_is_asked_about_writers() -> None:
    """Another process knows none of them; and what is always ready stays just that."""
    roots: Roots = pickle.loads(pickle.dumps(Roots("/", readiness=object())))  # type: ignore[arg-type]
    assert roots.readiness is ALWAYS
    assert roots.folders == ("/",)


def test_a_worker_that_lacks_the_folder_of_the_run_refuses(tmp_path: Path) -> None:
    ground = make_ground(str(tmp_path), [])
    task = packed(ground, [partial(times, 1, 1)])
    assert isinstance(run_errand(task), Answer)
    (Path(ground.folder) / "token").write_text("another disk")
    assert run_errand(task) == errands.Refused(path=ground.folder)
    gone = Ground(ground.version, str(tmp_path / "gone"), "")
    assert run_errand(packed(gone, [])) == errands.Refused(path=gone.folder)


class OfAnotherTask(ThreadPoolExecutor):
    """Answers that are whole, and are not those to the task: two of them, or none in a list."""

    def __init__(self, answer: Any) -> None:
        super().__init__(1)
        self._answer = answer

    def submit(self, *_arguments: Any, **_named: Any) -> Future[Any]:
        return super().submit(answer_of, "", self._answer)

    def open(self) -> Executor:
        return self

    def close(self) -> None:
        self.shutdown()

    def refusal(self, refused: Refused) -> RbsyncError:
        return RbsyncError(str(refused))


@pytest.mark.parametrize("answer", [[1, 2], [], "12", None])
def test_an_answer_to_another_task_is_lost(tmp_path: Path, answer: object) -> None:
    ground, notes = make_ground(str(tmp_path), ()), list[str]()
    doers = OfAnotherTask(answer)
    found = Helpers(doers, ground, notes.append).hand_out([partial(times, 2, 3)]).result(10)
    assert (found, notes) == ([times(2, 3)], [LOST])
    doers.close()
