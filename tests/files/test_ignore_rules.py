"""The rules of `.rbsyncignore`: which one counts is as git has it."""

from __future__ import annotations

import random
import subprocess

import pytest

from rbsync.files.ignore import MOST_RULES, IgnoreError, IgnoreRules


def _rules(text: str, folder: str = "") -> IgnoreRules:
    rules = IgnoreRules()
    rules.add(folder, text)
    return rules


@pytest.mark.parametrize(
    ("text", "left_out", "kept"),
    [
        ("*.tmp", "a.tmp a/b.tmp", "a.tmpx a.tm"),
        ("/a", "a a/b", "b/a"),
        ("a/b", "a/b a/b/c", "x/a/b b"),
        ("a/", "a/x b/a/x", "a b/a"),
        ("**/a/b", "a/b x/a/b", "a"),
        ("a/**", "a/b a/b/c", "a b/a"),
        ("a/**/b", "a/b a/x/y/b", "a/x"),
        ("a**b", "ab axxb", "a/b"),
        ("*\n!keep", "a", "keep"),
        ("a/\n!a/keep", "a/keep a/x", "b"),
        ("\\#a", "#a", "a"),
        ("\\!a", "!a", "a"),
        ("# a", "", "a"),
        ("a\\*b", "a*b", "axb"),
        ("a[\\]b]c", "a]c abc", "axc"),
        ("a\\ ", "a\\x20", "a"),
        ("a   ", "a", "b"),
        ("[[:digit:]]x", "1x", "ax"),
        ("[!a]x", "bx", "ax"),
        ("{a,b}.txt", "a.txt b.txt", "c.txt"),
        ("{case}", "{case}", "case"),
        ("\\{a,b}", "{a,b}", "a b"),
        ("*.png", "a.png a.PNG", "a.jpg"),
        ("u\u0308.png", "\u00fc.png u\u0308.png", "u.png"),
    ],
)
def test_every_construct_leaves_out_what_it_says(text, left_out, kept) -> None:
    rules = _rules(text)
    for path in left_out.split():
        assert rules.excludes(path.replace("\\x20", " ")), path
    for path in kept.split():
        assert not rules.excludes(path), path


def test_the_rules_are_those_of_git(tmp_path) -> None:
    rng = random.Random(7)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for _ in range(60):
        lines = [_line(rng) for _ in range(rng.randint(1, 4))]
        paths = sorted({_path(rng) for _ in range(30)})
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n")
        ours = _rules("\n".join(lines))
        assert [one for one in paths if ours.excludes(one)] == _by_git(tmp_path, paths), lines


def _by_git(folder, paths: list[str]) -> list[str]:
    """What git leaves out; a path of its own is a file, as none of them is there."""
    told = subprocess.run(
        ["git", "-C", str(folder), "check-ignore", "--no-index", "--stdin", "-z"],
        input="\0".join(paths),
        capture_output=True,
        text=True,
        check=False,
    )
    return sorted(one for one in told.stdout.split("\0") if one)


def _line(rng: random.Random) -> str:
    parts = ["a", "b", "*", "a*", "?b", "[ab]", "[!a]", "**", "*a*b", "a?", "ab", "\\a", "b**"]
    line = "/".join(rng.choice(parts) for _ in range(rng.randint(1, 3)))
    return rng.choice(["", "", "", "!"]) + rng.choice(["", "", "/"]) + line + rng.choice(["", "/"])


def _path(rng: random.Random) -> str:
    names = ["a", "b", "ab", "ba", "aab", "abb", "c"]
    return "/".join(rng.choice(names) for _ in range(rng.randint(1, 4)))


def test_more_rules_than_are_tried_on_every_path_are_refused_with_their_number() -> None:
    assert _rules("a\n" * MOST_RULES).excludes("a")
    with pytest.raises(IgnoreError, match="has 1,001 rules; 1,000 are allowed"):
        _rules("a\n" * (MOST_RULES + 1))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rules_have_their_effect_in_every_encoding_that_is_read(folder, encoding) -> None:
    folder.write(".rbsyncignore", "ü.tmp\r\nb.tmp\r\n".encode(encoding))
    tree = folder.tree()
    folder.walk(tree=tree)
    assert tree.ignored("ü.tmp")
    assert tree.ignored("b.tmp")
    assert not tree.ignored("c.tmp")


def test_rules_in_another_encoding_make_their_folder_unreadable(folder) -> None:
    folder.write("a/.rbsyncignore", "b.tmp\nü.tmp\n".encode("latin-1"))
    (answer,) = (one for one in folder.walk() if one.startswith("a"))
    assert "byte 0xfc in line 2 is not UTF-8; save it as UTF-8" in answer
