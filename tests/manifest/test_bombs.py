"""Documents made to exhaust time, memory or the C stack, each read by a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 1.0
MIB = 200
SCRIPT = """
import sys, time
from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
began = time.process_time()
try:
    load_manifest(sys.argv[1], {})
except UserError as error:
    print(error.problems[0])
print(time.process_time() - began)
# Unlike the resource module's figure this one does not begin with the parent's.
print(int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) // 1024)
"""


def answer(path: Path) -> str:
    """What the first problem is, within the bounds of time and memory."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)], capture_output=True, text=True, check=True
    )
    *message, seconds, mib = done.stdout.splitlines()
    assert float(seconds) < SECONDS
    assert int(mib) < MIB
    return "\n".join(message).removeprefix(f"{path}:")


def bomb(name: str, first: str, line: str, levels: int = 9) -> str:
    lines = [f"{name}0: &{name}0 {first}"]
    for level in range(1, levels):
        inner = ", ".join([f"*{name}{level - 1}"] * 9)
        lines.append(line.format(name=name, level=level, inner=inner))
    return "\n".join(lines) + "\n"


GROWTH = "aliases make the document more than 100 times as large as it is written, the limit"


def test_an_alias_bomb_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text(
        bomb("a", "[x, x, x, x, x, x, x, x, x]", "{name}{level}: &{name}{level} [{inner}]")
    )
    assert answer(path) == f"6:10: {GROWTH}"


@pytest.mark.parametrize("depth", [9, 30])
def test_a_merge_key_bomb_is_refused_with_its_line(tmp_path: Path, depth: int) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_text(bomb("a", "{x: 1}", "{name}{level}: &{name}{level} {{<<: [{inner}]}}", depth))
    assert answer(path).startswith("6:") or answer(path).startswith("7:")
    assert answer(path).endswith(GROWTH)


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_million_levels_are_refused_at_the_thirty_third(tmp_path: Path, opening: str) -> None:
    path = tmp_path / "deep.yaml"
    path.write_text(opening * 1_000_000)
    assert answer(path).startswith("1:")
    assert "nested deeper than 32 levels" in answer(path) or "a key must be" in answer(path)


def test_a_file_of_a_gibibyte_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(1 << 30)
    assert "the file has 1,024 MiB; the limit is 256 MiB" in answer(path)


def test_aliases_that_save_writing_are_not_bombs(tmp_path: Path) -> None:
    path = tmp_path / "many.yaml"
    entries = "".join(f"  - {{name: n{i}, items: [a{i}], metadata: *m}}\n" for i in range(5_000))
    text = f"version: 1\ndefaults: {{metadata: &m {{a: b, c: d, e: f}}}}\ndatapoints:\n{entries}"
    path.write_text(text)
    assert "limit" not in answer(path)
