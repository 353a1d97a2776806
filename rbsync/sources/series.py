"""A study of several series, scans with segmentations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from rbsync.errors import Location, Problem
from rbsync.files.patterns import Pattern
from rbsync.model.datapoint import SeriesSettings
from rbsync.model.storages import is_uploaded
from rbsync.shapes.setting import setting
from rbsync.sources.base import SourceModel
from rbsync.sources.context import Context
from rbsync.sources.entry import Entry, Members
from rbsync.sources.excluding import Exclusions
from rbsync.sources.matching import Search, matching_files, pattern_at
from rbsync.sources.study import FILES, GivenSeries, map_problems, study_entry

_WILD = frozenset("*?[{")


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series of a study."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    items: str | list[str] = setting(
        description="The files of the series, or patterns of them, whose matches are put in "
        "natural order; URLs or keys with another storage.",
        examples=["study1/ct/*.dcm"],
    )
    segmentations: str | list[str] | dict[str, str] | None = setting(
        default=None,
        description="NIfTI or NRRD files (.nii, .nii.gz, .nrrd) on the grid of the scan, or "
        "patterns of them; several are merged, and must not contradict each other. Binary files of "
        "one structure each: {liver: FILE, tumour: FILE}, or a pattern with a capture for the "
        "structure's name.",
        examples=["study1/seg.nii.gz", {"liver": "study1/liver.nii.gz"}],
    )
    segment_map: dict[str, str] | None = setting(
        default=None,
        description="The category of each value in the segmentations; 0 is background.",
        examples=[{"1": "liver", "2": "tumour"}],
    )
    name: str = setting(default="", description="The series' name.", examples=["arterial phase"])
    metadata: dict[str, str] | None = setting(
        default=None, description="Texts kept with the series.", examples=[{"contrast": "yes"}]
    )
    grid: Literal["check", "trust"] = setting(
        default="check",
        description="check: a segmentation must lie on the grid of its scan. trust: it is sent as "
        "it is, whatever the files say of their sizes and places.",
        examples=["trust"],
    )


class SeriesSource(SourceModel):
    """A study: several series, scans with NIfTI segmentations."""

    key: ClassVar[str] = "series"
    joins_folders: ClassVar[bool] = True
    is_group: ClassVar[bool] = True

    name: str = setting(description="The datapoint's name.", examples=["study1"])
    series: list[Series] = setting(
        min_length=1, description="The series of the study.", examples=[[{"items": "ct/*.dcm"}]]
    )

    def expand(self, context: Context) -> Iterator[Entry]:
        problems: list[Problem] = []

        def report(problem: Problem) -> None:
            problems.append(problem)
            context.report(problem)

        given = [
            _given(one, _inside(replace(context, report=report), number))
            for number, one in enumerate(self.series)
        ]
        # Half a study must not be sent: its series would be numbered otherwise than its
        # segmentations say. It is looked at all the same, for what else is wrong.
        if any(one.items for one in given):
            found = study_entry(self.name, given, context.settings, context.origin)
            found = found._replace(members=_with_name(found.members, context))
            yield found._replace(barred=problems[0]) if problems else found


def _with_name(items: Members | None, context: Context) -> Members | None:
    """The places of a study's items, and that of its name."""

    def locate(path: tuple[str | int, ...]) -> Location:
        return context.locate(path) if items is None or path == ("name",) else items.locate(path)

    return items and items._replace(locate=locate)


def _inside(context: Context, number: int) -> Context:
    """The context of one series."""

    def locate(path: tuple[str | int, ...]) -> Location:
        return context.locate(("series", number, *path))

    return replace(context, locate=locate)


def _given(one: Series, context: Context) -> GivenSeries:
    """A series with its files, after reporting what is wrong with it."""
    local = is_uploaded(context.settings.storage)
    structures, files = _segmentations(one, context)
    found = GivenSeries(
        tuple(_paths(context, "items", _listed(one.items), are_files=local)),
        files,
        one.segment_map or {},
        context.locate,
        structures,
        one.grid == "trust",
        SeriesSettings(one.name, one.metadata or {}),
        not any(map(_has_wild, _listed(one.items))),
    )
    for problem in map_problems(found, has_files=bool(one.segmentations)):
        context.report(problem)
    return found


def _segmentations(one: Series, context: Context) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The structures, where each file is of one, and the files."""
    given = one.segmentations
    if isinstance(given, dict):
        return tuple(given), tuple(given.values())
    if isinstance(given, str) and "{" in given:
        pattern = pattern_at(context, (FILES,), given)
        if pattern is not None and len(pattern.captures) == 1:
            (capture,) = pattern.captures
            found = _found(context, FILES, given, pattern)
            return tuple(names[capture] for _, names in found), tuple(path for path, _ in found)
    return (), tuple(_paths(context, FILES, _listed(given), are_files=True))


def _has_wild(text: str) -> bool:
    return not _WILD.isdisjoint(text)


def _listed(given: str | list[str] | None) -> list[str]:
    return [given] if isinstance(given, str) else given or []


def _paths(context: Context, key: str, given: Sequence[str], *, are_files: bool) -> Iterator[str]:
    """The paths that stand under a key, with the files that match patterns among them."""
    if key == "items" and not given:
        message = "a series has at least one item"
        context.report(Problem("no-items", message, context.locate((key,))))
    for text in given:
        if are_files and _has_wild(text):
            yield from _matches(context, key, text)
        else:
            yield text


def _matches(context: Context, key: str, text: str) -> list[str]:
    pattern = pattern_at(context, (key,), text)
    if pattern is None:
        return []
    if pattern.captures:
        message = f"`{text}` has captures, and a study has one name"
        hint = "write * in their place, or an items list for many studies"
        if key == FILES:
            hint = "one capture says the structure of each file; write * in place of the others"
        context.report(Problem("pattern", message, context.locate((key,)), hint))
        return []
    return [path for path, _ in _found(context, key, text, pattern)]


def _found(
    context: Context, key: str, text: str, pattern: Pattern
) -> list[tuple[str, dict[str, str]]]:
    """The files that match, in natural order, with their captures."""
    from natsort import natsorted

    search = Search(context, key)
    nothing = Exclusions(search.context, (), ())
    found = natsorted(matching_files(search, pattern, nothing), key=lambda one: one[0])
    search.report_empty(text, allowed=False)
    return found
