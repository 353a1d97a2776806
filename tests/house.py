"""Print the figures of the house: how modules, names, functions and comments stand.

    python tests/house.py              # the figures, and the bars that they are held against
    python tests/house.py --list       # the same, and what each figure counts
    python tests/house.py --room masks # of one room alone

It is information for those who change the code and fails for nothing.
"""

from __future__ import annotations

import argparse
import ast
import re
import tokenize
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "rbsync"
SAME_EVERYWHERE = {"__init__", "base"}
FEWEST_EQUAL_LINES = 6
QUESTIONS = ("What", "Whether", "Where", "How", "Why")
NO_REASONS = re.compile(r"#\s*(noqa|type:|pragma|mypy:|ruff:|fmt:|!)")


@dataclass(frozen=True)
class Module:
    """A module with its text and its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def folder(self) -> str:
        return self.name if self.is_package else self.name.rpartition(".")[0]

    @property
    def place(self) -> str:
        return str(self.path.relative_to(ROOT))


@dataclass(frozen=True)
class Figure:
    """One measure, the bar that it is held against, and what it counts."""

    name: str
    value: str
    bar: str
    parts: tuple[str, ...] = ()


def modules() -> dict[str, Module]:
    """Returns all modules of the package by their dotted names."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found[name] = Module(name, path, text, ast.parse(text))
    return found


def imports(module: Module, known: dict[str, Module]) -> set[str]:
    """Returns the modules of the package that one imports, for type checkers alone included."""
    found: set[str] = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names if one.name in known}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for one in node.names:
                submodule = f"{node.module}.{one.name}"
                name = submodule if submodule in known else node.module
                found |= {name} & set(known)
    return found - {module.name}


def slivers(known: dict[str, Module]) -> Figure:
    """Counts the modules that one sibling in their own folder uses and nothing else does."""
    users: dict[str, set[str]] = defaultdict(set)
    for module in known.values():
        for name in imports(module, known):
            users[name].add(module.name)
    found = []
    for module in known.values():
        by = users[module.name]
        if module.is_package or len(by) != 1:
            continue
        (user,) = by
        if not known[user].is_package and known[user].folder == module.folder:
            found.append(f"{module.place} <- {known[user].place}")
    files = sum(not one.is_package for one in known.values())
    value = f"{100 * len(found) / files:.1f} % ({len(found)} of {files})"
    return Figure("modules that one sibling alone uses", value, "<= 14 %", tuple(found))


def repeated_names(known: dict[str, Module]) -> Figure:
    """Counts the base names that stand in several folders."""
    places: dict[str, list[str]] = defaultdict(list)
    for module in known.values():
        places[module.path.stem].append(module.place)
    found = {
        name: there
        for name, there in sorted(places.items())
        if len(there) > 1 and name not in SAME_EVERYWHERE
    }
    parts = tuple(f"{name}: {' '.join(there)}" for name, there in found.items())
    return Figure("base names in several folders", str(len(found)), "<= 8", parts)


def functions(known: Iterable[Module]) -> list[tuple[int, str]]:
    """Returns the length of every function in lines, from its `def` to its end, and its place."""
    found = []
    for module in known:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                found.append((lines, f"{module.place}:{node.lineno} {node.name}"))
    return sorted(found, reverse=True)


def function_lengths(known: dict[str, Module]) -> Figure:
    """Measures the functions: median, 90th percentile, longest."""
    found = functions(known.values())
    lengths = [lines for lines, _ in found]
    ninth = quantiles(lengths, n=10, method="inclusive")[8]
    value = f"{median(lengths):g} / {ninth:g} / {lengths[0]} ({len(lengths)})"
    parts = tuple(f"{lines} lines: {place}" for lines, place in found if lines > 40)
    return Figure("lines of a function: median, 90 %, longest", value, "<= 7 / 20 / 60", parts)


def comments_of(module: Module) -> list[str]:
    """Returns the comments of a module, without those that speak to tools."""
    with module.path.open("rb") as file:
        tokens = [one for one in tokenize.tokenize(file.readline) if one.type == tokenize.COMMENT]
    return [one.string for one in tokens if not NO_REASONS.match(one.string)]


