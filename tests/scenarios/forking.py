"""Processes of rbsync that are forked from one in which all is loaded already.

To load the program takes a second of a processor, and hundreds of tests need a service or a watch.
What such a process does is what ``python -m rbsync`` does: its own arguments, folder, environment,
streams and signals, and a normal end. Where loading is the subject, a test starts the program.

Run as a program, this file is the process that forks.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from select import select
from typing import IO, Any

LOADED = (
    "rbsync.applier.run",
    "rbsync.cli.apply",
    "rbsync.cli.main",
    "rbsync.cli.watch",
    "rbsync.cli.serve",
    "rbsync.cli.render.watch_view",
    "rbsync.manifest.load",
    "rbsync.manifest.reader",
    "rbsync.watcher.loop",
    "rbsync.watcher.flushing",
    "rbsync.watcher.single",
    "rbsync.service.app",
    "rbsync.service.server",
    "rbsync.service.faults.player",
    "rbsync.backends.local.backend",
    "rbsync.backends.redbrick.backend",
    "rbsync.dataset.build",
    "rbsync.stores.sqlite",
    "rbsync.sync.applying",
    "rbsync.sync.plan_making",
    "rbsync.documents.report_document",
)
_MOST = 1 << 17
"""Bytes of a request, most of which are the environment."""


class Forked:
    """A process of rbsync, with those members of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, end: socket.socket) -> None:
        """``end`` tells the exit code."""
        self.pid, self._end = pid, end
        self.returncode: int | None = None
        # Who sends a signal asks whether it runs, while another thread waits for its end.
        self._turn = threading.Lock()

    def __del__(self) -> None:
        self._end.close()

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        return self._ask(socket.MSG_DONTWAIT)

    def wait(self, timeout: float | None = None) -> int:
        """Waits for the end; returns the exit code, negative for a signal. Raises TimeoutError."""
        if self.returncode is None and not select([self._end], [], [], timeout)[0]:
            raise TimeoutError
        code = self._ask(0)
        assert code is not None
        return code

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it by SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _ask(self, flags: int) -> int | None:
        with self._turn:
            if self.returncode is None:
                try:
                    self.returncode = int(self._end.recv(20, flags))
                except BlockingIOError:
                    return None
            return self.returncode


def fork(
    arguments: Sequence[str],
    *,
    cwd: Path | str = ".",
    env: Mapping[str, str] | None = None,
    stdout: IO[Any],
    stderr: IO[Any],
) -> Forked:
    """Runs rbsync with arguments; its standard input is empty."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    request = [list(arguments), os.path.abspath(cwd), dict(os.environ if env is None else env)]
    with open(os.devnull) as nothing, there:
        streams = [one.fileno() for one in (nothing, stdout, stderr)]
        socket.send_fds(_starter(), [json.dumps(request).encode()], [*streams, there.fileno()])
    return Forked(int(here.recv(20)), here)


@cache
def _starter() -> socket.socket:
    """The line to the process that forks, which ends with this one."""
    here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", "tests.scenarios.forking", str(there.fileno())]
    root = Path(__file__).parents[2]
    with there:
        subprocess.Popen(command, cwd=root, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL)
    return here


def serve(line: socket.socket) -> Sequence[str]:
    """Forks for each request; returns in a child, as the program that it is to be."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(line, _MOST, 4)
        if not request:
            os._exit(0)
        if not os.fork():
            break
        for one in descriptors:
            os.close(one)
        # The keepers that have ended.
        while _reaped():
            pass
    line.close()
    end = socket.socket(fileno=descriptors.pop())
    keep(end)
    end.close()
    arguments, folder, environment = json.loads(request)
    become(folder, environment, descriptors)
    return list(arguments)


def _reaped() -> bool:
    try:
        return bool(os.waitpid(-1, os.WNOHANG)[0])
    except ChildProcessError:
        return False


def keep(end: socket.socket) -> None:
    """Returns in a child of this process, which tells how it ends and does nothing else."""
    child = os.fork()
    if not child:
        return
    # What is sent to the group of processes is for the child.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    os.closerange(0, end.fileno())
    os.closerange(end.fileno() + 1, 256)
    end.send(str(child).encode())
    _, status = os.waitpid(child, 0)
    end.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def become(folder: str, environment: Mapping[str, str], streams: Sequence[int]) -> None:
    """Gives this process the folder, the environment and the standard streams of another."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # As Python does at its start.
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  (until the end)
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115


def read_documents() -> None:
    """Has services know what our client sends: to check it takes longer than to answer it."""
    from rbsync.backends.redbrick.api.client import Operation
    from rbsync.service.documents import documents_of
    from rbsync.service.executable_schema import make_schema

    known = documents_of(make_schema())
    rooms = [one for name, one in sys.modules.items() if ".redbrick.api.operations." in name]
    for operation in (one for room in rooms for one in vars(room).values()):
        if isinstance(operation, Operation):
            assert known.read(operation.document).operation


def main() -> None:
    """Loads rbsync, and is it once for each request."""
    # Tests that run in the background, or by `nohup`, have these ignored.
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    for name in LOADED:
        importlib.import_module(name)
    read_documents()
    from rbsync.__main__ import run

    # What is collected in a child would else copy the pages of all that is loaded.
    gc.collect()
    gc.freeze()
    sys.argv = [run.__code__.co_filename, *serve(socket.socket(fileno=int(sys.argv[1])))]
    run()


if __name__ == "__main__":
    main()
