"""Every key and value has the line and column at which it stands."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rbsync.errors import Location
from rbsync.manifest import yaml_events
from rbsync.manifest.document import Document, Path
from rbsync.manifest.plain import typed
from tests.manifest.reading import read

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=12)
# These end a line for YAML and not for an editor.
LINE_BREAKS = re.compile("[\x85\u2028\u2029\ufeff\ufffe\uffff]")
TEXT = WORDS.map(lambda text: LINE_BREAKS.sub("", text))
SCALARS = TEXT | st.integers() | st.booleans() | st.none() | st.floats(-1e6, 1e6)
NESTED = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


def paths(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict | list):
        for step, member in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(member, (*path, step))


def rest(text: str, place: Location) -> str:
    """The text from a place on."""
    lines = text.split("\n")
    return "\n".join([lines[place.line - 1][place.column - 1 :], *lines[place.line :]])


def check_json_places(text: str, document: Document) -> None:
    decode = json.JSONDecoder().raw_decode
    for path, value in paths(typed(document.value)):
        assert decode(rest(text, document.locate(path)))[0] == value
        if path and isinstance(path[-1], str):
            assert decode(rest(text, document.locate(path, key=True)))[0] == path[-1]


@given(NESTED, st.sampled_from([None, 2]), st.booleans())
def test_json_reads_back_and_every_place_is_right(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if text[0] not in "[{" and "\\ud" in text:
        return
    document = read(text)
    assert typed(document.value) == value
    check_json_places(text, document)


@given(NESTED, st.booleans())
def test_yaml_reads_back_as_text(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow, sort_keys=False)
    expected = yaml.load(text, Loader=yaml.CBaseLoader)
    assert _without_null(read(text).value) == _without_null(expected)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_null(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_null(member) for member in value]
    return None if value in ("null", "~", "", "Null", "NULL") else value


@given(NESTED, st.booleans())
def test_every_place_in_yaml_is_that_of_the_composed_node(value: Any, flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow, width=30)
    document = read(text)
    for path, place, is_key in node_places(yaml.compose(text, Loader=yaml.CBaseLoader)):
        assert document.locate(path, key=is_key)[1:] == place


def node_places(node: Any, path: Path = ()) -> Iterator[tuple[Path, tuple[int, int], bool]]:
    yield path, _place(node), False
    if isinstance(node, yaml.MappingNode):
        for key, member in node.value:
            yield (*path, key.value), _place(key), True
            yield from node_places(member, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, member in enumerate(node.value):
            yield from node_places(member, (*path, index))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


@settings(max_examples=50)
@given(NESTED)
def test_the_slow_parser_gives_the_same(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True)
    fast = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_events, "_PARSER", yaml.BaseLoader)
        slow = read(text)
    assert slow.value == fast.value
    assert slow.locate(()) == fast.locate(())


def test_places_in_a_document_with_everything() -> None:
    text = "a: &x {b: 1, c: [2, 3]}\nd: *x\ne:\n  <<: *x\n  f: 4\n  f: 5\ng: é\n"
    document = read(text, strict=False)
    places = {
        ("a", "c", 1): (1, 21),
        ("d",): (2, 4),
        ("d", "c", 0): (1, 18),
        ("e", "b"): (1, 11),
        ("e", "f"): (5, 6),
        ("g",): (7, 4),
        ("e", "missing"): (4, 3),
        ("missing",): (1, 1),
    }
    assert {path: document.locate(path)[1:] for path in places} == places
    assert document.locate(("e", "b"), key=True)[1:] == (1, 8)
    assert document.locate(("e", "f"), key=True)[1:] == (5, 3)


@pytest.mark.parametrize(
    "text",
    [
        '{"caf\\u00e9": "a\\/b", "n": 1}',
        '["\\ud83d\\ude00 \\ud83d\\ude00", {"x": [1, true, null]}]',
        '{\n\t"tab": [1,\n\t\t2]\n}',
        '{"%s": ["a"]}' % ("k" * 3000),
        '{"a": "\x7f", "b": []}',
        '\ufeff{"a": "\\ud83d\\ude00"}',
    ],
)
def test_json_files_have_exact_places(text: str) -> None:
    document = read(text)
    text = text.removeprefix("\ufeff")
    assert typed(document.value) == json.loads(text)
    check_json_places(text, document)


def test_broken_json_is_told_where_it_breaks() -> None:
    with pytest.raises(Exception, match=r"1:23: the JSON cannot be read: expecting ':'"):
        read('["\\ud83d\\ude00", {"a" 1}]')


def test_half_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(Exception, match=r"1:6: half a surrogate pair"):
        read('["a","\\ud83d"]')


def test_the_entries_of_a_list_are_found_in_one_pass() -> None:
    text = "d:\n" + "".join(f"  - {{n: {i}}}\n" for i in range(1000))
    document = read(text)
    places = document.locations_of_items(("d",))
    assert len(places) == 1000
    assert list(places) == [document.locate(("d", i)) for i in range(1000)]
    assert [place.line for place in places[998:]] == [1000, 1001]
    assert list(document.locations_of_items(("missing",))) == []


def test_looking_up_many_entries_of_a_long_list_is_quick() -> None:
    document = read("d:\n" + "  - {n: 1}\n" * 20_000)
    began = time.process_time()
    for index in range(20_000):
        document.locate(("d", index, "n"))
    assert time.process_time() - began < 2
