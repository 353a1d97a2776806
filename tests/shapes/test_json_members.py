"""Members of a JSON list are those of the whole, and none is read that is too large."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rbsync.shapes import json_members
from rbsync.shapes.json_members import LineCounter, MembersError, is_list, members, refuse_large

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def read(text: str) -> list[Any]:
    return [one.value for one in members(text)]


@pytest.fixture(params=[1, 7, 64, 4 << 20])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(json_members, "_WINDOW", request.param)
    return int(request.param)


@settings(max_examples=60)
@given(values=st.lists(VALUES, max_size=8), indent=st.sampled_from([None, 1]), ascii=st.booleans())
def test_members_are_those_of_the_whole_list(values: Any, indent: Any, ascii: bool) -> None:  # noqa: A002
    text = json.dumps(values, indent=indent, ensure_ascii=ascii)
    for window in (1, 16, 200):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(json_members, "_WINDOW", window)
            found = list(members(text))
        assert [one.value for one in found] == values
        assert [json.loads(text[one.begin : one.end]) for one in found] == values


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("[1, x]", 4),
        ('[{"a": 1} {"b": 2}]', 10),
        ("[1, 2", 5),
        ("[1] more", 4),
        ('["a', 1),
        ('[{"a": }]', 7),
        ("[[1, 2, [3]", 11),
        ("[" + "9" * 5000 + "]", 1),
        ("[" * 100_000, 1),
    ],
)
def test_what_is_no_list_is_told_with_its_place(text: str, offset: int) -> None:
    with pytest.raises(MembersError) as caught:
        read(text)
    assert caught.value.offset == offset


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize(
    ("member", "words"),
    [
        ("[" + "0," * 200 + "0]", "more than 100 values"),
        ('{"a": ' * 120 + "1" + "}" * 120, "more than 100 values"),
        ('"' + "x" * 2000 + '"', "an entry has more than"),
        ('"' + '\\"' * 1000, "an entry has more than"),
    ],
)
def test_a_member_that_is_too_large_is_not_read(
    member: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_members, "MOST_NODES", 100)
    monkeypatch.setattr(json_members, "MOST_LETTERS", 1500)
    if json_members._WINDOW < 1000:
        with pytest.raises(MembersError, match=words) as caught:
            read(f"[1, {member}, 2]")
        assert caught.value.offset == 4
    with pytest.raises(MembersError, match=words):
        refuse_large(member)


def test_commas_of_a_text_are_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_members, "MOST_NODES", 100)
    refuse_large(json.dumps([",[{" * 200]))


def test_lines_and_columns_are_counted_from_one() -> None:
    lines = LineCounter("[\n  1,\n 2]")
    assert [lines.at(offset) for offset in (0, 4, 8)] == [(1, 1), (2, 3), (3, 2)]


@pytest.mark.parametrize(("text", "so"), [(" \n[", True), ("{}", False), ("", False)])
def test_a_list_is_told_by_its_first_letter(text: str, so: bool) -> None:
    assert is_list(text) == so
