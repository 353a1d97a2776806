"""What lies there and has no effect: label files of no datapoint, ignore rules for nothing."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from rbsync.dataset.findings import Findings
from rbsync.errors import Location, Problem
from rbsync.files.ignore import FILE, Rule, rule_of
from rbsync.files.kinds import suffix_of
from rbsync.files.listing import scan
from rbsync.files.patterns import PatternError
from rbsync.files.tree import Tree
from rbsync.guessing import MOST_KNOWN, nearest
from rbsync.sources.base import Entry

_SHOWN = 3
_MOST_LOOKED_AT = 100_000
"""Paths that a rule without effect is tried on. Of more, nobody is told that none is meant."""


def warn_of_stray_labels(
    entries: Iterable[Entry],
    tree: Tree,
    findings: Findings,
    known: Collection[str] = (),
) -> None:
    """Warns of files beside label files, of their suffix, that no datapoint has.

    The folders that are ``known`` have none. An image that was renamed without its labels would
    lose them without a word.
    """
    used: dict[str, tuple[set[str], Location]] = {}
    for entry in entries:
        # Only where a source finds label files by the names of images: a list names its own.
        if entry.labels_at and isinstance(entry.labels, str):
            folder, _, name = entry.labels.rpartition("/")
            used.setdefault(folder, (set(), entry.origin))[0].add(name)
    for folder, (names, origin) in used.items():
        if folder in known:
            continue
        if stray := sorted(_strays(folder, names, tree)):
            findings.warn(_problem(folder, stray, origin))


def _strays(folder: str, used: set[str], tree: Tree) -> Iterator[str]:
    suffixes = {suffix_of(name) for name in used}
    try:
        listing = tree.listing(folder)
    except OSError:
        # A folder behind a link that leads out is told with the label files that it should have.
        return
    prefix = f"{folder}/" if folder else ""
    for name in (*listing.names, *listing.links):
        if name in used or name[0] == "." or suffix_of(name) not in suffixes:
            continue
        # Class maps, taxonomies and lists of items are JSON too, and the manifest names them.
        if not (tree.was_read(prefix + name) or tree.ignored(prefix + name)):
            yield name


def _problem(folder: str, stray: list[str], origin: Location) -> Problem:
    shown = ", ".join(f"`{name}`" for name in stray[:_SHOWN])
    more = f" and {len(stray) - _SHOWN:,} more" if len(stray) > _SHOWN else ""
    count = "1 label file" if len(stray) == 1 else f"{len(stray):,} label files"
    verb = "belongs" if len(stray) == 1 else "belong"
    message = f"{count} in `{folder or '.'}` {verb} to no datapoint: {shown}{more}"
    return Problem("stray-labels", message, origin, "give them the names of their images")


def warn_of_unused_rules(tree: Tree, findings: Findings) -> None:
    """Warns of rules in `.rbsyncignore` for which nothing is there.

    One that is misspelt leaves in what it was written to keep out.
    """
    if tree.part is not None:
        return
    for folder, rule in tree.unused_rules():
        # Hidden files are left out anyway, and their lines are copied from project to project.
        if rule.text.strip("!/*").startswith("."):
            continue
        paths = list(islice(_paths_below(tree, folder), _MOST_LOOKED_AT + 1))
        if len(paths) > _MOST_LOOKED_AT or _matches_any(rule, paths):
            continue
        place = Location(f"{folder}/{FILE}" if folder else FILE, rule.line, 1)
        message = f"the rule `{rule.text}` matches nothing"
        findings.warn(Problem("unused-rule", message, place, _meant(rule, paths)))


_Path = tuple[list[str], bool]
"""The names of a path below a folder, and whether it is a folder itself."""


def _paths_below(tree: Tree, base: str) -> Iterator[_Path]:
    """Yields what is below a folder, left out or not: files, links and folders."""
    waiting: list[list[str]] = [[]]
    while waiting:
        above = waiting.pop()
        path = "/".join((base, *above) if base else above)
        try:
            descriptor = tree.roots.open_folder(path or ".")
        except OSError:
            continue
        try:
            # Not by way of the tree: that remembers its listings as what a plan depends on.
            found = scan(descriptor, path)
        finally:
            os.close(descriptor)
        yield from (([*above, name], False) for name in (*found.names, *found.links, *found.odd))
        below = [[*above, name] for name in found.folders]
        yield from ((one, True) for one in below)
        waiting += [one for one in below if one[-1][0] != "."]


def _matches_any(rule: Rule, paths: Iterable[_Path]) -> bool:
    return any(rule.matches(names, is_folder=is_folder) for names, is_folder in paths)


def _meant(rule: Rule, paths: list[_Path]) -> str:
    """The hint with the rule that would have an effect, where one of its kind has."""
    plain = rule.text.removeprefix("!")
    mark = "!" if rule.keeps else ""
    bare = plain.strip("/")
    for text in (plain.replace("\\", "/"), plain.rstrip("/"), bare + "/", f"**/{bare}"):
        if text != plain and _has_effect(text, paths):
            return f"did you mean `{mark}{text}`?"
    folder, slash, name = bare.rpartition("/")
    known = list(islice(dict.fromkeys(names[-1] for names, _ in paths), MOST_KNOWN))
    near = nearest(name, known)
    if near and _has_effect(text := plain.replace(bare, folder + slash + near), paths):
        return f"did you mean `{mark}{text}`?"
    return "rules are those of gitignore, from the folder of this file; mend it, or take it out"


def _has_effect(text: str, paths: list[_Path]) -> bool:
    try:
        rule = rule_of(text)
    except PatternError:
        return False
    return rule is not None and _matches_any(rule, paths)
