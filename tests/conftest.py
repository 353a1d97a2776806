"""What all tests share: their order, and that an interrupt means something."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings

# Whether an example takes long is a matter of what else the machine does: a limit on it fails tests
# that are right.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

LONG = (
    "test_readme.py",
    "test_vendor_sdk.py",
    "test_interruptions.py",
    "test_redbrick.py",
    "test_commands.py",
    "test_sync_machine.py",
    "test_changes.py",
    "test_refresh.py",
)
"""Files that take long begin first, so that both cores end together."""


TRUSTED = re.compile(r"CI|CI_MERGE_.*|GITHUB_EVENT_.*|RBSYNC_.*|RB_.*|REDBRICK_.*|XDG_.*_HOME")
"""Variables by which the machine that runs the tests would decide what a manifest may do."""


@pytest.fixture(autouse=True, scope="session")
def nobodys_configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the configuration of the one who runs it, nor in what kind of run it is."""
    folder = tmp_path_factory.mktemp("home")
    kept = {name: one for name, one in os.environ.items() if not TRUSTED.fullmatch(name)}
    own = {f"XDG_{one}_HOME": str(folder / one.lower()) for one in ("CONFIG", "STATE", "CACHE")}
    with mock.patch.dict(os.environ, {**kept, **own}, clear=True):
        yield


def pytest_configure() -> None:
    """A shell that starts a run in the background has it ignore Ctrl-C, and all that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: Path(item.path).name not in LONG)
