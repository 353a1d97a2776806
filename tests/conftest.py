"""The order of the tests: files that take long begin first, so that both cores end together."""

from __future__ import annotations

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: Path(item.path).name not in LONG)
