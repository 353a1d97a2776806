"""The options by which the one who runs a command says what the manifest may do."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

NAMES = ("env", "roots", "url", "policy", "allow_private_urls", "untrusted")
MANY = frozenset({"env", "roots", "policy"})

OPTIONS: list[Callable[..., Any]] = [
    click.option(
        "--env",
        multiple=True,
        metavar="NAME",
        help="A variable that the manifest may read, beside RBSYNC_VAR_… [RBSYNC_ENV].",
    ),
    click.option(
        "--root",
        "roots",
        multiple=True,
        metavar="DIR",
        help="A folder that `roots` of the manifest may name [RBSYNC_ROOTS].",
    ),
    click.option("--url", metavar="URL", help="The service that the key is for [RBSYNC_URL]."),
    click.option(
        "--policy",
        multiple=True,
        metavar="KEY=VALUE",
        help="Goes before the manifest's policy [RBSYNC_POLICY].",
    ),
    click.option(
        "--allow-private-urls",
        is_flag=True,
        default=None,
        help="Items may be at addresses of an inner network.",
    ),
    click.option(
        "--untrusted",
        is_flag=True,
        default=None,
        help="The manifest is a stranger's: read no key, ask no host.",
    ),
]
"""Their variables are read with the trust itself, for the Python interface too."""


def from_here(values: tuple[str, ...]) -> tuple[str, ...]:
    """Folders as the one who typed them means them: from where they stand."""
    return tuple(os.path.abspath(os.path.expanduser(one)) for one in values)
