"""Loads well, and fails when it is used."""

import click


@click.command("crash")
def command() -> int:
    """Divide by nothing."""
    return 1 // 0
