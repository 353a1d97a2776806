"""What the options of `rbsync serve` take. Each raises click.BadParameter, which is wrong usage."""

from __future__ import annotations

import click


def a_type(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A project type of the service, or empty."""
    from rbsync.labels import project_type

    try:
        return project_type(value).name
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
