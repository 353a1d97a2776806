"""Patterns of datapoints' names, as the command line has them: the globs of paths."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from rbsync.errors import UsageError
from rbsync.files.patterns import PatternError, compile_parts, match_parts

TARGET_HINT = "`rbsync expand` lists all names; `*` stays between two slashes, `**` goes past them"


@lru_cache(maxsize=64)
def name_pattern(text: str | None, *, anywhere: bool = False) -> Callable[[str], bool]:
    """Tells which names a pattern matches: all without one, and the name that is the very text.

    With ``anywhere`` a pattern without a slash is looked for in every folder, as a rule of an
    ignore file is. Raises UsageError.
    """
    if not text:
        return lambda _: True
    try:
        deep = anywhere and "/" not in text
        parts = compile_parts(f"**/{text}" if deep else text, captures=False)
    except PatternError as error:
        raise UsageError(f"the pattern `{text}` cannot be read: {error}") from error
    return lambda name: name == text or match_parts(parts, name.split("/")) is not None
