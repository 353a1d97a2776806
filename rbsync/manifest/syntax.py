"""Shows where a text stops being YAML or JSON: the reason, the source line and a caret."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.quoting import (
    ADVICE,
    comment_hint,
    opens_quote,
    quoted,
    quoting_hint,
    spacing_hint,
)

_WIDTH = 100
# The excerpt goes to logs. A key that was written here by mistake must not come along.
_SECRET = re.compile(
    r"((?:key|token|secret|password|credential)\w*[\"']?\s*[:=]\s*)\S.*", re.IGNORECASE
)


_CONFLICT = re.compile(rb"^<<<<<<<(?: |$)", re.MULTILINE)
_MERGE = "a merge conflict that is not resolved"
_MERGE_HINT = "keep what is right of both sides, without the lines of <<<<<<<, ======= and >>>>>>>"
_KEY = re.compile(r"\s*[\w.-]+\s*:(\s|$)")
_FAR = 50
"""Lines above an error that are looked at for what led to it."""


def syntax_error(error: yaml.YAMLError, data: bytes, file: str) -> UserError:
    """Returns what libyaml says, at its place."""
    if conflict := _CONFLICT.search(data):
        line = data.count(b"\n", 0, conflict.start())
        return broken(_MERGE, data, file, line, 0, _MERGE_HINT)
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return broken(_reason(error), data, file, mark.line, mark.column, _hint(error, data))
    # Only the reader, which looks at characters, has no mark.
    message = f"the file has a character that YAML does not allow: {_character(error)}"
    return UserError([Problem("syntax", message, _location(error, data, file))])


def broken(
    reason: str, data: bytes, file: str, line: int, column: int, hint: str = ""
) -> UserError:
    """The error for text that breaks off at a 0-based place."""
    message = "\n".join((reason, *_excerpt(data, line, column)))
    return UserError([Problem("syntax", message, Location(file, line + 1, column + 1), hint)])


def _reason(error: yaml.MarkedYAMLError) -> str:
    reason = error.problem or "not valid YAML"
    reason, context = _PLAIN.get(reason, reason), error.context or ""
    context = _WITHIN.get(context, context)
    if context and error.context_mark:
        return f"{reason}, {context} that begins in line {error.context_mark.line + 1}"
    return f"{reason}, {context}" if context else reason


# libyaml speaks of tokens, nodes and scalars, which are no words of those who write manifests.
_PLAIN = {
    "found character that cannot start any token": "no value can begin with this character",
    "did not find expected node content": "a value is expected here",
    "did not find expected key": "a key is expected here",
    "did not find expected '-' indicator": "a dash is expected here, as before the entries above",
    "did not find expected ',' or ']'": "a `,` or `]` is expected here",
    "did not find expected ',' or '}'": "a `,` or `}` is expected here",
    "did not find expected alphabetic or numeric character": "a name is expected here",
    "did not find expected <document start>": "this belongs to nothing that stands above",
    "mapping values are not allowed in this context": "no key can end here, with a colon",
    "could not find expected ':'": "a colon is expected here",
    "found unexpected end of stream": "the file ends here",
    "found unknown escape character": "after this backslash another character is expected",
}
_WITHIN = {
    "while scanning for the next token": "",
    "while scanning a simple key": "after the key",
    "while scanning a quoted scalar": "in the quoted text",
    "while parsing a quoted scalar": "in the quoted text",
    "while scanning an alias": "in the alias",
    "while scanning an anchor": "in the anchor",
    "while parsing a flow node": "",
    "while parsing a flow sequence": "in the list",
    "while parsing a block collection": "in the list",
    "while parsing a flow mapping": "in the mapping",
    "while parsing a block mapping": "in the mapping",
}


def _hint(error: yaml.MarkedYAMLError, data: bytes) -> str:
    mark = error.problem_mark
    # libyaml only says that no token can start there.
    if mark is not None and "\t" in _line(data, mark.line)[: mark.column + 1]:
        return "YAML is indented with spaces; this line has a tab"
    if mark is not None and (hint := _of_kind(error, mark, data)):
        return hint
    if mark is not None and (hint := _of_token(_line(data, mark.line), mark.column)):
        return hint
    # Where a value begins is told better by the context: a quote that is never closed is noticed at
    # the end of the file.
    marks = [mark, error.context_mark] if "quoted" not in str(error.context) else []
    for one in (*marks, error.context_mark):
        line = _line(data, one.line) if one is not None else ""
        if mark is not None and "#" not in line and _is_unclosed(error, mark, data):
            return "the file ends before a `[` or `{` above is closed"
        if hint := quoting_hint(line, secret=_SECRET.search(line) is not None):
            return hint
    # What stands behind such a sign is no part of the list, which then goes on in the next line.
    above = _line(data, mark.line - 1) if mark is not None and mark.line else ""
    return "" if _SECRET.search(above) else comment_hint(above)


def _is_unclosed(error: yaml.MarkedYAMLError, mark: yaml.Mark, data: bytes) -> bool:
    """Tells whether the text ended within brackets; a `#` may have hidden what closes them."""
    above = _line(data, mark.line - 1) if mark.line else ""
    is_within = "flow" in str(error.context) and "#" not in above
    return is_within and not data.decode(errors="replace")[mark.index :].strip()


def _of_token(line: str, column: int) -> str:
    """The hint for a value within brackets that begins with a mark of YAML; empty for others."""
    if line[column : column + 1] not in _RESERVED or not _IN_BRACKETS.match(line[:column]):
        return ""
    value = _TO_BRACKET.match(line[column:])
    if value is None or _SECRET.search(line):
        return ADVICE
    return quoted(value[0].strip())


_RESERVED = tuple("@`|%>&!")
_IN_BRACKETS = re.compile(r".*[{\[].*:\s+$")
_TO_BRACKET = re.compile(r"[^,}\]]+")


def _of_kind(error: yaml.MarkedYAMLError, mark: yaml.Mark, data: bytes) -> str:
    """The hint for mistakes that show elsewhere than they were made, or look like another."""
    if error.problem and "escape" in error.problem:
        return (
            "in double quotes a backslash begins an escape: write / between folders, or put single "
            "quotes around it"
        )
    began = error.context_mark
    if error.problem and "mapping values" in error.problem:
        return _of_colon(mark, data)
    if began is None or "block" not in str(error.context):
        return ""
    # A quote that is not closed ends at the next one, lines below, and only that line is no YAML.
    for at in range(max(began.line, mark.line - _FAR), mark.line):
        if opens_quote(_line(data, at)):
            return f"the quote that begins in line {at + 1} is not closed there"
    line = _line(data, mark.line)
    is_key = _KEY.match(line) and mark.column == len(line) - len(line.lstrip())
    return _COLUMNS if is_key and mark.column != began.column else ""


def _of_colon(mark: yaml.Mark, data: bytes) -> str:
    """The hint for a colon where no key can end: the text began in the lines above."""
    line, above = _line(data, mark.line), _line(data, mark.line - 1) if mark.line else ""
    if not _KEY.match(line) or not above.strip():
        return ""
    if hint := "" if _SECRET.search(above) else spacing_hint(above):
        return hint
    return _COLUMNS if _key_column(above) != _key_column(line) else ""


def _key_column(line: str) -> int:
    """The column of the key of a line, behind the dashes of lists."""
    return len(line) - len(line.lstrip(" -"))


_COLUMNS = "keys of one mapping begin in one column; this one does not begin as those above do"


def _excerpt(data: bytes, line: int, column: int) -> Sequence[str]:
    """The line, and below it a mark at the place; nothing where the text has just ended."""
    # Before the cut: a value that begins left of what is shown would not be known for a secret.
    text = _SECRET.sub(r"\1***", _line(data, line))
    if not text.strip():
        return ()
    start = max(0, column - _WIDTH // 2)
    # A tab is as wide as the terminal likes, and the mark below would stand elsewhere.
    shown = text[start : start + _WIDTH].replace("\t", " ")
    return f"    {shown}", f"    {' ' * (column - start)}^"


def _line(data: bytes, line: int) -> str:
    start = 0
    for _ in range(line):
        start = data.find(b"\n", start) + 1
    end = data.find(b"\n", start)
    text = data[start : end if end >= 0 else len(data)].decode("utf-8", "replace")
    return text.lstrip("\ufeff").rstrip("\r")


def _character(error: yaml.YAMLError) -> str:
    character = getattr(error, "character", 0)
    code = character if isinstance(character, int) else ord(character[:1] or "\0")
    return f"U+{code:04X}"


def _location(error: yaml.YAMLError, data: bytes, file: str) -> Location:
    before = data[: getattr(error, "position", 0)]
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace"))
    return Location(file, before.count(b"\n") + 1, column + 1)
