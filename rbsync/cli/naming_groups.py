"""Groups of commands that say what they have when another name is given."""

from __future__ import annotations

import click


class NamingGroup(click.Group):
    """A group whose complaint about an unknown command ends in `names_for` it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise click.UsageError(error.message + self.names_for(args[0], ctx), ctx) from error

    def names_for(self, word: str, ctx: click.Context) -> str:  # noqa: ARG002  (for who guesses)
        """Returns all names: a group of few is told whole, as no guess is needed then."""
        return f" There are: {', '.join(self.list_commands(ctx))}."
