"""Label files of no datapoint and ignore rules for nothing: what has no effect is told."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from rbsync.dataset.told import Stray
from rbsync.errors import Location, Problem
from rbsync.files.ignore import FILE, Match, Rule, rule_of
from rbsync.files.kinds import suffix_of
from rbsync.files.listing import Listing, scan
from rbsync.files.patterns import PatternError
from rbsync.files.tree import Tree
from rbsync.guessing import MOST_KNOWN, nearest
from rbsync.sources.entry import NOT_LOOKED_FOR, Entry

_MOST_LOOKED_AT = 100_000
"""Paths that a rule without effect is tried on. Of more, nobody is told that none is meant."""


def stray_labels(entries: Iterable[Entry], tree: Tree) -> dict[str, Stray]:
    """The files beside label files and masks, of their suffix, that no datapoint has, by folder.

    They are warned of: an image that was renamed without its labels would lose them without a word.
    """
    used: dict[str, tuple[set[str], Location]] = {}
    others: dict[str, tuple[set[str], Location]] = {}
    for entry in entries:
        # Only where a source finds label files by the names of images: a list names its own.
        if path := entry.noted_labels:
            into = others if path.startswith(NOT_LOOKED_FOR) else used
            folder, _, name = path.removeprefix(NOT_LOOKED_FOR).rpartition("/")
            into.setdefault(folder, (set(), entry.origin))[0].add(name)
    found = {}
    for folder, (names, origin) in used.items():
        suffixes = {suffix_of(name) for name in names}
        taken = names | others[folder][0] if folder in others else names
        if stray := sorted(loose_labels(folder, suffixes, tree) - taken):
            found[folder] = Stray(tuple(stray), origin)
    return found


def loose_labels(
    folder: str, suffixes: Collection[str], tree: Tree, among: Collection[str] | None = None
) -> set[str]:
    """The files of a folder that would be label files if somebody looked for them.

    Of some names only, where it is to be found out ``among`` these.
    """
    try:
        listing = tree.listing(folder)
        tree.take_rules(folder)
    except OSError:
        # A folder behind a link that leads out is told with the label files that it should have.
        return set()
    names: Iterator[str] = iter((*listing.names, *listing.links))
    if among is not None:
        names = (name for name in names if name in among)
    prefix = f"{folder}/" if folder else ""
    return {
        name
        for name in names
        if name[0] != "."
        and suffix_of(name) in suffixes
        # Class maps, taxonomies and lists of items are JSON too, and the manifest names them.
        and not (tree.was_read(prefix + name) or tree.ignored(prefix + name))
    }


def unused_rules(tree: Tree, matched: dict[str, Match]) -> list[Problem]:
    """The warnings of rules in `.rbsyncignore` for which nothing is there.

    One that is misspelt leaves in what it was written to keep out. ``matched`` are paths that rules
    matched when they were last looked for; it is brought up to date.
    """
    found = []
    below: dict[str, list[_Path]] = {}
    for folder, rule, match in tree.rules_known():
        # Hidden files are left out anyway, and their lines are copied from project to project.
        if rule.text.strip("!/").rpartition("/")[2].startswith("."):
            continue
        place = Location(f"{folder}/{FILE}" if folder else FILE, rule.line, 1)
        key = f"{place} {rule.text}"
        known = match or matched.pop(key, None)
        if known is None or not tree.still_matches(known):
            if folder not in below:
                below[folder] = list(islice(_paths_below(tree, folder), _MOST_LOOKED_AT + 1))
            if len(below[folder]) > _MOST_LOOKED_AT:
                continue
            known = _first_match(folder, rule, below[folder])
        if known is not None:
            matched[key] = known
            continue
        message = f"the rule `{rule.text}` matches nothing"
        found.append(Problem("unused-rule", message, place, _meant(rule, below[folder])))
    for folder, line, name in tree.rules_commented():
        place = Location(f"{folder}/{FILE}" if folder else FILE, line, 1)
        message = f"the line `{name}/` is a comment, and there is a folder of this name"
        found.append(Problem("commented-rule", message, place, f"`\\{name}/` leaves it out"))
    return found


def _first_match(folder: str, rule: Rule, paths: Iterable[_Path]) -> Match | None:
    for names, is_folder in paths:
        if rule.matches(names, is_folder=is_folder):
            return Match("/".join([folder, *names] if folder else names), is_folder)
    return None


_Path = tuple[list[str], bool]
"""The names of a path below a folder, and whether it is a folder itself."""


def _paths_below(tree: Tree, base: str) -> Iterator[_Path]:
    """Yields what is below a folder, left out or not: files, links and folders."""
    waiting: list[list[str]] = [[]]
    while waiting:
        above = waiting.pop()
        path = "/".join((base, *above) if base else above)
        # One that may be opened need not say what its entries are.
        try:
            found = _listed_apart(tree, path)
        except OSError:
            continue
        yield from (([*above, name], False) for name in (*found.names, *found.links, *found.odd))
        below = [[*above, name] for name in found.folders]
        yield from ((one, True) for one in below)
        # A repository below `.git` may have more paths than all else, and nobody looks there.
        waiting += [one for one in below if one[-1][0] != "."]


def _listed_apart(tree: Tree, path: str) -> Listing:
    """The listing of a folder, of which the tree knows nothing. Raises OSError."""
    descriptor = tree.roots.open_folder(path or ".")
    try:
        # Not by way of the tree: that remembers its listings as what a plan depends on.
        return scan(descriptor, path)
    finally:
        os.close(descriptor)


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
