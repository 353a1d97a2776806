"""The options that `plan`, `apply` and `retry` share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from rbsync.cli.name_completion import complete_names
from rbsync.cli.numbers_given import Number, WholeNumber

target = click.option(
    "--target",
    metavar="GLOB",
    shell_complete=complete_names,
    help="Only datapoints whose names match.",
)
prune = click.option(
    "--prune/--no-prune", default=None, help="Delete what the manifest does not declare."
)
keep_going = click.option(
    "--keep-going", is_flag=True, help="Block datapoints that have problems and do the others."
)
refresh = click.option(
    "--refresh/--no-refresh",
    default=None,
    help="Plan against the project as it is, not as it was left. Without a state here it is read "
    "in any case, but for --no-refresh.",
)
offline = click.option(
    "--offline", is_flag=True, help="Do not look at what the project has now; only at the state."
)
ours = click.option(
    "--ours",
    multiple=True,
    metavar="GLOB",
    help="Overwrite these, whatever others made of them, or are doing with them.",
)
theirs = click.option(
    "--theirs",
    multiple=True,
    metavar="GLOB",
    help="Leave these as others made them, until something else is declared.",
)
on_conflict = click.option(
    "--on-conflict",
    type=click.Choice(["block", "theirs", "ours"]),
    help="The same for all that was changed here and at the project [block].",
)
on_move = click.option(
    "--on-move",
    type=click.Choice(["auto", "carry", "keep", "recreate"]),
    help="What becomes of tasks whose datapoints have other names now: carry gives them these, "
    "keep leaves them theirs; with --ours also where people have worked [auto].",
)
rehash = click.option("--rehash", is_flag=True, help="Read every file, whatever is remembered.")


redo = click.option(
    "--redo",
    multiple=True,
    metavar="NAME",
    help="Do again what was taken back of this name, or glob. May be given several times.",
)


def lock_timeout_of(seconds: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option of waiting for the lock, with its default."""
    return click.option(
        "--lock-timeout",
        type=Number(0),
        default=float(seconds),
        metavar="SECONDS",
        help=f"How long to wait for another apply to end [{seconds}].",
    )


lock_timeout = lock_timeout_of(600)


give_up_after = click.option(
    "--give-up-after",
    envvar="RBSYNC_GIVE_UP_AFTER",
    type=Number(0),
    default=600.0,
    metavar="SECONDS",
    help="How long to wait for a service that does not answer [600]; `inf` for ever.",
)


history = click.option(
    "--history",
    default="",
    metavar="DIR",
    help="Where to keep what is replaced and deleted [.rbsync/history]; none keeps nothing.",
)


_OF_A_PLAN = (
    "target",
    "prune",
    "keep_going",
    "refresh",
    "redo",
    "offline",
    "ours",
    "theirs",
    "on_conflict",
    "on_move",
)


def planning(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of planning. The command gets them as one value, ``options``.

    Options of planning that a command alone has, such as ``--redo``, go into it too.
    """

    @functools.wraps(command)
    def called(*arguments: Any, **given: Any) -> Any:
        # The planner takes longer to import than `--help` to print.
        from rbsync.sync.plan_options import PlanOptions

        chosen = {name: given.pop(name) for name in _OF_A_PLAN if name in given}
        return command(*arguments, options=PlanOptions(**chosen), **given)

    added: Callable[..., Any] = called
    for option in (rehash, on_move, on_conflict, theirs, ours, offline, keep_going, prune, target):
        added = option(added)
    return added


def running(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of running a plan."""
    for option in (
        click.option("--yes", "-y", is_flag=True, help="Do not ask."),
        click.option("--force", is_flag=True, help="Do it although the guard would stop it."),
        click.option(
            "--jobs",
            "-j",
            type=WholeNumber(1, 256),
            help="Workers [as many as suit the backend].",
            metavar="N",
        ),
        click.option("--fail-fast", is_flag=True, help="Stop at the first failure."),
        click.option(
            "--max-failures", type=WholeNumber(1), metavar="N", help="Stop after N failures."
        ),
        give_up_after,
        lock_timeout,
    ):
        command = option(command)
    return command
