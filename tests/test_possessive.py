"""Possessive groups, on Pythons that have them right and on those that do not."""

from __future__ import annotations

import re

import pytest

from rbsync.locks import plain_files
from rbsync.possessive import compiled, greedy

STRING = r'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]'


def test_a_turn_that_does_not_match_is_not_taken() -> None:
    pattern = compiled("(?:a(?!b))*+")
    assert [pattern.findall(text)[0] for text in ("aab", "ab", "aa")] == ["a", "", "aa"]


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        ("(?:ab)*+c", "(?:ab)*c"),
        ("(?:a)?+(b)?+", "(?:a)?(b)?"),
        (r"[^\)]*+[a]++", r"[^\)]*+[a]++"),
    ],
)
def test_only_groups_become_greedy(pattern: str, instead: str) -> None:
    assert greedy(pattern) == instead
    assert greedy(pattern.encode()) == instead.encode()


@pytest.mark.parametrize("text", ['{"a\\"b": "c\\', '"\\\\" , "\\', '["a", "\\u00e9", {"b": 1}]'])
def test_both_find_the_same(text: str) -> None:
    found = [one.span() for one in compiled(STRING, re.DOTALL).finditer(text)]
    assert [one.span() for one in re.compile(greedy(STRING), re.DOTALL).finditer(text)] == found


@pytest.mark.parametrize("name", ["_BLOCKS", "_ALONE"])
@pytest.mark.parametrize("escape", [rb"\u0078", rb"\u00e9", rb"\ud83d\ude00", rb"\ud83d", rb"\n"])
def test_locks_are_read_alike(name: str, escape: bytes) -> None:
    known: re.Pattern[bytes] = getattr(plain_files, name)
    line = rb'# {"name":"d/0%b","labels":"s","settings":"s","size":1}' % escape
    text = line + b"\n" + b"0" * 64 + b"  d/0x\n"
    loose = re.compile(greedy(known.pattern), known.flags)
    assert loose.findall(text) == known.findall(text)
