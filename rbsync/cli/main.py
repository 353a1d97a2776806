"""The command line: parses, wires, and turns every error into its exit code."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any

import click

from rbsync.cli.commands import COMMANDS, POINT, summaries_of_plugins
from rbsync.cli.naming_groups import NamingGroup
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.streams import OutputError, flush_out, give_up_output, open_missing
from rbsync.collector import collect_seldom, leave_to_system
from rbsync.errors import ExitCode, RbsyncError
from rbsync.version import VERSION


def show_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Prints the version and ends the program, when that is asked for."""
    if not wanted or context.resilient_parsing:
        return
    click.echo(f"rbsync {VERSION}")
    # `-v` is read before, wherever it stands: its option is eager.
    if context.params.get("verbose"):
        for line in _details():
            click.echo(line)
    context.exit()


def _details() -> list[str]:
    import rbsync
    from rbsync.masks.kernel.compiled import describe

    version = ".".join(map(str, sys.version_info[:3]))
    return [
        f"python   {version}, {sys.executable}",
        f"package  {os.path.dirname(os.path.abspath(rbsync.__file__))}",
        f"masks    {describe()}",
    ]


class Commands(NamingGroup):
    """The commands of rbsync and of its plug-ins."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (as click has it)
        return POINT.names()

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002  (as click has it)
        return POINT.find(name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  (as click has it)
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        if added := summaries_of_plugins():
            with formatter.section("Commands of plug-ins"):
                formatter.write_dl(added)

    def names_for(self, word: str, ctx: click.Context) -> str:
        import difflib

        near = difflib.get_close_matches(word, self.list_commands(ctx), n=1)
        return f" Did you mean `{near[0]}`?" if near else ""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=show_version,
    help="Show the version and exit; with -v also which program reads masks.",
)
@with_common_options
def cli(common: CommonOptions) -> None:
    """Upload datasets to RedBrick AI as a manifest declares them: plan, then apply.

    \b
    Examples:
      rbsync init
      rbsync plan
      rbsync apply
    """


def run() -> None:
    """The entry point of the program."""
    _read_names_as_utf8()
    # Before anything is opened: with standard output closed, the next file would get its number,
    # and be printed to.
    open_missing()
    collect_seldom()
    # Else pydantic reads the entry points of every installed distribution before its first model.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # NumPy's threads for products of large matrices spin while they wait, and nothing has any.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        sys.exit(main(sys.argv[1:]))
    finally:
        _let_go()
        leave_to_system()


def _let_go() -> None:
    """Throws away what could not be written: Python would end with 120 for it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _read_names_as_utf8() -> None:
    """Begins anew where the locale would read names of files in another encoding."""
    # The name of a file is its bytes: in a locale of ISO 8859-9 the same tree would have other
    # names, and another version.
    if sys.getfilesystemencoding() != "utf-8":
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606  (ourselves)


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code."""
    common = CommonOptions()
    if "_RBSYNC_COMPLETE" in os.environ:
        # A shell asks what could be typed; click answers it instead of running a command.
        from rbsync.cli.shells import register

        register()
    try:
        answer: Any = cli.main(
            arguments,
            prog_name="rbsync",
            standalone_mode=False,
            obj=common,
            auto_envvar_prefix="RBSYNC",
        )
        # A full disk is told only now, and must not end with 0.
        flush_out()
        return int(answer or 0)
    except click.exceptions.Exit as error:
        return int(error.exit_code)
    # A UsageError too, but its text is the whole help: it must not be told as a mistake.
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return int(ExitCode.USAGE)
    except click.UsageError as error:
        return _misused(error, common, arguments)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return int(ExitCode.INTERRUPTED)
    except OutputError as error:
        # Else the interpreter flushes the buffer at its end, fails again, and ends with 120.
        give_up_output()
        return _explain(error, common)
    except RbsyncError as error:
        return _explain(error, common)
    except Exception as error:
        return _explain(_of_machine(error) or _of_plugin(error), common)


def _of_machine(error: Exception) -> RbsyncError | None:
    """The error to show for one of a machine that gives no more; None for another."""
    if isinstance(error, MemoryError):
        return RbsyncError(
            "there is too little memory, or a limit (ulimit -v) leaves too little of it"
        )
    # Python has no error of its own for this one.
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        limits = "ulimit -u, ulimit -v, or a container's limit of processes"
        return RbsyncError(f"the system lets this user start no more threads: {limits}")
    return None


def _of_plugin(error: Exception) -> RbsyncError:
    """The mistake of a plug-in, as an error that names it; raises again what is no such."""
    from rbsync.plugins.blame import blamed

    found = blamed(error)
    if found is None:
        raise error
    return found


def _misused(error: click.UsageError, common: CommonOptions, arguments: list[str]) -> int:
    """Tells what was wrong with the arguments, of which nothing may have been understood."""
    error.show()
    # The parser stopped at the mistake, and may not have come to the option.
    common.json_lines = common.json_lines or "--json-lines" in arguments
    if common.json or common.json_lines or "--json" in arguments:
        from rbsync.cli.output import document
        from rbsync.documents.problems import error_json
        from rbsync.errors import UsageError

        document(common, error_json(UsageError(error.format_message())))
        flush_out()
    return int(ExitCode.USAGE)


def _explain(error: RbsyncError, common: CommonOptions) -> int:
    from rbsync.cli.render.error_view import show_error

    show_error(error, common)
    return int(error.exit_code)
