"""Warnings with what they are about, so that the next plan knows which of them still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from rbsync.errors import Location, Problem
from rbsync.files.kinds import PICTURES, suffix_of
from rbsync.manifest.order import in_order
from rbsync.sources.entry import Entry

TRANSPARENT = "transparent"
_OF_MASKS = frozenset(suffix for kind in PICTURES for suffix in kind.suffixes)
_SHOWN = 3


class Told(NamedTuple):
    """A warning of one datapoint, of a source by its number, or of several datapoints by name.

    ``file`` is what a source found, empty for the source itself; of a datapoint it is the file that
    has a ``number`` of what is told once of all.
    """

    problem: Problem
    entry: Entry | None = None
    source: int = -1
    names: frozenset[str] = frozenset()
    file: str = ""
    number: int = 0


class Stray(NamedTuple):
    """Label files of a folder that belong to no datapoint, and the source that looks there."""

    names: tuple[str, ...]
    origin: Location


class Said(Protocol):
    """A warning, and the file and number that it adds to one of a whole source."""

    @property
    def problem(self) -> Problem: ...
    @property
    def file(self) -> str: ...
    @property
    def number(self) -> int: ...


def in_full(
    said: Iterable[Said],
    strays: Mapping[str, Stray],
    unused: Iterable[Problem],
    manifest: str,
) -> tuple[Problem, ...]:
    """The warnings as people read them, in one order whatever came first.

    A plan that was made of a part must say the same as one of everything, word for word.
    """
    summed: dict[Location | None, list[tuple[str, int]]] = {}
    found = [*unused, *(_of_strays(folder, *one) for folder, one in strays.items())]
    for one in said:
        # Added up: 40,000 masks that one tool wrote would be 40,000 lines.
        if one.problem.code == TRANSPARENT:
            summed.setdefault(one.problem.location, []).append((one.file, one.number))
        else:
            found.append(one.problem)
    # Sorted, so that the same mask is named whichever was read first.
    found += [_of_transparent(place, sorted(seen)) for place, seen in summed.items()]
    # Not by whole problems: a place may be None, which cannot be compared with another one.
    return tuple(in_order(sorted(found, key=lambda one: one[:2]), manifest))


def transparent(place: Location) -> Problem:
    """The warning of one mask, which is told with those of all others at the place."""
    return Problem(TRANSPARENT, "", place)


def _of_transparent(place: Location | None, seen: Sequence[tuple[str, int]]) -> Problem:
    """The warning of pixels that would be of a class, were they not transparent."""
    file, count = seen[0]
    pixels = "1 transparent pixel is" if count == 1 else f"{count:,} transparent pixels are"
    message = f"{file}: {pixels} background, whatever colour they hide"
    if rest := seen[1:]:
        masks = "1 other mask" if len(rest) == 1 else f"{len(rest):,} other masks"
        message += f"; so are {sum(number for _, number in rest):,} of {masks}"
    hint = "that is right where they were erased; `alpha: ignore` takes the hidden colours"
    return Problem(TRANSPARENT, message, place, hint)


def _of_strays(folder: str, stray: Sequence[str], origin: Location) -> Problem:
    shown = ", ".join(f"`{name}`" for name in stray[:_SHOWN])
    more = f" and {len(stray) - _SHOWN:,} more" if len(stray) > _SHOWN else ""
    noun = "mask" if suffix_of(stray[0]) in _OF_MASKS else "label file"
    count = f"1 {noun}" if len(stray) == 1 else f"{len(stray):,} {noun}s"
    verb = "belongs" if len(stray) == 1 else "belong"
    message = f"{count} in `{folder or '.'}` {verb} to no datapoint: {shown}{more}"
    return Problem("stray-labels", message, origin, "give them the names of their images")
