"""What the glob language matches, construct by construct, and how its mistakes are told."""

from __future__ import annotations

import glob
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rbsync.files.patterns import PatternError, compile_pattern
from tests.files import reference


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a.txt", "a.txt", "b/a.txt A.txt a.tx aatxt"),
        ("./a/./b.txt", "a/b.txt", "b.txt a/./b.txt"),
        ("*.txt", "a.txt .txt a.b.txt", "b/a.txt a.txtx"),
        ("a*c", "ac abc abbc", "a/c abcd"),
        ("?.txt", "a.txt ü.txt", ".txt ab.txt"),
        ("a/*/b", "a/x/b a/xy/b", "a/b a/x/y/b"),
        ("**/a", "a x/a x/y/a", "xa x/ya a/x"),
        ("a/**", "a/b a/b/c", "a ab/c b/a/c"),
        ("a/**/b", "a/b a/x/b a/x/y/b", "ab a/xb a/b/c"),
        ("**/a/**/b", "a/b x/a/b x/a/y/z/b", "b x/b"),
        ("**", "a a/b", ""),
        ("**/**/**/a", "a x/a x/y/z/a", "b"),
        ("[abc]x", "ax bx", "dx abcx x"),
        ("[a-c]x", "ax cx", "dx -x"),
        ("[!a-c]x", "dx -x", "ax x"),
        ("[^a]x", "bx ^x", "ax"),
        ("[]a]x", "]x ax", "bx"),
        ("[!]a]x", "bx", "]x ax"),
        ("[a-]x", "ax -x", "bx"),
        ("[-a]x", "ax -x", "bx"),
        ("[a\\]x", "ax \\x", "bx"),
        ("[[]x", "[x", "x ]x"),
        ("a[[]b/*.txt", "a[b/c.txt", "ab/c.txt"),
        ("[{]x", "{x", "x"),
        ("[{]/[}]", "{/}", "x"),
        ("[.]x", ".x", "ax"),
        ("[+-9]x", "+x 5x .x", "ax"),
        ("a[+-9]b/x", "a.b/x", "a/b/x"),
        ("{a,b}x", "ax bx", "x abx a,bx"),
        ("{a,}x", "ax x", "bx"),
        ("{a,b{c,d}}x", "ax bcx bdx", "bx cx"),
        ("{[,],b}x", ",x bx", "x"),
        ("{[}],b}x", "}x bx", "x"),
        ("{*.txt,b?}", "a.txt bc", "b"),
        ("{a,b}/{c,d}", "a/c b/d", "a/b"),
        ("a.b+c(d)$", "a.b+c(d)$", "aXb+c(d)$"),
        ("a b\nc", "a b\nc", "a b c"),
        ("/data/*/x", "/data/a/x", "data/a/x /data/x"),
        ("../other/*.txt", "../other/a.txt", "other/a.txt"),
    ],
)
def test_every_construct_matches_what_it_says(pattern, matching, other) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compiled = compile_pattern(pattern)
    apart = "|" if "\n" in matching else " "
    for path in matching.split(apart):
        assert compiled.matches(path), path
    for path in other.split(apart) if other else []:
        assert not compiled.matches(path), path


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("*.png", "a.png a.PNG a.Png", "a.jpg"),
        ("*.{png,jpg}", "a.PNG a.JPG", "a.jpeg"),
        ("*.nii.gz", "a.nii.gz a.NII.GZ a.nii.GZ", "a.nii"),
        ("a/*.png", "a/b.PNG", "A/b.png"),
        ("img.png", "img.PNG", "IMG.png"),
        ("*.txt", "a.txt", "a.TXT"),
        ("*.{png,txt}", "a.png a.txt", "a.TXT"),
        ("PNG/*.png", "PNG/a.png", "png/a.png"),
    ],
)
def test_only_the_suffixes_of_images_match_in_any_case(pattern, matching, other) -> None:
    compiled = compile_pattern(pattern)
    for path in matching.split():
        assert compiled.matches(path), path
    for path in other.split():
        assert not compiled.matches(path), path


@pytest.mark.parametrize(
    ("pattern", "base"),
    [
        ("*.png", ""),
        ("a/b/*.png", "a/b"),
        ("a/b.png", "a"),
        ("a/{b,c}/d/*.png", "a"),
        ("a/**/b/*.png", "a"),
        ("/data/a/*.png", "/data/a"),
        ("a?/*.png", ""),
        ("../a/*.png", "../a"),
    ],
)
def test_a_walk_begins_below_what_is_written_out(pattern, base) -> None:
    assert compile_pattern(pattern).base == base


