"""What CONTRIBUTING.md names is there: files, tests, registries, commands and words."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from rbsync.backends import BACKENDS
from rbsync.cli.commands import POINT
from rbsync.exports import EXPORTS
from rbsync.mask_formats import MASK_FORMATS
from rbsync.plugins import ExtensionPoint
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.stores import STORES

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
POINTS = (BACKENDS, POINT, EXPORTS, MASK_FORMATS, DATAPOINT_SOURCES, MASK_SOURCES, STORES)
QUOTED = re.findall(r"`([^`\n]+)`", TEXT)
PATHS = sorted({one.partition("::")[0] for one in QUOTED if re.match(r"(rbsync|tests)/", one)})
TESTS = sorted({one for one in QUOTED if "::" in one})
WALK = re.compile(r"^\d+\. `(rbsync/\S+)`", re.MULTILINE)


@pytest.mark.parametrize("path", PATHS)
def test_every_file_that_is_named_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("test", TESTS)
def test_every_test_that_is_named_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    assert re.search(rf"^\s*def {name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE)


def test_every_promise_has_its_test() -> None:
    lines = TEXT.partition("## Promises")[2].splitlines()
    rows = [one for one in lines if one.startswith("| ") and one != "| promise | held by |"]
    assert rows
    assert all("::test_" in one for one in rows)


def test_each_walk_is_of_8_to_12_files() -> None:
    walks = TEXT.partition("## Three walks")[2].partition("## Words")[0].split("\n**")[1:]
    assert len(walks) == 3
    assert all(8 <= len(WALK.findall(one)) <= 12 for one in walks)


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.group)
def test_every_group_of_entry_points_is_named(point: ExtensionPoint[object]) -> None:
    assert f"`{point.group}`" in TEXT


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.group)
def test_the_registry_of_each_is_where_the_page_says(point: ExtensionPoint[object]) -> None:
    registries = re.findall(r"\| `(rbsync/[a-z_/]+\.py)` \|", TEXT)
    names = [one.removesuffix(".py").removesuffix("/__init__") for one in registries]
    modules = [import_module(one.replace("/", ".")) for one in names]
    assert any(point in vars(module).values() for module in modules)


def test_the_extras_of_the_set_up_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert {"test", "dev"} <= project["optional-dependencies"].keys()


def test_the_words_of_a_plan_are_those_of_the_code() -> None:
    plan = (ROOT / "rbsync/model/plan.py").read_text("utf-8")
    (row,) = [one for one in TEXT.splitlines() if one.startswith("| action |")]
    for kind in re.findall(r"`([A-Z][a-z]+)`", row):
        assert f"class {kind}" in plan
