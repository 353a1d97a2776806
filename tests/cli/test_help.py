"""The help of every command: it has an example, and the example is one that can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from rbsync.cli.main import cli
from rbsync.cli.options import CommonOptions


def commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """All commands below a group, and the group, each with what is typed to get there."""
    yield context.command_path, group
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        assert found is not None
        below = click.Context(found, info_name=name, parent=context, obj=CommonOptions())
        if isinstance(found, click.Group):
            yield from commands(found, below)
        else:
            yield below.command_path, found


EVERY = dict(commands(cli, click.Context(cli, info_name="rbsync", obj=CommonOptions())))


def examples(command: click.Command) -> list[str]:
    lines = (command.help or "").partition("Example")[2].splitlines()
    return [line.strip() for line in lines if line.strip().startswith("rbsync ")]


def test_all_commands_are_looked_at() -> None:
    assert len(EVERY) > 30
    assert {"rbsync", "rbsync undo", "rbsync state collect", "rbsync export masks"} <= set(EVERY)


@pytest.mark.parametrize("path", EVERY)
def test_every_help_has_an_example_of_the_command_itself(path: str) -> None:
    shown = examples(EVERY[path])
    assert shown
    assert all(f"{one} ".startswith(f"{path} ") for one in shown)


@pytest.mark.parametrize("path", EVERY)
def test_every_example_is_on_a_line_of_its_own(path: str) -> None:
    context = click.Context(EVERY[path], info_name=path, obj=CommonOptions())
    lines = [one.strip() for one in EVERY[path].get_help(context).splitlines()]
    assert any(one.startswith("Example") for one in lines)
    assert not any("\\b" in one for one in lines)


@pytest.mark.parametrize("path", EVERY)
def test_every_example_is_understood(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("p.json", "state.json"):
        (tmp_path / name).touch()
    for line in examples(EVERY[path]):
        words = shlex.split(line.partition(" > ")[0].partition(" || ")[0])
        command: click.Command = cli
        context = click.Context(cli, info_name="rbsync", obj=CommonOptions())
        rest = words[1:]
        while isinstance(command, click.Group) and rest:
            _, found, rest = command.resolve_command(context, rest)
            assert found is not None
            command = found
            context = click.Context(
                command, info_name=command.name, parent=context, obj=CommonOptions()
            )
        # An option that is not there, or a value of another kind, raises a usage error.
        command.parse_args(context, rest)


@pytest.mark.parametrize("path", EVERY)
def test_every_help_fits_into_sixty_columns(path: str) -> None:
    command = EVERY[path]
    context = click.Context(command, info_name=path, terminal_width=60, obj=CommonOptions())
    # An example is typed on one line, whatever the window is wide.
    typed = set(examples(command))
    lines = [one for one in command.get_help(context).splitlines() if one.strip() not in typed]
    assert max(map(len, lines)) <= 60, max(lines, key=len)


NEW = {
    "rbsync plan": ["--offline", "--policy", "--refresh"],
    "rbsync apply": ["--ours", "--theirs", "--redo", "--at", "--history", "--give-up-after"],
    "rbsync undo": ["--since", "--history"],
}


@pytest.mark.parametrize("path", NEW)
def test_options_that_decide_something_are_in_an_example(path: str) -> None:
    shown = " ".join(examples(EVERY[path])).split()
    assert set(NEW[path]) <= set(shown)