def test_captures_are_the_parts_that_they_stand_for() -> None:
    pattern = compile_pattern("{case}/v{version}/{series}_{part}.nii.gz")
    assert pattern.captures == ("case", "version", "series", "part")
    assert pattern.folder("c1/v2") == {"case": "c1", "version": "2"}
    assert pattern.file("t1_a_b.nii.gz") == {"series": "t1", "part": "a_b"}
    assert pattern.folder("c1/2") is None
    assert pattern.file("t1.nii.gz") is None


def test_a_capture_is_never_empty_and_never_two_parts() -> None:
    assert compile_pattern("{a}.png").file(".png") is None
    assert compile_pattern("x/{a}/y").folder("x/b/c") is None


def test_a_capture_in_a_choice_that_was_not_taken_is_empty() -> None:
    pattern = compile_pattern("{{case}.png,other.jpg}")
    assert pattern.file("a.png") == {"case": "a"}
    assert pattern.file("other.jpg") == {"case": ""}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("", "the pattern is empty"),
        (".", "the pattern is empty"),
        ("/", "the pattern is empty"),
        ("a**/b", "`**` must stand alone between slashes, not as in `a**`"),
        ("a/**.png", "`**` must stand alone between slashes, not as in `**.png`"),
        ("[abc", "`[` has no `]` in `[abc`"),
        ("a/[]", "`[` has no `]` in `a/[]`"),
        ("[!]", "`[` has no `]` in `[!]`"),
        ("{a,b", "`{` has no `}` in `{a,b`"),
        ("{a,{b}", "`{` has no `}` in `{a,{b}`"),
        ("{}", "`{}` is neither a choice `{a,b}` nor a name"),
        ("{a b}", "`{a b}` is neither a choice `{a,b}` nor a name"),
        ("{1}", "`{1}` is neither a choice `{a,b}` nor a name"),
        ("{a}/{a}", "the name `{a}` stands twice"),
        ("[z-a]", "the range `z-a` runs backwards"),
        ("{a/b,c}/*", "`{a/b,c}` has a `/` in it; write a source for each choice"),
        ("a/private/", "`a/private/` names a folder: say `a/private/**` for the files below it"),
        ("{a," * 50 + "}" * 50, "choices stand in each other more than 16 deep"),
    ],
)
def test_mistakes_are_told_word_for_word(pattern, message) -> None:
    with pytest.raises(PatternError) as caught:
        compile_pattern(pattern)
    assert str(caught.value) == message


LETTERS = st.sampled_from("ab.-^!],")
NAMES = st.text(LETTERS, min_size=1, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
MEMBERS = st.text(st.sampled_from("ab.-^!"), min_size=1, max_size=3).filter(
    lambda members: members not in "^!"
)
BRACKETS = st.builds("[{}{}]".format, st.sampled_from(["", "!", "^"]), MEMBERS)
PIECES = st.one_of(st.sampled_from("ab.-^!"), st.sampled_from("*?"), BRACKETS)
SEGMENTS = st.lists(PIECES, min_size=1, max_size=4).map("".join)
CHOICES = st.lists(SEGMENTS, min_size=2, max_size=3).map(",".join).map("{{{}}}".format)
PARTS = st.one_of(SEGMENTS, st.just("**"), CHOICES, st.builds("{}{}".format, SEGMENTS, CHOICES))
PATTERNS = st.lists(PARTS, min_size=1, max_size=4).map("/".join)


@given(PATTERNS, PATHS)
@settings(max_examples=500)
@example("**", "a")
@example("[!!]", "!")
@example("[--a]", "b")
def test_it_matches_what_a_naive_matcher_matches(pattern, path) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        return
    cleaned = "/".join(part for part in pattern.split("/") if part != ".")
    assert compiled.matches(path) == reference.matches(cleaned, path)


@given(PATTERNS, PATHS)
def test_every_folder_on_the_way_to_a_match_is_entered(pattern, path) -> None:
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        return
    if not compiled.matches(path):
        return
    folders = path.split("/")[:-1]
    below = len(compiled.base.split("/")) if compiled.base else 0
    for depth in range(below + 1, len(folders) + 1):
        assert compiled.enters("/".join(folders[:depth]))
    assert "/".join(folders[:below]) == compiled.base


@given(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1))
def test_a_name_that_is_escaped_matches_itself(name) -> None:
    escaped = glob.escape(name).replace("{", "[{]")
    if name in (".", ".."):
        return
    assert compile_pattern(escaped).file(name) is not None


def test_folders_that_cannot_match_are_not_entered() -> None:
    pattern = compile_pattern("a/*/c/*.png")
    assert [pattern.enters(one) for one in ("a", "a/x", "a/x/c", "a/x/d", "a/x/c/y", "b")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
    absolute = compile_pattern("/data/*/*.png")
    assert [absolute.enters(one) for one in ("/data/a", "/data/a/b")] == [True, False]
