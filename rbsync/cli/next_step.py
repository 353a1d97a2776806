"""The command to type next, with the options that the one before it had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rbsync.cli.options import MANIFEST, MANY, CommonOptions

if TYPE_CHECKING:
    from rbsync.model.plan import Plan
    from rbsync.sync.planning import PlanOptions

_FLAGS = {
    "folder": "-C",
    "manifest": "-f",
    "profile": "--profile",
    "state": "--state",
    "env": "--env",
    "roots": "--root",
    "url": "--url",
    "policy": "--policy",
}


def typed(common: CommonOptions, *words: str) -> str:
    """A command that stands in the same folder with the same manifest as this one."""
    import shlex

    # Else what is advised to somebody who typed -C would be done in another folder.
    return shlex.join(["rbsync", *_given(common), *words])


def _given(common: CommonOptions) -> Iterator[str]:
    usual = CommonOptions(folder=".", manifest=MANIFEST)
    for name, flag in _FLAGS.items():
        value = getattr(common, name)
        if value != getattr(usual, name):
            for one in value if name in MANY else [value]:
                yield from (flag, one)
    if common.allow_private_urls:
        yield "--allow-private-urls"


def after_plan(common: CommonOptions, plan: Plan, options: PlanOptions) -> str:
    """Says what to do after a plan was shown; empty where nothing is to be done."""
    from rbsync.model.plan import Blocked

    if plan.effects and options.only is None:
        return f"Apply it with: {typed(common, 'apply', *_planned_so(options))}"
    if plan.effects:
        # A plan of what changed in git is made by `plan` alone.
        return "Apply it with: -o FILE here, and then apply of that FILE"
    blocked = next((one.name for one in plan.actions if isinstance(one, Blocked)), None)
    return f"Look at one with: {typed(common, 'explain', '--', blocked)}" if blocked else ""


def _planned_so(options: PlanOptions) -> Iterator[str]:
    """The options of a plan, as they are typed."""
    if options.target is not None:
        yield from ("--target", options.target)
    if options.prune is not None:
        yield "--prune" if options.prune else "--no-prune"
    for name in ("keep_going", "offline"):
        if getattr(options, name):
            yield "--" + name.replace("_", "-")
    for name in ("redo", "ours", "theirs"):
        for one in getattr(options, name):
            yield from (f"--{name}", one)
    for name in ("on_conflict", "on_move"):
        if chosen := getattr(options, name):
            yield from ("--" + name.replace("_", "-"), chosen)
