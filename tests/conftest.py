"""What all tests share: their order, and that an interrupt means something."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

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


def pytest_configure() -> None:
    """A shell that starts a run in the background has it ignore Ctrl-C, and all that it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: Path(item.path).name not in LONG)
