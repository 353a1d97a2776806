"""Numbers as arguments, by the names that people have for them: click calls them ranges."""

from __future__ import annotations

import click


class WholeNumber(click.IntRange):
    """A whole number within bounds."""

    name = "whole number"


class Number(click.FloatRange):
    """A number within bounds."""

    name = "number"
