"""`rbsync completion`."""

from __future__ import annotations

import click

from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import document, result
from rbsync.errors import ExitCode


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@with_common_options
def command(common: CommonOptions, shell: str) -> int:
    """Print what makes a shell complete commands, options and the names of datapoints.

    \b
    Examples:
      rbsync completion bash > ~/.local/share/bash-completion/completions/rbsync
      rbsync completion zsh > ~/.zfunc/_rbsync
      rbsync completion fish > ~/.config/fish/completions/rbsync.fish
    """
    from rbsync.cli.main import cli
    from rbsync.cli.shells import SHELLS

    script = SHELLS[shell](cli, {}, "rbsync", "_RBSYNC_COMPLETE").source()
    if common.json:
        document(common, {"shell": shell, "script": script})
    else:
        result(common, script)
    return ExitCode.DONE
