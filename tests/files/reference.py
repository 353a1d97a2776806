"""A second matcher for the glob language: slow, obvious, and written without the first."""

from __future__ import annotations

from collections.abc import Iterator


def matches(pattern: str, path: str) -> bool:
    """Whether a path matches; the suffix of the last part in any case when it is an image's."""
    return any(_parts(one.split("/"), path.split("/")) for one in expanded(pattern))


def expanded(pattern: str) -> Iterator[str]:
    """The pattern without braces: one for every choice, ``*`` with a letter for a capture."""
    start = pattern.find("{")
    if start < 0:
        yield pattern
        return
    depth, at, choices, begin = 1, start + 1, [], start + 1
    while depth:
        depth += {"{": 1, "}": -1}.get(pattern[at], 0)
        if depth == 0 or (depth == 1 and pattern[at] == ","):
            choices.append(pattern[begin:at])
            begin = at + 1
        at += 1
    if len(choices) == 1:
        choices = ["?*"]
    for choice in choices:
        if pattern[:start].endswith("*"):
            # Two stars that meet are one: only a part that is written `**` goes through folders.
            choice = choice.lstrip("*")
        yield from expanded(pattern[:start] + choice + pattern[at:])


def _parts(patterns: list[str], names: list[str]) -> bool:
    if not patterns:
        return not names
    first, *rest = patterns
    if first == "**":
        if not rest:
            return bool(names)
        return _parts(rest, names) or (len(names) > 1 and _parts(patterns, names[1:]))
    return bool(names) and _letters(first, names[0]) and _parts(rest, names[1:])


def _letters(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_letters(pattern[1:], name[at:]) for at in range(len(name) + 1))
    if not name:
        return False
    if pattern[0] == "?":
        return _letters(pattern[1:], name[1:])
    if pattern[0] == "[":
        negated = pattern[1] in "!^"
        begin = 2 if negated else 1
        end = pattern.index("]", begin + 1)
        inside = _members(pattern[begin:end], name[0])
        return inside != negated and _letters(pattern[end + 1 :], name[1:])
    return pattern[0] == name[0] and _letters(pattern[1:], name[1:])


def _members(inside: str, letter: str) -> bool:
    if not inside:
        return False
    if len(inside) >= 3 and inside[1] == "-":
        return inside[0] <= letter <= inside[2] or _members(inside[3:], letter)
    return inside[0] == letter or _members(inside[1:], letter)
