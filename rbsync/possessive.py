"""Patterns that never take back what a group of theirs has matched, on every Python.

Python 3.11.0 to 3.11.4, of which Debian 12 has one, leave a possessive repeat of a group in the
middle of a turn that does not match: ``(?:a(?!b))*+`` takes the ``a`` of ``ab`` (CPython's issue
106052).
"""

from __future__ import annotations

import re
from typing import AnyStr

_REPEAT = re.compile(r"\)([*?])\+")
_IS_SOUND = re.fullmatch("(?:a(?!b))*+ab", "ab") is not None


def compiled(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, for patterns in which possessive groups only save time."""
    return re.compile(pattern if _IS_SOUND else greedy(pattern), flags)


def greedy(pattern: AnyStr) -> AnyStr:
    """The pattern with greedy groups in place of possessive ones."""
    if isinstance(pattern, bytes):
        return _REPEAT.sub(r")\1", pattern.decode("ascii")).encode()
    return _REPEAT.sub(r")\1", pattern)
