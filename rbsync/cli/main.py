"""The command line: parses, wires, and turns every error into its exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.streams import OutputError, flush_out, give_up_output, open_missing
from rbsync.errors import ExitCode, RbsyncError
from rbsync.version import VERSION

COMMANDS = {
    "init": "write a commented manifest for this folder",
    "validate": "report all problems of the manifest and of what it names",
    "expand": "print the datapoints that the manifest declares",
    "plan": "say what the project lacks",
    "apply": "make the project what the manifest says",
    "status": "show where manifest, state and project stand",
    "explain": "say why a datapoint has its action, facet by facet",
    "failures": "list what failed, grouped by cause",
    "retry": "plan and apply only what failed",
    "refresh": "rebuild or correct the state from the project",
    "drift": "say what changed at the project behind our back",
    "adopt": "take over what the project has already",
    "ls": "list what the project holds",
    "export": "write masks or labels of the project to files",
    "serve": "speak RedBrick's protocol over a local project, offline",
    "state": "look at the state, or change it by hand",
}


class Commands(click.Group):
    """Commands that are imported when they are called: most need what the others do not."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (as click has it)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002  (as click has it)
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"rbsync.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (as click has it)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message + _nearest(args[0]), ctx) from error


def _nearest(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    return f" Did you mean `{near[0]}`?" if near else ""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="rbsync", message="%(prog)s %(version)s")
@with_common_options
def cli(common: CommonOptions) -> None:
    """Upload datasets to RedBrick AI as a manifest declares them: plan, then apply."""


def run() -> None:
    """The entry point of the program."""
    open_missing()
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    common = CommonOptions()
    try:
        answer: Any = cli.main(
            arguments,
            prog_name="rbsync",
            standalone_mode=False,
            obj=common,
            auto_envvar_prefix="RBSYNC",
        )
        flush_out()
        return int(answer or 0)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return int(ExitCode.USAGE)
    except click.UsageError as error:
        return _misused(error, common, arguments)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return int(ExitCode.INTERRUPTED)
    except OutputError as error:
        give_up_output()
        return _explain(error, common)
    except RbsyncError as error:
        return _explain(error, common)


def _misused(error: click.UsageError, common: CommonOptions, arguments: list[str]) -> int:
    """Tells what was wrong with the arguments, of which nothing may have been understood."""
    error.show()
    common.json_lines = common.json_lines or "--json-lines" in arguments
    if common.json or common.json_lines or "--json" in arguments:
        from rbsync.cli.output import document
        from rbsync.cli.render.errors import error_json
        from rbsync.errors import UsageError

        document(common, error_json(UsageError(error.format_message())))
        flush_out()
    return int(ExitCode.USAGE)


def _explain(error: RbsyncError, common: CommonOptions) -> int:
    from rbsync.cli.render.errors import show_error

    show_error(error, common)
    return int(error.exit_code)
