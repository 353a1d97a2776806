"""Text of others in terminals, logs of CI services, pages and spreadsheets."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.cli.escaping import for_csv, for_html, for_terminal, one_line
from rbsync.documents.text import dump


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb\x08", r"a\rb\x08"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\u200bx\ufeff", r"\u200bx\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        ("Zürich 東京 \U0001f600", "Zürich 東京 \U0001f600"),
        ("::add-mask::x", r"\x3a:add-mask::x"),
        ("  ::error::x", r"  \x3a:error::x"),
        ("a ##[add-mask]x", r"a #\x23[add-mask]x"),
        ("##vso[task.setvariable]x", r"#\x23vso[task.setvariable]x"),
        ("a::b ## c", "a::b ## c"),
    ],
)
def test_what_drives_a_terminal_or_a_log_is_spelled_out(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


@given(st.text())
def test_nothing_unseen_and_no_second_line_is_left(text: str) -> None:
    shown = one_line(text)
    assert "\n" not in shown
    assert not any(unicodedata.category(one) in ("Cc", "Zl", "Zp", "Cs") for one in shown)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert for_csv(text).startswith("'")


def test_a_cell_of_words_stays_as_it_is() -> None:
    assert for_csv("images/a=1.png") == "images/a=1.png"


def test_nothing_is_an_element_or_ends_an_attribute() -> None:
    shown = for_html("<img src=x onerror='y'>\"&")
    assert not set(shown) & set("<>'\"")
    assert shown.startswith("&lt;img")


@given(st.text())
def test_json_means_the_same_and_cannot_drive_a_terminal(text: str) -> None:
    written = dump({"name": text})
    assert json.loads(written)["name"] == text
    inner = written.replace("\n", "")
    assert not any(unicodedata.category(one) in ("Cc", "Zl", "Zp") for one in inner)
