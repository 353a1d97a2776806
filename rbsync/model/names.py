"""The rule of datapoints' names, the same for a manifest, a call from Python and a project."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 512
"""Bytes of UTF-8."""

_HIDDEN = frozenset(("Cc", "Cf", "Zl", "Zp"))


def is_plain(name: str) -> bool:
    """Tells quickly that there is nothing wrong with a name; False says nothing."""
    return name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME


def hidden_in(name: str) -> str:
    """The first invisible character of a name, empty for none.

    Zero-width characters come with text that is copied from web pages. Two names that look alike
    would be two datapoints.
    """
    return next((one for one in name if unicodedata.category(one) in _HIDDEN), "")


def is_utf8(name: str) -> bool:
    """Tells whether a name can be written; halves of characters come from paths of other bytes."""
    return not any("\ud800" <= one <= "\udfff" for one in name)
