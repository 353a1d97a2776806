"""Sources of datapoints whose labels stand in files beside them: LabelObjects, or masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from rbsync.errors import Problem
from rbsync.shapes.setting import setting
from rbsync.sources.context import Context
from rbsync.sources.entry import UNREADABLE, Entry, InlineLabels, MaskLabels, Members
from rbsync.sources.one_mask import OneMaskSettings
from rbsync.sources.template_files import MASK, OPTIONAL_HINT, TemplateFiles
from rbsync.sources.tool_labels import ToolFiles, ToolLabels


class MaskedSource(OneMaskSettings):
    """The keys of the masks of datapoints, for every source that may have some."""

    mask: str | None = setting(
        default=None,
        description="The mask of each, read as its `class_map`, `format` and the keys beside them "
        "say; with `?` at its end: if it exists; with `.*`: whatever its suffix is.",
        examples=["masks/{stem}.png?"],
    )

    def masks(self, context: Context) -> MaskLabels | None:
        """The labels of masks, but for their files; None without masks, or after reporting."""
        if self.mask is None:
            self._report_idle(context)
            return None
        if self.class_map is None:
            hint = "write `class_map: FILE`, a JSON file {category: [r, g, b]}"
            message = "the masks have no `class_map`, which says what their colours mean"
            context.report(Problem("class-map", message, context.locate(("mask",)), hint))
            return None
        recipe = self.mask_recipe(context, self.class_map)
        return self.labels_of(recipe, (), self.class_map) if recipe else None

    def _report_idle(self, context: Context) -> None:
        """Reports the keys that say how masks are read, where there are none."""
        for key, default in _DEFAULTS.items():
            if getattr(self, key) == default:
                continue
            message = f"`{key}` says how masks are read, and there is no `mask`"
            hint = 'write where they are, such as `mask: "masks/{stem}.png?"`, or take it out'
            context.report(Problem("no-mask", message, context.locate((key,)), hint))


_DEFAULTS = {
    one.name: one.default
    for one in sorted(fields(OneMaskSettings), key=lambda one: one.name)
    if one.name in OneMaskSettings.own_keys()
}


class FileLabels:
    """The labels of the datapoints of a source, from the files that its templates name."""

    def __init__(
        self,
        source: MaskedSource,
        context: Context,
        captures: Sequence[str] = (),
        fields: Sequence[str] = (),
        *,
        labels: str | ToolLabels | None,
        mask: str | None,
    ) -> None:
        """Reports what is wrong with the templates and with the settings."""
        self._context = context
        self._tool = ToolFiles(labels, context) if isinstance(labels, ToolLabels) else None
        labels = labels.file if isinstance(labels, ToolLabels) else labels
        self._objects = TemplateFiles(context, labels, captures, fields)
        self._masks = TemplateFiles(context, mask, captures, fields, MASK)
        self._mask = source.masks(context)
        self._wrong = self._source_problem(context, labels, mask)
        self.members = Members(context.locate, source.key, "labels")
        self._of_masks = self.members._replace(labels="mask")

    @property
    def is_wrong(self) -> bool:
        """Tells whether no datapoint of the source can be planned."""
        return self._wrong is not None

    def entry(
        self,
        name: str,
        items: tuple[str, ...],
        path: str,
        captures: Mapping[str, str],
        inline: InlineLabels | None = None,
        found_at: str = "",
    ) -> Entry:
        """The datapoint of a path, with its labels; ``inline`` are those that the source has."""
        objects, mask = self._objects.of(path, captures), self._masks.of(path, captures)
        problems = [one.problem for one in (objects, mask) if one.problem]
        labels: str | InlineLabels | MaskLabels | None = inline or objects.path
        made_from = ""
        if self._tool and objects.path:
            labels, wrong = self._tool.read(objects.path, items[0])
            problems += wrong
            made_from = "" if wrong else objects.path
        if labels and mask.path:
            problems.append(self._both(name, objects.path, mask.path))
        if mask.path and self._mask:
            labels = self._mask._replace(files=(mask.path,))
        elif mask.path and self._masks.is_missing(mask.path):
            # That its class map is none hides no file that is missing.
            where = self._context.locate(("mask",))
            message, hint = f"there is no file `{mask.path}`", OPTIONAL_HINT if found_at else ""
            problems.append(Problem("missing-file", message, where, hint))
        return Entry(
            name,
            items,
            labels,
            self._context.settings,
            self._context.origin,
            tuple(problems),
            # What is pulled are LabelObjects, which the file of another tool must not become.
            labels_at="" if self._tool else self._objects.at(path, captures),
            members=self._of_masks if mask.path else self.members,
            barred=self._wrong,
            found_at=found_at,
            asked=self._context.tree.take_asked(),
            made_from=made_from,
        )

    def _source_problem(
        self, context: Context, labels: str | None, mask: str | None
    ) -> Problem | None:
        """The reason why no datapoint of the source can be planned: nobody knows its labels.

        With `--keep-going` they would lose those that they have.
        """
        if (labels and self._objects.is_wrong) or (mask and self._masks.is_wrong):
            return Problem(
                "template",
                "its labels are not known: see what is wrong with their source",
                context.origin,
            )
        if mask and self._mask is None:
            return Problem("class-map", UNREADABLE, context.origin)
        return None

    def conclude(self) -> None:
        """Warns of templates that no datapoint has a file for, or all have the same one."""
        self._objects.warn_of_none()
        self._masks.warn_of_none()
        if self._tool:
            self._tool.conclude()
        # LabelObjects and masks may be meant for all images: a verdict, the region of a camera.
        if self._tool and not self._tool.is_one_file:
            self._objects.warn_of_shared(self._context.locate(("labels", "file")))

    def _both(self, name: str, objects: str | None, mask: str) -> Problem:
        first = f"`{objects}`" if objects else "those under `labels`"
        message = f"`{name}` has labels of two kinds, {first} and the mask `{mask}`"
        hint = "take one of the two files away, or leave `labels` or `mask` out"
        return Problem("labels-twice", message, self._context.locate(("mask",)), hint)