def comments(known: dict[str, Module]) -> Figure:
    """Counts lines with comments by hundred lines, in the package and in each room."""
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for module in known.values():
        room = module.name.split(".")[1] if "." in module.name else PACKAGE
        rooms[room][0] += len(comments_of(module))
        rooms[room][1] += module.text.count("\n")
    parts = tuple(f"{room}: {100 * a / b:.1f} ({a} in {b})" for room, (a, b) in rooms.items() if b)
    total, lines = (sum(one[at] for one in rooms.values()) for at in (0, 1))
    return Figure("comments per 100 lines", f"{100 * total / lines:.1f} ({total})", ">= 3", parts)


def cycles(known: dict[str, Module]) -> Figure:
    """Finds the groups of modules that import each other, for type checkers alone included."""
    graph = {name: imports(module, known) for name, module in known.items()}
    found = [" ".join(sorted(one)) for one in _components(graph) if len(one) > 1]
    return Figure("import cycles, type-checking ones included", str(len(found)), "0", tuple(found))


def _components(graph: dict[str, set[str]]) -> Iterator[set[str]]:
    """Tarjan's strongly connected components, without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(sorted(graph[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        while work:
            node, rest = work[-1]
            for name in rest:
                if name not in index:
                    index[name] = low[name] = len(index)
                    stack.append(name)
                    work.append((name, iter(sorted(graph[name]))))
                    break
                if name in stack:
                    low[node] = min(low[node], index[name])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    at = stack.index(node)
                    yield set(stack[at:])
                    del stack[at:]


def docstrings(known: dict[str, Module]) -> Figure:
    """Counts docstrings that begin as a question instead of telling what is done."""
    kinds = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    total, found = 0, []
    for module in known.values():
        for node in ast.walk(module.tree):
            text = ast.get_docstring(node) if isinstance(node, kinds) else None
            if not text:
                continue
            total += 1
            if text.split(maxsplit=1)[0] in QUESTIONS:
                line = getattr(node, "lineno", 1)
                found.append(f"{module.place}:{line} {text.splitlines()[0]}")
    share = f"{len(found)} of {total} ({100 * len(found) / max(total, 1):.1f} %)"
    return Figure("docstrings that begin with a question word", share, "0", tuple(found))


def equal_lines(known: dict[str, Module]) -> Figure:
    """Finds runs of equal lines in two places; imports and closing brackets are no lines here."""
    lines = {one.place: list(_lines_that_count(one)) for one in known.values()}
    windows: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for place, numbered in lines.items():
        for at in range(len(numbered) - FEWEST_EQUAL_LINES + 1):
            run = tuple(text for _, text in numbered[at : at + FEWEST_EQUAL_LINES])
            windows[run].append((place, at))
    pairs = sorted(
        {(a, b) for there in windows.values() for a in there for b in there if a < b},
    )
    begun = [(a, b) for a, b in pairs if ((a[0], a[1] - 1), (b[0], b[1] - 1)) not in set(pairs)]
    parts = tuple(f"{_at(lines, a)} = {_at(lines, b)}" for a, b in begun)
    name = f"runs of {FEWEST_EQUAL_LINES} and more equal lines"
    return Figure(name, str(len(parts)), "0, or argued", parts)


def _before(place: tuple[str, int]) -> tuple[str, int]:
    file, at = place
    return file, at - 1


def _at(lines: dict[str, list[tuple[int, str]]], place: tuple[str, int]) -> str:
    file, at = place
    return f"{file}:{lines[file][at][0]}"


def _lines_that_count(module: Module) -> Iterator[tuple[int, str]]:
    skipped = {
        line
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    for number, line in enumerate(module.text.splitlines(), 1):
        text = line.strip()
        if number not in skipped and re.search(r"\w", text) and not text.startswith("#"):
            yield number, text


FIGURES: Sequence[Callable[[dict[str, Module]], Figure]] = (
    slivers,
    repeated_names,
    function_lengths,
    comments,
    cycles,
    docstrings,
    equal_lines,
)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description="Print the figures of the house.")
    parser.add_argument("--list", action="store_true", help="what each figure counts, too")
    parser.add_argument("--room", default="", help="of the modules below this one alone")
    given = parser.parse_args()
    known = modules()
    room = f"{PACKAGE}.{given.room}"
    if given.room:
        known = {name: one for name, one in known.items() if f"{name}.".startswith(f"{room}.")}
    for measure in FIGURES:
        figure = measure(known)
        print(f"{figure.name:<46}{figure.value:>22}   {figure.bar}")
        if given.list:
            print("".join(f"    {one}\n" for one in figure.parts), end="")


if __name__ == "__main__":
    main()
