"""What installed distributions offer to rbsync, by the standard entry points of packages.

Nothing of a distribution is imported to find out what it offers. Its entry points are read when a
name is asked for that is not built in: until then a plug-in, sound or broken, costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.metadata import Distribution, EntryPoint, distributions
from typing import NamedTuple

from rbsync.errors import PluginError

PREFIX = "rbsync."


class Offer(NamedTuple):
    """One entry point, and the distribution that has it, as ``name version``."""

    entry: EntryPoint
    distribution: str


class Offers(NamedTuple):
    """All offers to rbsync by their group and name: more than one where distributions collide.

    ``unreadable`` are the distributions whose entry points nobody can read.
    """

    by_name: Mapping[tuple[str, str], tuple[Offer, ...]]
    unreadable: tuple[str, ...]


@lru_cache(maxsize=1)
def offers() -> Offers:
    """What the distributions offer, read once in a process."""
    found: dict[tuple[str, str], tuple[Offer, ...]] = {}
    unreadable: list[str] = []
    for one, label in _with_offers():
        try:
            entries = [entry for entry in one.entry_points if entry.group.startswith(PREFIX)]
        except Exception:  # whatever the standard library makes of a file that breaks its rules
            unreadable.append(label)
            continue
        for entry in entries:
            key = (entry.group, entry.name)
            found[key] = (*found.get(key, ()), Offer(entry, label))
    return Offers(found, tuple(unreadable))


def _with_offers() -> Iterator[tuple[Distribution, str]]:
    """The distributions that have something for rbsync, each with its name and version."""
    seen: set[str] = set()
    for one in distributions():
        text = one.read_text("entry_points.txt")
        # To let the standard library read every file would let one mistake of a distribution that
        # has nothing to do with rbsync stop all plug-ins.
        if not text or f"[{PREFIX}" not in text:
            continue
        name = one.metadata["Name"]
        if name not in seen:
            # The first on the path is the one that is imported; an older one may stand behind it.
            seen.add(name)
            yield one, f"{name} {one.version}"


def left_out() -> str:
    """What a message about an unknown name has to add; empty when all was read."""
    names = ", ".join(offers().unreadable)
    return f"what {names} adds is not known: its entry points cannot be read" if names else ""


def load(offer: Offer, noun: str) -> object:
    """What an entry point leads to. Raises PluginError for whatever goes wrong in the import."""
    try:
        return offer.entry.load()
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"the {noun} `{offer.entry.name}` of the distribution {offer.distribution} cannot be "
            f"loaded: {_told(error)}",
            hint=repair(offer.distribution),
        ) from error


def repair(distribution: str) -> str:
    """The next step for the user of a distribution, given as ``name version``."""
    name = distribution.split()[0]
    return f"update it (pip install --upgrade {name}), or remove it (pip uninstall {name})"


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
