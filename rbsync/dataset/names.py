"""Names of datapoints: normalised, printable, and each of them once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from rbsync.dataset.findings import Findings
from rbsync.errors import Problem
from rbsync.sources.base import Entry

MOST_BYTES = 512


def unique(entries: Iterable[Entry], findings: Findings) -> dict[str, Entry]:
    """The entries by name in normal form C; a name that is wrong or taken is reported."""
    seen: dict[str, Entry] = {}
    for given in entries:
        entry = given
        if not given.name.isascii():
            entry = given._replace(name=unicodedata.normalize("NFC", given.name))
        objection = _objection(entry.name)
        if objection:
            findings.of_entry(entry, Problem("name", objection, entry.origin))
            continue
        first = seen.setdefault(entry.name, entry)
        if first is not entry:
            findings.of_entry(entry, _taken(entry, first))
    _warn_of_lookalikes(seen, findings)
    return seen


def _objection(name: str) -> str:
    if name.isascii() and name.isprintable() and 0 < len(name) <= MOST_BYTES:
        return ""
    if not name:
        return "the name is empty"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return f"the name {name!a} comes from a path that is not UTF-8; rename the file"
    if size > MOST_BYTES:
        return f"the name {name[:40]!a}… has {size} bytes; the limit is {MOST_BYTES}"
    hidden = next(
        (one for one in name if unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")), ""
    )
    if hidden:
        return f"the name {name!a} has the invisible character U+{ord(hidden):04X}"
    return ""


def _taken(entry: Entry, first: Entry) -> Problem:
    if entry.origin == first.origin:
        which = f"({first.items[0]} and {entry.items[0]})"
        message = f"the name `{entry.name}` stands for two datapoints of this source {which}"
    else:
        message = f"the name `{entry.name}` is declared at {first.origin} already"
    hint = "names are unique in a project: add {dir} or {path} to one of them, or a capture"
    return Problem("duplicate-name", message, entry.origin, hint)


def _warn_of_lookalikes(seen: dict[str, Entry], findings: Findings) -> None:
    folded: dict[str, str] = {}
    for name, entry in seen.items():
        other = folded.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
        if other != name:
            message = f"the names `{other}` and `{name}` differ only in case or form"
            findings.warn(Problem("lookalike", message, entry.origin))
