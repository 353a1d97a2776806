"""A name is accepted by a manifest, by Python's interface and by a project, or by none of them."""

from __future__ import annotations

import pytest

from rbsync.backends.rules import name_flaw
from rbsync.dataset.expanding import _objection
from rbsync.model.names import LONGEST_NAME, hidden_in, is_plain, is_utf8

FINE = ["a", "Zürich 7", "深度/図.png", "x" * LONGEST_NAME]
ODD = ["", "a\nb", "a\x00", "a\u200bb", "a\u202eb", "a\u2028b", "\ud800", "\udcff.png", "ü" * 300]


@pytest.mark.parametrize("name", FINE)
def test_what_is_fine_is_fine_for_all(name: str) -> None:
    assert (_objection(name), name_flaw(name)) == ("", None)
    assert not hidden_in(name)
    assert is_utf8(name)


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_odd_for_all(name: str) -> None:
    assert _objection(name)
    assert name_flaw(name) is not None
    assert not is_plain(name)
