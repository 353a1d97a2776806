"""The offers of installed distributions to rbsync, by the standard entry points of packages.

Nothing of a distribution is imported to find out what it offers. Entry points are read when a name
is asked for that is not built in: until then a plug-in, sound or broken, costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from rbsync.errors import PluginError

PREFIX = "rbsync."


class Offer(NamedTuple):
    """One entry point, and the distribution that has it, as ``name version``."""

    entry: EntryPoint
    distribution: str


@lru_cache(maxsize=1)
def offers() -> Mapping[tuple[str, str], tuple[Offer, ...]]:
    """All offers to rbsync by their group and name: more than one where distributions collide."""
    found: dict[tuple[str, str], tuple[Offer, ...]] = {}
    every = entry_points()
    for group in every.groups:
        for entry in every.select(group=group) if group.startswith(PREFIX) else ():
            label = f"{entry.dist.name} {entry.dist.version}" if entry.dist else entry.value
            key = (group, entry.name)
            found[key] = (*found.get(key, ()), Offer(entry, label))
    return found


def load(offer: Offer, noun: str) -> object:
    """Returns what an entry point leads to.

    Raises PluginError for whatever goes wrong in the import.
    """
    try:
        return offer.entry.load()
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"the {noun} `{offer.entry.name}` of the distribution {offer.distribution} cannot be "
            f"loaded: {type(error).__name__}: {error}",
            hint=repair(offer.distribution),
        ) from error


def repair(distribution: str) -> str:
    """The next step for the user of a distribution, given as ``name version``."""
    name = distribution.split()[0]
    return f"update it (pip install --upgrade {name}), or remove it (pip uninstall {name})"
