"""A name is accepted by a manifest, by Python's interface and by a project, or by none of them."""

from __future__ import annotations

import pytest

from rbsync.backends.rules import name_flaw
from rbsync.dataset.expanding import _objection
from rbsync.model.names import LONGEST_NAME, hidden_in, is_plain, is_utf8

PERSIAN, HINDI = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0915\u094d\u200d.png"
FAMILY, RAINBOW = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f3f3\ufe0f\u200d\U0001f308"
SKIN, WALES = (
    "\U0001f469\U0001f3fd\u200d\U0001f52c",
    "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
)
JOINED = [PERSIAN, HINDI, FAMILY, RAINBOW, SKIN, WALES, "\u0600\u0661"]
FINE = ["a", "Zürich 7", "深度/図.png", "x" * LONGEST_NAME, *JOINED]
ODD = ["", "a\nb", "a\x00", "a\u200bb", "a\u202eb", "a\u2028b", "\ud800", "\udcff.png", "ü" * 300]
ODD += ["a\u200cb", "\u200da", "a\u00adb", "\u0645\u202b", "\u0645\u2067x", "a\U000e0067"]


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
