"""Names made from paths (``{path}``, ``{stem}``, captures of a glob), also those of label files."""

from __future__ import annotations

import difflib
import string
from collections.abc import Callable, Mapping, Sequence

from rbsync.errors import Problem
from rbsync.files.kinds import suffix_of
from rbsync.sources.base import Context

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
        self._is_path = self._parts == [("", "path")] and "path" not in self._captured

    @property
    def root(self) -> str:
        """The folder that all filled texts begin with, empty where a field comes first."""
        return self._parts[0][0].rpartition("/")[0] if self._parts else ""

    def fill(self, path: str, captures: Mapping[str, str]) -> str:
        """The text for one path."""
        if self._is_path:
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
    near = difflib.get_close_matches(field, known, n=1)
    guess = f"; did you mean `{{{near[0]}}}`?" if near else ""
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


class LabelFiles:
    """The label files of the datapoints of a source."""

    def __init__(
        self,
        context: Context,
        text: str | None,
        captures: Sequence[str],
        fields: Sequence[str] = (),
    ) -> None:
        self._context = context
        self._optional = bool(text) and str(text).endswith("?")
        pattern = str(text).removesuffix("?") if text else ""
        self._has_root = False
        self._asked, self._has_any = 0, False
        self._template = template_at(context, "labels", pattern, captures, fields) if text else None

    def of(self, path: str, captures: Mapping[str, str]) -> str | None:
        """The label file of a datapoint, None when it has none."""
        if self._template is None:
            return None
        file = self.at(path, captures)
        self._asked += 1
        spelt = file
        if self._optional and self._is_missing(file):
            spelt = self._context.tree.respelt(file)
        if spelt:
            self._has_any = True
            return spelt
        if not self._has_root:
            self._has_root = True
            self._doubt_unless_there(self._template.root)
        return None

    def at(self, path: str, captures: Mapping[str, str]) -> str:
        """The path of the label file, whether it is there or not; empty where none is declared."""
        return self._template.fill(path, captures) if self._template else ""

    def warn_of_none(self) -> None:
        """Warns when no datapoint has the label file that it may have: the template is misspelt."""
        if not self._optional or self._has_any or not self._asked or self._template is None:
            return
        count = "the only datapoint" if self._asked == 1 else f"any of {self._asked:,} datapoints"
        message = f"no label file matches `{self._template.text}?`, for {count}"
        near = self._near(self._template.root)
        hint = f"did you mean `{near}/`?" if near else "check the spelling and the suffix"
        self._context.warn(Problem("no-labels", message, self._context.locate(("labels",)), hint))

    def _near(self, root: str) -> str:
        """A folder that is spelt much as the one that is not there."""
        parent, _, name = root.rpartition("/")
        try:
            folders = self._context.tree.listing(parent).folders
        except OSError:
            return ""
        if name in folders:
            return ""
        near = difflib.get_close_matches(name, folders, n=1)
        return f"{parent}/{near[0]}" if near and parent else "".join(near)

    def _doubt_unless_there(self, root: str) -> None:
        """A folder that is gone as a whole is not mounted, or renamed, or not checked out: that
        nothing is in it says nothing of the labels that were there before.
        """
        try:
            self._context.tree.files(root)
        except OSError as error:
            why = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
            message = f"the folder `{root}` of the label files {why}"
            hint = "mount it or put it back; labels are removed when it is there, without the files"
            where = self._context.locate(("labels",))
            self._context.doubt(Problem("no-label-folder", message, where, hint))

    def _is_missing(self, file: str) -> bool:
        try:
            self._context.tree.place(file)
        except FileNotFoundError:
            return True
        # It is there and cannot be read, or leads out: an error to be told, and no reason to leave
        # the labels out.
        except OSError:
            return False
        return False
