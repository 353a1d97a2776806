"""The table of files of others names tests that are there, and has a line for each case."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TABLE = (TESTS / "files_of_others.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:[a-z_]+/)*(?:[a-z_]+\.py|[a-z_]+/)(?:::\w+)*)`")
CASES = [
    *("01", "02", "03", "05", "06", "07", "08", "10", "11", "12", "13"),
    *("14", "17", "18", "19", "21", "22", "24", "29", "30", "31", "32"),
]


@cache
def defined(path: Path) -> frozenset[str]:
    """The classes and functions of a file of tests, also those within classes."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef)
    return frozenset(one.name for one in ast.walk(tree) if isinstance(one, kinds))


def rows() -> list[list[str]]:
    """The rows of the tables of tests, without those of packages."""
    own = TABLE.partition("## Files of packages")[0]
    lines = [line for line in own.splitlines() if line.startswith("|")]
    cells = [[one.strip() for one in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if set(row[0]) != {"-"} and row[-1] != "tests"]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_each_row_names_tests_that_are_there(row: list[str]) -> None:
    named = NAMED.findall(row[-1])
    assert named, row
    for one in named:
        path, *names = one.split("::")
        assert (TESTS / path).exists(), one
        missing = [name for name in names if name not in defined(TESTS / path)]
        assert not missing, one


def test_each_case_has_a_row_with_three_other_samples() -> None:
    found = {row[0]: row for row in rows() if row[0][:2].isdecimal()}
    assert [one[:2] for one in found] == CASES
    for row in found.values():
        assert len(re.split(r"[,;] | and ", row[1])) > 2, row
