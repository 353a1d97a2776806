"""Each use case has its own tests, in a file of its name."""

from __future__ import annotations

from pathlib import Path

import pytest

import rbsync.sync

MODULES = sorted(
    one.stem for one in Path(rbsync.sync.__file__).parent.glob("*.py") if one.stem != "__init__"
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_has_a_test_file(module: str) -> None:
    file = Path(__file__).parent / f"test_{module}.py"
    assert file.is_file(), f"the use case `{module}` has no tests of its own: write {file.name}"
    text = file.read_text(encoding="utf-8")
    assert f"rbsync.sync.{module}" in text, f"{file.name} does not use rbsync.sync.{module}"
    assert "\ndef test_" in text or "\n    def test_" in text
