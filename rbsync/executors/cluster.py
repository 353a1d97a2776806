"""The workers of a Dask cluster, which see the same files at the same paths."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import suppress
from typing import Any, TypeVar

from distributed import Client, Security

from rbsync.errors import RbsyncError
from rbsync.executors.errands import Ground, Refused, objection
from rbsync.version import VERSION

T = TypeVar("T")
RETRIES = 10
"""Times that the scheduler hands out a task whose worker says that it failed."""
CONNECT_SECONDS = 10.0
PATIENCE = 30.0
"""Seconds that a cluster may be without any worker, before its work is done here."""
_PULSE = 3.0
_SEE = (
    "every worker needs the same files at the same paths: mount the folder there, or run without "
    "--executor"
)


class Cluster:
    """A scheduler with its workers. Satisfies ``Doers``."""

    def __init__(self, address: str, ground: Ground) -> None:
        self._address, self._ground = address, ground
        self._client: Client | None = None
        self._closed = threading.Event()

    def open(self) -> Executor:
        if self._client is None:
            self._client = _connected(self._address)
            self._check(self._client)
        return _Watched(self._client, self._closed)

    def close(self) -> None:
        self._closed.set()
        if self._client is not None:
            # A cluster that is gone is no reason to fail: what it had was done here.
            with suppress(Exception):
                self._client.close(timeout=2)

    def refusal(self, refused: Refused) -> RbsyncError:
        return self._told([refused], "a worker")

    def _check(self, client: Client) -> None:
        """Raises RbsyncError unless all workers can do tasks."""
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
            found = client.run(objection, self._ground, on_error="return")
        except Exception as error:
            told = f"no worker of the cluster at {self._address} answers ({type(error).__name__})"
            hint = f"start some: dask worker {self._address} --nthreads 1"
            raise RbsyncError(told, hint=hint) from None
        self._hold(found)

    def _hold(self, found: Mapping[str, Any]) -> None:
        refused = [one for one in found.values() if isinstance(one, Refused)]
        # Who cannot even read the question has no rbsync, or none that knows of it.
        failed = [one for one in found.values() if isinstance(one, BaseException)]
        if refused or failed:
            count = len(refused) + len(failed)
            raise self._told(refused, f"{count} of {len(found)} workers" if len(found) > 1 else "")

    def _told(self, refused: list[Refused], who: str) -> RbsyncError:
        who = who or "the worker"
        verb = "do" if who[0].isdigit() and not who.startswith("1 ") else "does"
        paths = Counter(one.path for one in refused if one.path)
        if paths:
            path = paths.most_common(1)[0][0]
            return RbsyncError(
                f"{who} of the cluster at {self._address} {verb} not see {path}",
                hint=_SEE,
            )
        versions = sorted({one.version for one in refused if one.version})
        found = f"rbsync {', '.join(versions)}" if versions else "no rbsync that can be used"
        have = "have" if verb == "do" else "has"
        return RbsyncError(
            f"{who} of the cluster at {self._address} {have} {found}, and this is {VERSION}",
            hint=f"install it where the workers run: pip install 'rbsync[dask]=={VERSION}'",
        )


class _Watched(Executor):
    """Dask's executor, whose tasks are given up once nobody is there to do them."""

    def __init__(self, client: Client, closed: threading.Event) -> None:
        self._client, self._closed = client, closed
        # With `pure` an old answer would come back for a file that has changed since.
        self._executor: Executor = client.get_executor(pure=False, retries=RETRIES)
        self._lock = threading.Lock()
        self._running: set[Future[Any]] = set()
        threading.Thread(target=self._watch, name="rbsync-cluster", daemon=True).start()

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        if self._client.status != "running":
            raise ConnectionError("the scheduler is gone")
        task = self._executor.submit(fn, *args, **kwargs)
        with self._lock:
            self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: Future[Any]) -> None:
        with self._lock:
            self._running.discard(task)

    def _watch(self) -> None:
        alone = 0.0
        # A task that nobody can do waits without end at the scheduler, and says nothing.
        while not self._closed.wait(_PULSE):
            alone = 0.0 if self._has_workers() else alone + _PULSE
            if alone >= PATIENCE:
                with self._lock:
                    running = list(self._running)
                for one in running:
                    one.cancel()

    def _has_workers(self) -> bool:
        with suppress(Exception):
            return bool(self._client.nthreads())
        return False


def _connected(address: str) -> Client:
    # What it says of workers that come and go is not for the user, who is told what it means.
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.batched"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    security = Security()
    _check_encryption(address, security)
    try:
        return Client(address, security=security, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        message = f"no scheduler answers at {address} ({type(error).__name__})"
        hint = "look whether it runs there, and whether its port can be reached from here"
        raise RbsyncError(message, hint=hint) from None


def _check_encryption(address: str, security: Security) -> None:
    # Dask's client refuses both when it is half made, and prints a traceback when it is let go of.
    encrypted = address.partition("://")[0] in {"tls", "wss"}
    if encrypted and not security.get_connection_args("client").get("ssl_context"):
        message = f"Dask's configuration has no certificate for {address}"
        hint = "name it in ~/.config/dask/, as examples/cluster/tls.yaml does"
        raise RbsyncError(message, hint=hint)
    if not encrypted and security.require_encryption:
        message = f"Dask's configuration requires encryption, which {address} has not"
        raise RbsyncError(message, hint=f"use dask:tls://{address.partition('://')[2]}")
