"""One extension point: the names that are known there, and what each of them leads to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rbsync.errors import PluginError

if TYPE_CHECKING:
    from rbsync.plugins.installed import Offer

Member = TypeVar("Member")


def incomplete(found: object, base: type, missing: str) -> str:
    """Returns why something is no complete subclass of ``base``, empty when it is one.

    ``missing`` is the answer for a subclass that lacks methods. It is found out when a plug-in is
    loaded and not when it is used, where it would look like a mistake of the manifest.
    """
    if not (isinstance(found, type) and issubclass(found, base)):
        return f"it is no subclass of {base.__module__}.{base.__qualname__}"
    return missing if inspect.isabstract(found) else ""


@dataclass(frozen=True, slots=True)
class ExtensionPoint(Generic[Member]):
    """A registry whose members are imported when they are asked for.

    ``group`` is the name under which distributions enter their own, ``noun`` what a member is
    called in messages. ``built_in`` has a line ``name: "module:attribute"`` for each of ours.
    ``objection`` says why what a plug-in offers under a name cannot be a member, and is empty when
    it can. Names of ours win: no installation changes what a manifest of built-in kinds means.
    """

    group: str
    noun: str
    built_in: Mapping[str, str]
    objection: Callable[[str, Any], str]
    _loaded: dict[str, Member] = field(default_factory=dict, repr=False, compare=False)

    def find(self, name: str) -> Member | None:
        """The member of a name, None when nobody has it. Raises PluginError for a broken one."""
        known = self._loaded.get(name)
        if known is None:
            known = self._load(name)
            if known is not None:
                self._loaded[name] = known
        return known

    def member(self, name: str) -> Member:
        """As `find`, but raises KeyError when nobody has it."""
        found = self.find(name)
        if found is None:
            raise KeyError(name)
        return found

    def added(self) -> list[str]:
        """The names that distributions add, in order. Imports nothing of theirs."""
        # The standard library's reader takes longer to import than most commands to run.
        from rbsync.plugins.installed import offers

        return sorted(
            name for group, name in offers() if group == self.group and name not in self.built_in
        )

    def names(self) -> list[str]:
        """All names: those of ours in their order, then what distributions add."""
        return [*self.built_in, *self.added()]

    def maker(self, name: str) -> str:
        """The distribution that adds a name, as ``name version``; empty for a name of ours."""
        if name in self.built_in:
            return ""
        from rbsync.plugins.installed import offers

        return " ".join(one.distribution for one in offers().get((self.group, name), ()))

    def own(self) -> Iterator[tuple[str, Member]]:
        """The built-in members with their names, all imported."""
        for name in self.built_in:
            yield name, self.member(name)

    def _load(self, name: str) -> Member | None:
        if name in self.built_in:
            module, _, attribute = self.built_in[name].partition(":")
            member: Member = getattr(import_module(module), attribute)
            return member
        from rbsync.plugins.installed import offers

        found = offers().get((self.group, name), ())
        return self._checked(found) if found else None

    def _checked(self, found: tuple[Offer, ...]) -> Member:
        from rbsync.plugins.installed import load, repair

        offer, *others = found
        name = offer.entry.name
        # Which of two comes first depends on the order of folders on the disk.
        if others:
            names = " and ".join(one.distribution for one in found)
            raise PluginError(
                f"the {self.noun} `{name}` is offered by several distributions: {names}",
                hint=f"remove all but one (pip uninstall {offer.distribution.split()[0]})",
            )
        member: Any = load(offer, self.noun)
        if objection := self.objection(name, member):
            raise PluginError(
                f"the {self.noun} `{name}` of the distribution {offer.distribution} cannot be "
                f"used: {objection}",
                hint=repair(offer.distribution),
            )
        checked: Member = member
        return checked
