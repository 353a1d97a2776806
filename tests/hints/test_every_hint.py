"""Every hint of the source is followed by a test, which goes on until the command succeeds."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TABLES = ("Advice", "Followed", "Story", "follows", "advice_of_labels")
"""What tables and marks of tests call a hint that they follow; its words come first."""

SHORTEST = 8
WORDS = 4


def literals(node: ast.AST) -> Iterator[str]:
    """The texts of an expression, without what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts) | ast.BoolOp(values=parts):
            for one in parts:
                yield from literals(one)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from literals(one)
            yield from literals(other)
        case _:
            return


def expressions(tree: ast.AST) -> Iterator[ast.AST]:
    """What is given as a hint: by its name, in its place, or in a variable that is called so."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (one.value for one in node.keywords if one.arg == "hint")
            name = getattr(node.func, "id", "")
            yield from node.args[3:4] if name in ("Problem", "LabelProblem") else ()
        elif isinstance(node, ast.Assign):
            names = [one.id for one in node.targets if isinstance(one, ast.Name)]
            if any(name.lower().endswith("hint") for name in names):
                yield node.value


def hints() -> dict[str, str]:
    """The longest text of each hint, and where it stands."""
    found = {}
    for path in sorted((ROOT / "rbsync").rglob("*.py")):
        for node in expressions(ast.parse(path.read_text(encoding="utf-8"))):
            texts = [one for one in literals(node) if len(one.strip()) > SHORTEST]
            if texts:
                found[max(texts, key=len)] = str(path.relative_to(ROOT))
    return found


def followed() -> str:
    """The words of the hints that tests follow, a line each."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TABLES:
                given = node.args if getattr(node.func, "id", "") == "follows" else node.args[:1]
                found += ["".join(literals(one)) for one in given]
    return "\n".join(found)


def is_in(hint: str, said: str) -> bool:
    """Tells whether as many words of a hint in a row are said as tell it from others."""
    words = hint.split()
    firsts = range(max(1, len(words) - WORDS + 1))
    return any(" ".join(words[at : at + WORDS]) in said for at in firsts)


def test_a_hint_that_no_test_follows_is_found() -> None:
    assert is_in("write `alpha: ignore` to take the colours", "or `alpha: ignore` to take it")
    assert not is_in("write the path as text", "write the path\nas text")


def test_every_hint_is_followed() -> None:
    """A new one gets its line in a table, or a test of its own that is marked with `follows`."""
    said = followed()
    assert {hint: at for hint, at in hints().items() if not is_in(hint, said)} == {}
