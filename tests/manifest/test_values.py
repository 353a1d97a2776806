"""What the scalars of a document become."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rbsync.manifest.plain import Plain, typed
from tests.manifest.reading import read


@pytest.mark.parametrize(
    "written", ["0123", "NO", "no", "yes", "12:30:45", "1e3", "2024-01-01", "0x1F", ".inf", "1_000"]
)
def test_a_plain_value_is_kept_as_it_was_written(written: str) -> None:
    assert read(f"name: {written}").value == {"name": written}


@pytest.mark.parametrize("written", ["null", "Null", "NULL", "~", ""])
def test_nothing_is_none(written: str) -> None:
    assert read(f"name: {written}").value == {"name": None}


def test_a_quoted_null_is_text() -> None:
    assert read("name: 'null'").value == {"name": "null"}


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1), ("-0.5", -0.5), ("1e3", 1000.0), ("true", True), ("false", False), ("0", 0)],
)
def test_what_json_reads_as_a_number_or_boolean_can_be_typed(written: str, value: object) -> None:
    read_value = read(f"a: [{written}]").value
    assert isinstance(read_value["a"][0], Plain)
    (found,) = typed(read_value)["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("written", ["'1'", "0123", "True", "yes", "+1", "1.", ".5", "'true'"])
def test_everything_else_stays_text_when_typed(written: str) -> None:
    assert typed(read(f"a: {written}").value) == {"a": written.strip("'")}


@pytest.mark.parametrize("written", ["1e999", "9" * 5000])
def test_a_number_that_no_float_holds_stays_text(written: str) -> None:
    assert typed(read(f"a: {written}").value) == {"a": written}


def test_core_tags_on_scalars_are_allowed() -> None:
    text = "a: !!str 12\nb: !!int 5\nc: !!null ~\nd: ! 5\ne: !!bool true"
    assert read(text).value == {"a": "12", "b": "5", "c": None, "d": "5", "e": "true"}


def test_tagged_text_is_not_typed() -> None:
    assert typed(read("a: !!str 12\nb: !!int 5").value) == {"a": "12", "b": 5}


def test_aliases_stand_for_their_anchors() -> None:
    assert read("a: &x {b: 1}\nc: *x\nd: [&y z, *y]").value == {
        "a": {"b": "1"},
        "c": {"b": "1"},
        "d": ["z", "z"],
    }


def test_written_keys_win_over_merged_ones_and_earlier_merged_ones_over_later() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}"
    assert read(text).value["c"] == {"x": "3", "y": "1", "z": "2"}


def test_a_byte_order_mark_is_accepted() -> None:
    document = read(b"\xef\xbb\xbfversion: 1")
    assert document.value == {"version": "1"}
    assert document.locate(("version",), key=True)[1:] == (1, 1)


@pytest.mark.parametrize("empty", ["", "# nothing\n", "---\n", "null\n"])
def test_an_empty_file_is_none(empty: str) -> None:
    assert read(empty).value is None


def test_the_reader_does_not_need_the_schema_library() -> None:
    script = "import sys, rbsync.manifest.document; print('pydantic' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"
