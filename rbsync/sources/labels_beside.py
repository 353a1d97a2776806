"""Label files that are named after their datapoint's file: ``labels/{stem}.json?``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rbsync.errors import Problem
from rbsync.sources.base import Context
from rbsync.sources.naming import Template, TemplateError


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
    """Where the label file of each datapoint of a source is."""

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
        self._template = template_at(context, "labels", pattern, captures, fields) if text else None

    def of(self, path: str, captures: Mapping[str, str]) -> str | None:
        """The label file of a datapoint, None when it has none."""
        if self._template is None:
            return None
        file = self._template.fill(path, captures)
        return None if self._optional and self._is_missing(file) else file

    def _is_missing(self, file: str) -> bool:
        try:
            self._context.tree.place(file)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return False
