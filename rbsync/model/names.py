"""The rule of datapoints' names, the same for a manifest, a call from Python and a project."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import xxhash

LONGEST_NAME = 512
"""Bytes of UTF-8."""

_HIDDEN = frozenset(("Cc", "Cf", "Zl", "Zp"))

# Of category Cf, and visible: number signs of Arabic, Syriac and Kaithi, which enclose digits.
_SIGNS = frozenset("\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd") | frozenset(
    map(chr, range(0x600, 0x606))
)
JOINERS = "\u200c\u200d"
"""The zero-width non-joiner and joiner, which Persian, Hindi and emoji are written with."""

# Before a joiner: letters without case, signs that go with them, emoji and their skin tones. Latin,
# Greek and Cyrillic letters have case, and a joiner among them is seen by nobody.
_JOINED = frozenset(("Lo", "Mn", "Mc", "So", "Sk"))
_FLAG = "\U0001f3f4"
_TAGS = range(0xE0020, 0xE0080)


def is_plain(name: str) -> bool:
    """Tells quickly that there is nothing wrong with a name; False says nothing."""
    return name.isascii() and name.isprintable() and 0 < len(name) <= LONGEST_NAME


def hidden_in(name: str) -> str:
    """The first invisible character of a name that has no business there, empty for none.

    Zero-width characters come with text that is copied from web pages. Two names that look alike
    would be two datapoints. Joiners are part of the text where Unicode's annex 31 has them.
    """
    # Nearly all names, of which a million are looked at.
    if name.isascii() and name.isprintable():
        return ""
    return next((one for before, one in pairwise("\0" + name) if is_hidden(one, before)), "")


def is_hidden(one: str, before: str) -> bool:
    """Tells whether a character cannot be seen and is no part of the text, after another one."""
    if unicodedata.category(one) not in _HIDDEN or one in _SIGNS:
        return False
    if one in JOINERS:
        return unicodedata.category(before) not in _JOINED
    # The flags of Scotland and Wales are a black flag and its name in invisible letters.
    return not (ord(one) in _TAGS and (before == _FLAG or ord(before) in _TAGS))


def is_utf8(name: str) -> bool:
    """Tells whether a name can be written; halves of characters come from paths of other bytes."""
    return name.isascii() or not any("\ud800" <= one <= "\udfff" for one in name)


# With and without a joiner a word of Persian looks much the same.
_UNJOINED = str.maketrans("", "", JOINERS)


def plain_form(name: str) -> str:
    """A name without what people do not see: case, form and joiners."""
    return unicodedata.normalize("NFKC", name).casefold().translate(_UNJOINED)


def fold_of(name: str) -> int:
    """A number that is the same for names that people take for one another."""
    plain = name.lower() if name.isascii() else plain_form(name)
    return xxhash.xxh3_64_intdigest(plain.encode())
