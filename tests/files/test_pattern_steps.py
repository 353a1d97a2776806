"""Patterns cost time linear in the name, and match as regular expressions do."""

from __future__ import annotations

import random
import re
import time

import pytest

from rbsync.files.pattern_part import expression_of, linear_expression
from rbsync.files.pattern_steps import Steps
from rbsync.files.pattern_syntax import names_of, read_part
from rbsync.files.patterns import PatternError, compile_pattern

PATTERNS = 10_000


def _part(rng: random.Random, names: list[str], depth: int = 0) -> str:
    pieces = ["a", "b", "_", "ab", ".", "*", "*", "?", "[ab]", "[!a]", "CAPTURE", "CHOICE"]
    out = []
    for _ in range(rng.randint(1, 6)):
        piece = rng.choice(pieces)
        if piece == "CAPTURE":
            names.append(f"c{len(names)}")
            piece = f"{{{names[-1]}}}"
        elif piece == "CHOICE":
            inside = [_part(rng, names, depth + 1) for _ in range(rng.randint(2, 3))]
            piece = f"{{{','.join(inside)}}}" if depth < 2 else "a"
        out.append(piece)
    return re.sub(r"\*+", "*", "".join(out))


def test_the_steps_of_a_match_are_linear_in_the_name_for_every_pattern() -> None:
    rng = random.Random(1)
    for _ in range(PATTERNS):
        pieces = read_part(_part(rng, []), last=False)
        steps = Steps(pieces)
        name = "".join(rng.choice("aab_.") for _ in range(rng.randint(1, 60)))
        assert steps.effort(name) <= 2 * (len(steps) + 1) * (len(name) + 2)


def test_matches_and_captures_are_those_of_a_regular_expression() -> None:
    rng = random.Random(2)
    matched = 0
    for _ in range(PATTERNS):
        pieces = read_part(_part(rng, []), last=rng.random() < 0.5)
        means, linear = re.compile(expression_of(pieces)), linear_expression(pieces)
        for _ in range(4):
            name = "".join(rng.choice("aab_.") for _ in range(rng.randint(1, 8)))
            expected = means.fullmatch(name)
            found = Steps(pieces).match(name)
            assert (found is None) == (expected is None), (pieces, name)
            if expected and found is not None:
                matched += 1
                assert {**dict.fromkeys(names_of(pieces), ""), **found} == expected.groupdict("")
            if linear is not None:
                again = re.fullmatch(linear, name)
                assert (again and again.groupdict()) == (expected and expected.groupdict())
    assert matched > PATTERNS / 2


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * 7,
        "*a" * 400,
        "{a,aa}" * 9,
        "{a}" + "".join(f"a{{b{at}}}" for at in range(40)),
        "{a}" + "".join(f"{{b{at}}}" for at in range(100)),
        "*_" * 20 + "{case}.png",
        "{*a,*aa}" * 9,
        "{{x}*a,*{y}aa,a*{z}}*a*a*a*a",
        "**/a*/" * 40 + "b",
        "**/{a,aa}*/" * 9 + "b",
    ],
)
def test_the_slow_patterns_of_strangers_take_no_time(pattern) -> None:
    compiled = compile_pattern(pattern)
    deep = "/".join(["a" * 20] * 60)
    began = time.process_time()
    for name in ("a" * 60, "a" * 250, "a_" * 120, "aa." * 80 + "png"):
        compiled.file(name)
        compiled.folder(name)
        compiled.folder(deep)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("pattern", ["{a,aa}" * 60, "{a,b}/" * 10 + "x", "{a,{b,c,d}{e,f}}" * 4])
def test_more_choices_than_a_thousand_are_refused_with_their_number(pattern) -> None:
    with pytest.raises(PatternError, match="stand for more than 1,000 patterns; write `\\*`"):
        compile_pattern(pattern)


def test_a_pattern_that_is_too_long_is_refused_with_both_numbers() -> None:
    with pytest.raises(PatternError, match="the pattern has 1,001 letters; 1,000 are allowed"):
        compile_pattern("a" * 1001)


def test_the_unicode_form_never_decides() -> None:
    composed, apart = "M\u00fcller", "Mu\u0308ller"
    for pattern in (composed, apart):
        for name in (composed, apart):
            assert compile_pattern(f"{pattern}/*_{pattern}.png").matches(f"{name}/1_{name}.png")
    assert compile_pattern("M?ller.png").matches(f"{apart}.png")
    assert compile_pattern("{who}.png").file(f"{apart}.png") == {"who": composed}
