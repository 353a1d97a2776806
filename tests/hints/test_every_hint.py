"""Every hint of the source is followed by a test, which goes on until the command succeeds."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TABLES = ("Advice", "Followed", "Story", "follows", "advice_of_labels")
"""What tables and marks of tests call a hint that they follow; its words come first."""

SHORTEST = 8
WORDS = 4
HINT = "hint"
DEEPEST = 4

Pieces = tuple[str, ...]
"""The texts of a hint, between what is filled in."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def source() -> Source:
    """Made once: it reads the syntax of all modules."""
    return Source()


class Source:
    """The modules of rbsync, with what gives hints: parameters and members that are called so."""

    def __init__(self) -> None:
        texts = {
            path: path.read_text(encoding="utf-8")
            for path in sorted((ROOT / "rbsync").rglob("*.py"))
        }
        # Two thirds of the modules have none, and reading their syntax takes seconds.
        self.trees = {path: ast.parse(text) for path, text in texts.items() if HINT in text.lower()}
        # By module and name, and by the name alone for those that are used from elsewhere.
        self.places: dict[str, set[int]] = defaultdict(set)
        self.functions: dict[str, list[Function]] = defaultdict(list)
        self.values: dict[str, list[ast.expr]] = defaultdict(list)
        self.local: dict[tuple[Path, str], list[ast.expr]] = defaultdict(list)
        self.at = ROOT
        for path in self.trees:
            self.at = path
            self._learn()
        callers = "|".join(one for one in self.places if one.isidentifier())
        self._learn_more(texts, rf"\b(?:{callers})\(")
        named = "|".join(self._named())
        self._learn_more(texts, rf"^(?:def )?(?:{named})\b(?:\(| = |: )")

    def _learn_more(self, texts: Mapping[Path, str], pattern: str) -> None:
        """Reads the other modules in which a pattern is found."""
        found = re.compile(pattern, re.MULTILINE)
        for path in sorted(texts.keys() - self.trees.keys()):
            if found.search(texts[path]):
                self.at = path
                self.trees[path] = ast.parse(texts[path])
                self._learn()

    def _named(self) -> set[str]:
        """The constants and functions that stand for hints, as they are called elsewhere."""
        found: set[str] = set()
        for path in self.trees:
            self.at = path
            for node in self.given():
                named = (one for one in ast.walk(node) if isinstance(one, ast.Name))
                found.update(one.id for one in named if not one.id.startswith("_"))
        return found

    def _known(self, name: str) -> str:
        return f"{self.at}:{name}" if name.startswith("_") else name

    def _learn(self) -> None:
        for node in ast.walk(self.trees[self.at]):
            match node:
                case ast.ClassDef():
                    self._learn_call(node.name, _members(node))
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.functions[self._known(node.name)].append(node)
                    self._learn_call(node.name, [one.arg for one in node.args.args])
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.values[self._known(name)].append(value)
                    self.local[self.at, name].append(value)
                case _:
                    pass

    def _learn_call(self, name: str, arguments: list[str]) -> None:
        arguments = arguments[1:] if arguments[:1] in (["self"], ["cls"]) else arguments
        if HINT in arguments:
            for known in (f"{self.at}:{name}", self._known(name)):
                self.places[known].add(arguments.index(HINT))

    def _given_to(self, call: ast.Call) -> Iterator[ast.expr]:
        """The hint of a call, by its name or in its place."""
        yield from (one.value for one in call.keywords if one.arg == HINT)
        name = _name(call.func)
        own = self.places.get(f"{self.at}:{name}") or self.places.get(self._known(name), set())
        # Of methods of one name the one that takes as many arguments is meant.
        for at in sorted((one for one in own if one < len(call.args)), reverse=True)[:1]:
            yield call.args[at]

    def given(self) -> Iterator[ast.expr]:
        """What a module gives as hints: in calls, as defaults, or in variables called so."""
        for node in ast.walk(self.trees[self.at]):
            match node:
                case ast.Call():
                    yield from self._given_to(node)
                case ast.FunctionDef():
                    names = [one.arg for one in node.args.args][::-1]
                    pairs = zip(names, node.args.defaults[::-1], strict=False)
                    yield from (value for name, value in pairs if name == HINT)
                case ast.Assign(targets=[ast.Name(id=name)]) if name.lower().endswith(HINT):
                    yield node.value
                case ast.Assign(targets=[ast.Tuple(elts=targets)], value=value):
                    yield from self._of_tuple(targets, value)
                case ast.AugAssign(target=ast.Name(id=name)) if name.lower().endswith(HINT):
                    yield node.value

    def _of_tuple(self, targets: list[ast.expr], value: ast.expr) -> Iterator[ast.expr]:
        """What is given to a variable among several: of a tuple, or of a function's."""
        at = [number for number, one in enumerate(targets) if _name(one).lower().endswith(HINT)]
        given = [value, *self._meant(value)]
        if isinstance(value, ast.Call):
            functions = self.functions.get(self._known(_name(value.func)), ())
            given += [one for function in functions for one in _returned(function)]
        for one in given:
            if isinstance(one, ast.Tuple) and len(one.elts) == len(targets):
                yield from (one.elts[number] for number in at)

    def texts(self, node: ast.expr, deep: int = 0) -> Iterator[Pieces]:
        """What an expression may say, each of its alternatives as its pieces."""
        if own := tuple(_pieces(node)):
            yield own
        for one in _parts(node):
            yield from self.texts(one, deep)
        if deep < DEEPEST:
            for one in self._meant(node):
                yield from self.texts(one, deep + 1)

    def _meant(self, node: ast.expr) -> Iterator[ast.expr]:
        """What a constant or a function stands for."""
        match node:
            case ast.Name(id=name) if name.isupper():
                yield from self.values.get(self._known(name), ())
            case ast.Name(id=name) if not name.endswith(HINT):
                yield from self.local.get((self.at, name), ())
            case ast.Subscript(value=ast.Name(id=name)) if name.isupper():
                yield from self._table(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get")):
                yield from self._table(name)
            case ast.Call(func=func):
                for function in self.functions.get(self._known(_name(func)), ()):
                    if isinstance(function.returns, ast.Name) and function.returns.id == "str":
                        yield from _returned(function)
            case _:
                return

    def _table(self, name: str) -> Iterator[ast.expr]:
        """The values of a table; one that a function of another module looks into is private."""
        own = self.local.get((self.at, name))
        every = (
            one for (_, known), values in self.local.items() if known == name for one in values
        )
        for table in own or every:
            yield from _values(table)

    @cached_property
    def hints(self) -> dict[Pieces, str]:
        """All hints, and where each stands."""
        found = {}
        for path in self.trees:
            self.at = path
            for node in self.given():
                for one in self.texts(node):
                    if long := tuple(text for text in one if len(text.strip()) > SHORTEST):
                        found[long] = str(path.relative_to(ROOT))
        return found


def _values(table: ast.expr) -> Iterator[ast.expr]:
    """The values of a table, also of one that is made of keys and one value."""
    match table:
        case ast.Dict(values=values):
            for one in values:
                yield from _values(one)
        case ast.Call(func=ast.Attribute(attr="fromkeys"), args=[_, value]):
            yield value
        case _:
            yield table


def _members(node: ast.ClassDef) -> list[str]:
    """What a class is made of: the arguments of its own making, or its members."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return [argument.arg for argument in one.args.args]
    annotated = [one.target for one in node.body if isinstance(one, ast.AnnAssign)]
    return [one.id for one in annotated if isinstance(one, ast.Name)]


def _returned(function: Function) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and node.value is not None:
            yield node.value


def _name(node: ast.expr) -> str:
    return getattr(node, "id", "") or getattr(node, "attr", "")


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The alternatives of an expression, and the calls of this module's own within a text."""
    match node:
        case ast.BoolOp(values=values):
            yield from values
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from (one, other)
        case ast.JoinedStr(values=parts):
            filled = [one.value for one in parts if isinstance(one, ast.FormattedValue)]
            calls = [one for one in filled if isinstance(one, ast.Call)]
            yield from (one for one in calls if _name(one.func).startswith("_"))
        case _:
            return


def _pieces(node: ast.expr) -> Iterator[str]:
    """The texts of a string, without what is filled in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            for one in parts:
                yield from _pieces(one)
        case _:
            return


def _words(node: ast.expr) -> Iterator[str]:
    """All texts of an expression of a test."""
    yield from _pieces(node)
    if not isinstance(node, ast.JoinedStr):
        for one in _parts(node):
            yield from _words(one)


def followed() -> str:
    """The words of the hints that tests follow, a line each."""
    found = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        # Most tests have none, and reading their syntax takes a second.
        text = path.read_text(encoding="utf-8")
        if not any(f"{one}(" in text for one in TABLES):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in TABLES:
                given = node.args if getattr(node.func, "id", "") == "follows" else node.args[:1]
                found += ["".join(_words(one)) for one in given]
    return "\n".join(found)


def is_in(hint: str, said: str) -> bool:
    """Tells whether as many words of a hint in a row are said as tell it from others."""
    words = hint.split()
    firsts = range(max(1, len(words) - WORDS + 1))
    return any(" ".join(words[at : at + WORDS]) in said for at in firsts)


def test_a_hint_that_no_test_follows_is_found() -> None:
    assert is_in("write `alpha: ignore` to take the colours", "or `alpha: ignore` to take it")
    assert not is_in("write the path as text", "write the path\nas text")


def test_hints_are_found_wherever_they_are_given() -> None:
    """By name, in their place, as a default, by a constant, by a function, and as a choice."""
    found = {"; ".join(one): path for one, path in source().hints.items()}
    for hint, path in {
        "another process is writing to the project; run again when it is done": "local",
        "give the URL without what follows ? or #": "address.py",
        "copy or export the file again": "span.py",
        "`rbsync apply --keep-going` does the others": "findings.py",
        "update it (pip install --upgrade ; ), or remove it (pip uninstall ": "plugins/",
        "; write more of the path": "",
    }.items():
        assert [one for one in found if one.endswith(hint) and path in found[one]], hint


def test_every_hint_is_followed() -> None:
    """A new one gets its line in a table, or a test of its own that is marked with `follows`."""
    said = followed()
    left = {
        one: at for one, at in source().hints.items() if not any(is_in(text, said) for text in one)
    }
    assert left == {}
