"""Text of others, made harmless for the place where it is shown.

Names of files and tasks, and what a service says, are written by people whom nobody knows. What
is shown of them must neither drive the program that shows it nor look like something of ours.
"""

from __future__ import annotations

import re

from rbsync.model.names import JOINERS, is_hidden

# Control characters, directions of writing, and what takes no space: none can be seen.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)

# By such a line, or with such a word in it, CI services are told to do things.
_COMMAND = re.compile(r"##(?=\w*\[)|^(?P<space>\s*):(?=:)", re.MULTILINE)

_FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_TICKS = re.compile("`+")


def for_terminal(text: str) -> str:
    """Lines that a terminal, and the log of a CI service, only show."""
    # First: a character without width inside of a command word would hide it from the next pattern.
    text = _UNSEEN.sub(_escape, text)
    # Hardly any line has these; the others are spared the search.
    if "##" in text or "::" in text:
        text = _COMMAND.sub(_spell_out, text)
    return text


def one_line(text: str) -> str:
    """As `for_terminal`, on one line: a line break in a name would begin a line of its own."""
    return for_terminal(text.replace("\n", r"\n").replace("\t", r"\t"))


def for_markdown(text: str) -> str:
    """A code span, which holds in a table's cell too.

    Nothing in code is markup, and no site makes links, images or mentions of it. Escaped letters
    would not do: what renders them as letters is often followed by what looks for mentions.
    """
    # Not empty: two ticks with nothing between are no code, and pair with later ones.
    shown = one_line(text).replace("|", r"\x7c") or " "
    ticks = "`" * (max(map(len, _TICKS.findall(shown)), default=0) + 1)
    # A tick at an edge would join the fence, and a blank at both edges would be stripped.
    space = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{ticks}{space}{shown}{space}{ticks}"


def for_html(text: str) -> str:
    """The content of an element, or of a quoted attribute."""
    # Only reports are HTML, and the names of all its entities take long to import.
    import html

    return html.escape(one_line(text), quote=True)


def for_csv(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    shown = one_line(text)
    return f"'{shown}" if _FORMULA.match(text) else shown


def _escape(found: re.Match[str]) -> str:
    one, at = found.group(), found.start()
    # Where a script is written with joiners, words without them are misspelt.
    if one in JOINERS and at and not is_hidden(one, found.string[at - 1]):
        return one
    return found.group().encode("unicode_escape").decode()


def _spell_out(found: re.Match[str]) -> str:
    return r"#\x23" if found["space"] is None else found["space"] + r"\x3a"
