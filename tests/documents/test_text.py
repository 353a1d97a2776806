"""Documents are JSON, whatever stands in them, and kind to diffs."""

from __future__ import annotations

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from rbsync.documents.text import dump, pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_member_stands_on_a_line_and_an_entry_of_a_list_too() -> None:
    document = {"a": 1, "list": [{"x": [1, 2]}, "ü"], "empty": [], "object": {"k": "v"}}
    assert dump(document) == (
        '{\n  "a": 1,\n  "list": [\n    {"x": [1, 2]},\n    "ü"\n  ],\n'
        '  "empty": [],\n  "object": {"k": "v"}\n}\n'
    )


@given(st.dictionaries(st.text(), VALUES, min_size=1, max_size=4))
def test_what_is_written_says_the_same(document) -> None:
    assert json.loads(dump(document)) == document


@given(st.text(st.characters(categories=["Cs", "Cc", "Lu", "Zl"])))
def test_any_text_can_be_written_down_as_utf8(odd) -> None:
    text = dump({"name": odd, odd: [odd]}).encode().decode()
    expected = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in odd)
    assert json.loads(text)["name"] == expected


def test_a_file_name_that_is_not_utf8_does_not_stop_a_document() -> None:
    name = os.fsdecode(b'caf\xe9 \xf0\x9f\xa9\xbb \n\x1b[31m"')
    assert json.loads(dump({"a": name}).encode()) == {"a": 'caf\ufffd 🩻 \n\x1b[31m"'}


def test_an_iterator_is_written_as_the_list_of_its_entries() -> None:
    for entries in ([], [{"a": 1}], [{"a": 1}, "b"]):
        document: dict[str, object] = {"first": 1, "entries": entries, "last": {}}
        streamed = {**document, "entries": iter(entries)}
        assert "".join(pieces(streamed)) == dump(document)
        assert json.loads(dump(document)) == document
