"""Lists of names for people, no longer than they want to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from rbsync.cli.escaping import one_line
from rbsync.cli.options import CommonOptions
from rbsync.cli.output import note
from rbsync.cli.render.by_folder import folded
from rbsync.cli.render.numbers import plural
from rbsync.cli.render.plan_view import LINES, SHOWN

Said = Mapping[str, str]
_NOTHING: Said = MappingProxyType({})


def show_names(
    common: CommonOptions,
    symbol: str,
    names: Sequence[str],
    color: str,
    said: Said = _NOTHING,
    noun: str = "datapoint",
) -> None:
    """Prints names beside the result: many by their folders, and all of them with ``-v``.

    ``said`` is what is told of a name that stands on a line of its own.
    """
    for line in name_lines(symbol, names, said, noun, all_of_them=bool(common.verbose)):
        note(common, one_line(line), fg=color)


def name_lines(
    symbol: str,
    names: Sequence[str],
    said: Said,
    noun: str = "datapoint",
    *,
    all_of_them: bool,
) -> Iterator[str]:
    """Yields the lines that `show_names` prints."""
    folds = [] if all_of_them or len(names) <= SHOWN else folded(names, LINES)
    # Of one folder its first names say more than that all are in it.
    if len(folds) < 2:
        shown = names if all_of_them else names[:SHOWN]
        yield from (f"  {symbol} {_told(name, said)}" for name in shown)
        if len(names) > len(shown):
            yield f"  {symbol} … and {len(names) - len(shown):,} more (-v lists all)"
        return
    for one in folds:
        number = len(one.names)
        many = f"{one.label}  {plural(number, noun)}"
        yield f"  {symbol} {_told(one.names[0], said) if number == 1 else many}"
    yield f"  -v lists all {len(names):,} one by one."


def _told(name: str, said: Said) -> str:
    return f"{name}  ({said[name]})" if name in said else name


def show_unmanaged(common: CommonOptions, count: int) -> None:
    """Says how many datapoints are of others."""
    if count:
        what = plural(count, "datapoint has", "datapoints have")
        note(common, f"{what} no stamp of rbsync's and no record (`rbsync adopt` takes them over).")
