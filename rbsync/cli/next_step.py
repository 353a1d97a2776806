"""The command to type next, with the options that the one before it had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rbsync.cli.options import MANIFEST, MANY, CommonOptions

if TYPE_CHECKING:
    from rbsync.model.plan import Plan
    from rbsync.sync.plan_options import PlanOptions

_FLAGS = {
    "folder": "-C",
    "manifest": "-f",
    "profile": "--profile",
    "state": "--state",
    "env": "--env",
    "roots": "--root",
    "buckets": "--allow-bucket",
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


class Kept(NamedTuple):
    """The files that a plan was written to: a path, its digest, and that of a page; or empty."""

    path: str = ""
    digest: str = ""
    reviewed: str = ""


def next_steps(
    common: CommonOptions, plan: Plan, options: PlanOptions, kept: Kept
) -> Iterator[str]:
    """Yields what to do after a plan was shown; nothing where nothing is to be done."""
    also = tuple(_project_too(plan))
    if kept.path:
        yield f"Apply exactly this with: {typed(common, 'apply', kept.path, *also)}"
        again = typed(common, "apply", kept.path, *also, "--expect", kept.digest)
        yield f"and from elsewhere with: {again}"
    if kept.reviewed:
        again = typed(common, "apply", *also, "--expect", kept.reviewed)
        yield f"Apply what was reviewed with: {again}"
    if not (kept.path or kept.reviewed):
        yield from _after(common, plan, options)


def _after(common: CommonOptions, plan: Plan, options: PlanOptions) -> Iterator[str]:
    from rbsync.model.plan import Blocked

    blocked = next((one.name for one in plan.singled_out if isinstance(one, Blocked)), None)
    if plan.effects and options.only is not None:
        # Only `plan` can narrow itself down to what changed in git.
        yield "Apply it with: -o FILE here, and then apply of that FILE"
    elif plan.effects or plan.project_lacks:
        also = _project_too(plan)
        yield f"Apply it with: {typed(common, 'apply', *also, *_planned_so(options))}"
    elif blocked is not None:
        yield f"Look at one with: {typed(common, 'explain', '--', blocked)}"


def _project_too(plan: Plan) -> Iterator[str]:
    """The option without which an apply leaves the project itself as it is."""
    # A project that is not there ends an apply without it before anything is sent.
    if plan.project_lacks:
        yield "--project"


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
