"""Names made from paths (``{path}``, ``{stem}``, captures of a glob), also those of label files."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping, Sequence

from rbsync.errors import Problem
from rbsync.files.kinds import suffix_of
from rbsync.guessing import nearest
from rbsync.sources.context import Context

MOST_LETTERS = 1_000
"""Of a template, as of a pattern: each field is as long as a path may be."""

FIELDS: dict[str, Callable[[str], str]] = {
    "path": lambda path: path,
    "dir": lambda path: path.rpartition("/")[0],
    "parent": lambda path: path.rpartition("/")[0].rpartition("/")[2],
    "stem": lambda path: split_suffix(path.rpartition("/")[2])[0],
    "suffix": lambda path: split_suffix(path)[1],
    "file": lambda path: path.rpartition("/")[2],
}


class TemplateError(ValueError):
    """A template that cannot be filled."""


def split_suffix(name: str) -> tuple[str, str]:
    """A file's name and its suffix as written, with the dot; ``.nii.gz`` counts as one."""
    suffix = suffix_of(name)
    if not suffix:
        return name, ""
    at = len(name) - len(".nii.gz") if suffix == "nii.gz" else name.rindex(".")
    return name[:at], name[at:]


class Template:
    """Text with fields in braces, filled from a path and a glob's captures."""

    def __init__(self, text: str, captures: Sequence[str] = (), fields: Sequence[str] = ()) -> None:
        """Raises TemplateError for a field that neither the path nor the glob has."""
        if len(text) > MOST_LETTERS:
            count = f"{len(text):,} letters; {MOST_LETTERS:,} are allowed"
            raise TemplateError(f"`{text[:40]}…` has {count}")
        self.text = text
        self._parts = _parse(text)
        known = list(dict.fromkeys((*(fields or FIELDS), *captures)))
        for _, field in self._parts:
            if field and field not in known:
                raise TemplateError(_unknown(field, known))
        self._captured = frozenset(captures)
        # The name of nearly every datapoint is its path; a million need no template filled.
        self.is_path = self._parts == [("", "path")] and "path" not in self._captured

    @property
    def root(self) -> str:
        """The folder that all filled texts begin with, empty where a field comes first."""
        return self._parts[0][0].rpartition("/")[0] if self._parts else ""

    def fill(self, path: str, captures: Mapping[str, str]) -> str:
        """The text for one path."""
        if self.is_path:
            return path
        return "".join(
            literal + self._field(field, path, captures) for literal, field in self._parts
        )

    def _field(self, field: str, path: str, captures: Mapping[str, str]) -> str:
        if not field:
            return ""
        # A capture wins over a field of the same name: whoever wrote `{stem}` into the pattern
        # means that.
        return captures[field] if field in self._captured else FIELDS[field](path)


def _parse(text: str) -> list[tuple[str, str]]:
    try:
        pieces = list(string.Formatter().parse(text))
    except ValueError as error:
        raise TemplateError(f"`{text}` cannot be read: {error}") from error
    for _, _, form, conversion in pieces:
        # `{stem!r}` and `{stem:>10}` are Python's, and other programs that read manifests do not
        # have them.
        if form or conversion:
            raise TemplateError(f"`{text}` has a format or a conversion; only `{{field}}` is known")
    if any(field == "" for _, field, _, _ in pieces):
        raise TemplateError(f"`{text}` has braces with nothing in them; `{{{{` stands for `{{`")
    return [(literal, field or "") for literal, field, _, _ in pieces]


def _unknown(field: str, known: Sequence[str]) -> str:
    near = nearest(field, known)
    guess = f"; did you mean `{{{near}}}`?" if near else ""
    return f"`{{{field}}}` is not known here{guess} (known: {', '.join(known)})"


def template_at(
    context: Context, key: str, text: str, captures: Sequence[str] = (), fields: Sequence[str] = ()
) -> Template | None:
    """The template that stands under a key of the source; None after reporting what is wrong."""
    try:
        return Template(text, captures, fields)
    except TemplateError as error:
        context.report(Problem("template", str(error), context.locate((key,))))
        return None


def nameless(context: Context) -> Problem:
    """The reason why files of a source are no datapoints whose template of names is wrong.

    What else is wrong with them is looked for all the same.
    """
    message = "its name is not known: see what is wrong with the names of its source"
    return Problem("template", message, context.origin)
