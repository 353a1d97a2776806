"""The label file or mask of each datapoint of a source, whose path a template says."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rbsync.errors import Location, Problem
from rbsync.files.kinds import PICTURES
from rbsync.guessing import nearest_name
from rbsync.sources.any_suffix import AnySuffix
from rbsync.sources.context import Context
from rbsync.sources.images_below import NotOneError
from rbsync.sources.naming import template_at


class Written(NamedTuple):
    """The key of a source that says where files are, and what they are called in messages."""

    key: str
    noun: str
    suffixes: tuple[str, ...]


LABELS = Written("labels", "label file", ("json", "txt", "xml"))
OPTIONAL_HINT = "where not each one has such a file, end the pattern with `?`"
MASK = Written("mask", "mask", tuple(suffix for kind in PICTURES for suffix in kind.suffixes))


class Found(NamedTuple):
    """The file of a datapoint, None when it has none, and why nobody can tell which it is."""

    path: str | None
    problem: Problem | None = None


class TemplateFiles:
    """The files of the datapoints of a source that stand under one of its keys."""

    def __init__(
        self,
        context: Context,
        text: str | None,
        captures: Sequence[str],
        fields: Sequence[str] = (),
        written: Written = LABELS,
    ) -> None:
        self._context, self._written = context, written
        self._optional = bool(text) and str(text).endswith("?")
        pattern = str(text).removesuffix("?") if text else ""
        self._has_root = False
        self._asked, self._has_any = 0, False
        self._template = (
            template_at(context, written.key, pattern, captures, fields) if text else None
        )
        self._any_suffix = AnySuffix(context.tree, written.suffixes)

    @property
    def is_wrong(self) -> bool:
        """Tells whether the template cannot be filled, or there is none."""
        return self._template is None

    def of(self, path: str, captures: Mapping[str, str]) -> Found:
        """The file of a datapoint."""
        if self._template is None:
            return Found(None)
        self._asked += 1
        try:
            found = self._find(self.at(path, captures))
        except NotOneError as error:
            self._has_any = True
            where = self._context.locate((self._written.key,))
            return Found(None, Problem("several-files", str(error), where, error.hint))
        if found:
            if not self._has_any:
                self._has_any = True
                self._context.witness(found)
                # It stays when its image goes, and then belongs to nobody.
                self._context.witness(path)
            return Found(found)
        # Asked once: without it each datapoint without labels would list the folder again.
        if not self._has_root:
            self._has_root = True
            self._doubt_unless_there(self._template.root)
        return Found(None)

    def at(self, path: str, captures: Mapping[str, str]) -> str:
        """The path of the file, whether it is there or not; empty where none is declared."""
        if self._template is None:
            return ""
        filled = self._template.fill(path, captures)
        # Beside a file of the first folder, which has no name, `{dir}/` stands for nothing.
        return filled if self._template.text.startswith("/") else filled.removeprefix("/")

    def warn_of_none(self) -> None:
        """Warns when no datapoint has the file that it may have: the template is misspelt."""
        rest = self._context.rest
        asked = self._asked + (rest.left if rest else 0)
        if not self._optional or self._has_any or not asked or self._template is None:
            return
        key, noun, _ = self._written
        # The code is the one of labels for masks too: they are labels.
        code, place = "no-labels", self._context.locate((key,))
        if not self._context.may_tell(code, place):
            return
        count = "the only datapoint" if asked == 1 else f"any of {asked:,} datapoints"
        message = f"no {noun} matches `{self._template.text}?`, for {count}"
        near = self._near(self._template.root)
        hint = f"did you mean `{near}/`?" if near else "check the spelling and the suffix"
        self._context.warn(Problem(code, message, place, hint))

    def warn_of_shared(self, place: Location) -> None:
        """Warns when several datapoints have one file because the template names no other.

        ``place`` is that of the template.
        """
        rest = self._context.rest
        asked = self._asked + (rest.left if rest else 0)
        if self._template is None or "{" in self._template.text or asked < 2:
            return
        text = self._template.text
        message = f"`{text}` is the {self._written.noun} of all {asked:,} datapoints of this source"
        folder, file = posixpath.split(text)
        each = posixpath.join(folder, "{stem}" + posixpath.splitext(file)[1])
        hint = f"where each image has one of its own, name them as in `{each}`"
        self._context.warn(Problem("shared-labels", message, place, hint))

    def _find(self, file: str) -> str:
        """The file of a path; empty for an optional one that is not there. Raises NotOneError."""
        found = self._any_suffix.find(file)
        if not self._optional:
            # What is not there is told where files are looked for.
            return found or file
        return self._context.tree.respelt(found) if self.is_missing(found) else found

    def _near(self, root: str) -> str:
        """A folder that is spelt much as the one that is not there."""
        parent, _, name = root.rpartition("/")
        try:
            folders = self._context.tree.listing(parent).folders
        except OSError:
            return ""
        if name in folders:
            return ""
        near = nearest_name(name, folders)
        return f"{parent}/{near}" if near and parent else near

    def _doubt_unless_there(self, root: str) -> None:
        """A folder that is gone as a whole is not mounted, or renamed, or not checked out: that
        nothing is in it says nothing of the labels that were there before.
        """
        try:
            self._context.tree.files(root)
        except OSError as error:
            noun = self._written.noun
            why = "is not there" if isinstance(error, FileNotFoundError) else "cannot be read"
            message = f"the folder `{root}` of the {noun}s {why}"
            hint = "mount it or put it back; labels are removed when it is there, without the files"
            where = self._context.locate((self._written.key,))
            self._context.doubt(Problem("no-label-folder", message, where, hint))

    def is_missing(self, file: str) -> bool:
        """Tells whether nothing stands at a path."""
        if not file:
            return True
        try:
            self._context.tree.place(file)
        except FileNotFoundError:
            return True
        # It is there and cannot be read, or leads out: an error to be told, and no reason to leave
        # the labels out.
        except OSError:
            return False
        return False
