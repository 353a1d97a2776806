"""The class of a refusal, by the words and codes in which the service gives it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from rbsync.backends.redbrick.http.network_errors import DeniedError
from rbsync.reasons import FailureKind

P = ParamSpec("P")
T = TypeVar("T")

# In this order: "rate limit exceeded" is throttling and no quota. That a name is taken is never
# told by words: the project is asked whether it has it. The words are of gateways of GraphQL
# (AppSync, Apollo), of the functions behind them, and of the service as its own client knows it.
_WORDS: tuple[tuple[FailureKind, str], ...] = (
    ("throttled", r"throttl|too many requests|rate[ _-]?(limit|exceeded)|slow ?down|429"),
    (
        "transient",
        r"timed?[ _-]?out|timeout|internal[ _-]?(server[ _-]?)?(error|failure)|temporar"
        r"|unavailable|try again|deadlock|connection|lambda:unhandled|overload|bad gateway",
    ),
    ("quota", r"quota|limit|exceed|upgrade|subscription|billing|payment|too large"),
)
_TABLE = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in _WORDS)

# By its code alone: it ends the run, and "access denied to this file" is about one datapoint.
_AUTH = re.compile(r"unauthori[sz]ed|unauthenticated|forbidden", re.IGNORECASE)


def kind_of(words: str, codes: str = "") -> FailureKind:
    """The class of a complete answer that is an error, by its words and the codes beside them.

    What neither tells is ``invalid``: to send the same again would have the same answer.
    """
    if _AUTH.search(codes):
        return "auth"
    text = f"{words} {codes}"
    return next((kind for kind, known in _TABLE if known.search(text)), "invalid")


def codes_of(errors: object) -> str:
    """Returns the codes that stand beside the messages of GraphQL's errors, as one text."""
    entries = errors if isinstance(errors, list) else [errors]
    found = [_code(one) for one in entries if isinstance(one, Mapping)]
    return " ".join(dict.fromkeys(code for code in found if code))


def _code(error: Mapping[str, Any]) -> str:
    """AppSync has a code beside the message, Apollo below `extensions`."""
    extensions = error.get("extensions")
    inner = extensions.get("code") if isinstance(extensions, Mapping) else None
    return " ".join(one for one in (error.get("errorType"), inner) if isinstance(one, str))


def told_apart(change: Callable[P, T]) -> Callable[P, T]:
    """Has the refusals of a change say their class.

    Questions keep theirs and are asked again, and so does an answer without a word: of that nobody
    can tell what was meant.
    """

    @wraps(change)
    def changed(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return change(*args, **kwargs)
        except DeniedError as error:
            if error.words or error.codes:
                error.kind = kind_of(error.words, error.codes)
            raise

    return changed
