"""`.rbsyncignore`: gitignore rules, in any folder, for what lies below it.

Which rule counts is as git has it; its wildcards are those of all patterns, choices included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rbsync.files.pattern_part import Part
from rbsync.files.patterns import PatternError, compile_parts, match_parts
from rbsync.files.written_text import encoding_fault, text_of

FILE = ".rbsyncignore"
# In one file: each is tried on every path below.
MOST_RULES = 1_000

_CLASSES = {
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:upper:]": "A-Z",
    "[:alpha:]": "A-Za-z",
    "[:alnum:]": "0-9A-Za-z",
    "[:xdigit:]": "0-9A-Fa-f",
    "[:space:]": " \t",
}
_WORD = re.compile(r"\\.|\\$|(?<![^/])\*\*(?![^/])|(?P<stars>\*+)|[^\\*]", re.DOTALL)
_COMMENT = re.compile(r"(#[^\s/]+)/\s*")
_SPECIAL = frozenset("*?[{")


class IgnoreError(OSError):
    """Rules that cannot be read, so that nobody knows what they leave out."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of the file, counted from 1; ``keeps`` for one that begins with ``!``."""

    parts: tuple[Part | None, ...]
    keeps: bool
    only_folders: bool
    text: str = ""
    line: int = 0

    def matches(self, names: Sequence[str], *, is_folder: bool) -> bool:
        """Tells whether a path below the rule's folder is what the line names."""
        if self.only_folders and not is_folder:
            return False
        if len(self.parts) == 2 and self.parts[0] is None and self.parts[1] is not None:
            return self.parts[1].match(names[-1]) is not None
        return match_parts(self.parts, names) is not None


class Match(NamedTuple):
    """A path that a rule matches."""

    path: str
    is_folder: bool


class IgnoreRules:
    """The rules of all folders that were seen so far; deeper rules overrule those above.

    ``comments`` are lines that look like the rule of a folder whose name begins with ``#``: each
    with the folder of its file, its number and that name.
    """

    def __init__(self) -> None:
        self.comments: list[tuple[str, int, str]] = []
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._excluded: dict[str, bool] = {"": False}
        self._used: dict[tuple[str, int], Match] = {}

    def add(self, folder: str, text: str) -> None:
        """Takes in a folder's rules. Raises IgnoreError for one that cannot be read."""
        rules = tuple(_rules(text.split("\n")))
        if len(rules) > MOST_RULES:
            raise IgnoreError(f"its `{FILE}` has {len(rules):,} rules; {MOST_RULES:,} are allowed")
        self._rules[folder] = rules
        lines = enumerate(text.split("\n"), 1)
        found = ((number, _COMMENT.fullmatch(line)) for number, line in lines)
        self.comments += [(folder, number, one[1]) for number, one in found if one]
        # A folder's rules may change what was decided of folders before they were read.
        self._excluded = {"": False}

    def known(self) -> Iterator[tuple[str, Rule, Match | None]]:
        """Yields the rules, each with its folder and the first path that it decided about."""
        for folder, rules in self._rules.items():
            yield from ((folder, one, self._used.get((folder, one.line))) for one in rules)

    def knows(self, folder: str) -> bool:
        """Tells whether a folder's rules were taken in."""
        return folder in self._rules

    def __bool__(self) -> bool:
        return bool(self._rules)

    def excludes(self, path: str) -> bool:
        """Tells whether a path (a folder's ends in ``/``) is left out, by itself or with a folder
        above.

        As in git, nothing in a folder that is left out can be taken back.
        """
        names = path.rstrip("/").split("/")
        # From the top: git does not look into a folder that is left out, so that a `!` below it has
        # no effect.
        for depth in range(1, len(names)):
            if self._excludes_folder(names[:depth]):
                return True
        return self._decide(names, is_folder=path.endswith("/"))

    def _excludes_folder(self, names: Sequence[str]) -> bool:
        folder = "/".join(names)
        if folder not in self._excluded:
            self._excluded[folder] = self._decide(names, is_folder=True)
        return self._excluded[folder]

    def _decide(self, names: Sequence[str], *, is_folder: bool) -> bool:
        """By the last rule that matches, of the deepest folder that has one."""
        for depth in range(len(names) - 1, -1, -1):
            # The last line that matches wins, as in git; so it is looked for from the end.
            folder = "/".join(names[:depth])
            for rule in reversed(self._rules.get(folder, ())):
                if rule.matches(names[depth:], is_folder=is_folder):
                    if (folder, rule.line) not in self._used:
                        self._used[folder, rule.line] = Match("/".join(names), is_folder)
                    return not rule.keeps
        return False


def rules_text(data: bytes) -> str:
    """The text of rules, of UTF-8 or of UTF-16 with its mark. Raises IgnoreError for another."""
    try:
        return text_of(data)
    except UnicodeDecodeError as error:
        raise IgnoreError(f"its `{FILE}` cannot be read: {encoding_fault(error)}") from error


def _rules(lines: Sequence[str]) -> Iterator[Rule]:
    for number, line in enumerate(lines, 1):
        try:
            rule = rule_of(line, number)
        except PatternError as error:
            raise IgnoreError(f"line {number} of its `{FILE}` is no gitignore rule") from error
        if rule is not None:
            yield rule


def rule_of(line: str, number: int = 0) -> Rule | None:
    """The rule of a line, None for one that says nothing. Raises PatternError."""
    # Editors on Windows leave a \r, and a rule that ends in it would match no name.
    text = written = _without_spaces(line.removesuffix("\r"))
    if not text or text.startswith("#"):
        return None
    keeps, text = text.startswith("!"), text.removeprefix("!")
    text = "".join(_plain(text))
    only_folders = text.endswith("/")
    text = text.rstrip("/")
    parts = compile_parts(text.removeprefix("/"), captures=False)
    # A rule without a slash is for names at any depth.
    if "/" not in text:
        parts = (None, *parts)
    return Rule(parts, keeps, only_folders, written, number)


def _without_spaces(line: str) -> str:
    """The line without blanks at its end, but for one that is escaped."""
    text = line.rstrip(" ")
    escaped = (len(text) - len(text.rstrip("\\"))) % 2 == 1
    return text + " " if escaped and len(text) < len(line) else text


def _plain(text: str) -> Iterator[str]:
    """A rule in the words of patterns: what is escaped in brackets, runs of stars as one."""
    for name, letters in _CLASSES.items():
        text = text.replace(name, letters)
    for found in _WORD.finditer(text):
        word = found.group()
        if word == "\\":
            raise PatternError("nothing follows the last backslash")
        if word.startswith("\\"):
            yield f"[{word[1]}]" if word[1] in _SPECIAL else word[1]
        else:
            yield "*" if found.lastgroup == "stars" else word
