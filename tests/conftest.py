"""What all tests share: their order, and that an interrupt means something."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.postgres_server import Server
    from tests.s3_server import S3Server


# Whether an example takes long is a matter of what else the machine does: a limit on it fails tests
# that are right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

LONG = (
    "test_readme.py",
    "test_vendor_sdk.py",
    "test_conflicts.py",
    "test_every_command.py",
    "test_outages.py",
    "test_redbrick.py",
    "test_interruptions.py",
    "test_people_machine.py",
    "test_rings.py",
    "test_unsettled.py",
    "test_watch_supervision.py",
    "test_reads.py",
    "test_undo.py",
    "test_cut_off_updates.py",
    "test_dropped_answers.py",
    "test_commands.py",
    "test_sync_machine.py",
    "test_changes.py",
    "test_refresh.py",
)
"""Files that take long begin first, so that both cores end together."""


# Where compiled code is not kept, each of hundreds of processes compiles the program again, which
# takes longer than most of what it then does.
sys.dont_write_bytecode = False

TRUSTED = re.compile(
    r"PYTHONDONTWRITEBYTECODE|CI|CI_MERGE_.*|GITHUB_EVENT_.*|RBSYNC_.*|RB_.*|REDBRICK_.*|XDG_.*_HOME|PG[A-Z]+"
    r"|AWS_.*|GOOGLE_.*|AZURE_.*|STORAGE_EMULATOR_HOST"
)
"""Variables by which the machine that runs the tests would decide what a manifest may do."""


@pytest.fixture(autouse=True, scope="session")
def nobodys_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the configuration of the one who runs it, nor in what kind of run it is."""
    folder = tmp_path_factory.mktemp("home")
    kept = {name: one for name, one in os.environ.items() if not TRUSTED.fullmatch(name)}
    own = {f"XDG_{one}_HOME": str(folder / one.lower()) for one in ("CONFIG", "STATE", "CACHE")}
    with mock.patch.dict(os.environ, {**kept, **own}, clear=True):
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server that these tests share; whoever stops it starts it again."""
    from tests.postgres_server import started

    with started() as server:
        yield server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server that these tests share, each with buckets of its own."""
    from tests.s3_server import started

    with started() as server:
        yield server


def pytest_configure() -> None:
    """Makes of this process what it is wherever tests are run.

    A shell that starts a run in the background has it ignore Ctrl-C, and all that it starts. What
    is written here may have to be read by other users, whoever lets nobody read theirs.
    """
    os.umask(0o022)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Has each worker compile a share of the files, and find those of the others compiled.

    All read all files in one order: without this, each would rewrite the assertions of every file,
    which takes longer than to read it.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None:
        return
    own = slice(int(worker["workerid"].removeprefix("gw")), None, worker["workercount"])
    root = session.config.rootpath
    folders = [one for one in (root / name for name in session.config.args) if root in one.parents]
    for file in sorted(file for one in folders for file in one.rglob("test_*.py"))[own]:
        module = ".".join(file.relative_to(root).with_suffix("").parts)
        # Whatever is wrong with it is told when it is collected.
        with contextlib.suppress(Exception, pytest.skip.Exception):
            importlib.import_module(module)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: Path(item.path).name not in LONG)
