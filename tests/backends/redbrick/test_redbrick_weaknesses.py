"""Every known weakness of the service's own clients has its line, and the tests in it exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
TEXT = (TESTS / "conformance" / "weaknesses.md").read_text(encoding="utf-8")


def test_every_weakness_has_a_line() -> None:
    expected = [f"L{at}" for at in range(1, 20)] + [f"C{at}" for at in range(1, 19)]
    assert re.findall(r"^- \*\*([LC]\d+),", TEXT, re.MULTILINE) == expected


def test_every_line_names_tests_that_exist() -> None:
    sources = "".join(one.read_text(encoding="utf-8") for one in TESTS.rglob("*.py"))
    there = set(re.findall(r"def (test_\w+)\(", sources))
    lines = [line for line in TEXT.splitlines() if line.startswith("- **")]
    for line in lines:
        named = re.findall(r"`(test_\w+)`", line)
        assert named, line
        assert set(named) <= there, set(named) - there
