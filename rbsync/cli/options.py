"""The options that every command has, before or after its name."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rbsync.trust import Trust

TRUST_NAMES = (
    "env",
    "roots",
    "buckets",
    "url",
    "policy",
    "allow_private_urls",
    "untrusted",
    "executor",
)
MANY = frozenset({"env", "roots", "buckets", "policy"})

# Their variables are read with the trust itself, for the Python interface too.
TRUST_OPTIONS: list[Callable[..., Any]] = [
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
    click.option(
        "--allow-bucket",
        "buckets",
        multiple=True,
        metavar="NAME",
        help="A bucket that the manifest may have listed, as you [RBSYNC_BUCKETS].",
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
    click.option(
        "--executor",
        metavar="WHO",
        help="Who reads files and converts masks: threads, processes, or dask:tcp://HOST:PORT "
        "[RBSYNC_EXECUTOR].",
    ),
]


def from_here(values: tuple[str, ...]) -> tuple[str, ...]:
    """Folders as the one who typed them means them: from where they stand."""
    return tuple(os.path.abspath(os.path.expanduser(one)) for one in values)


MANIFEST = "rbsync.yaml"


@dataclass
class CommonOptions:
    """The options that all commands share. ``json`` is set with ``json_lines`` too."""

    folder: str = "."
    manifest: str = MANIFEST
    json: bool = False
    json_lines: bool = False
    quiet: bool = False
    verbose: int = 0
    color: bool = True
    profile: str = ""
    state: str = ""
    env: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    url: str = ""
    policy: tuple[str, ...] = ()
    allow_private_urls: bool = False
    untrusted: bool = False
    executor: str = ""

    @property
    def trust(self) -> Trust:
        """Returns what the manifest may do. Raises UserError and UsageError."""
        from rbsync.trust import Given, read_trust

        return read_trust(
            given=Given(
                env=self.env,
                roots=from_here(self.roots),
                buckets=self.buckets,
                url=self.url,
                profile=self.profile,
                policy=self.policy,
                allow_private_urls=self.allow_private_urls,
                untrusted=self.untrusted,
                executor=self.executor,
            )
        )

    @property
    def manifest_path(self) -> str:
        return os.path.normpath(os.path.join(self.folder, self.manifest))


_NAMES = (
    "folder",
    "manifest",
    "profile",
    "state",
    "json",
    "json_lines",
    "quiet",
    "verbose",
    "color",
    *TRUST_NAMES,
)
_OPTIONS: list[Callable[..., Any]] = [
    click.option("-C", "--directory", "folder", metavar="DIR", help="Work in this folder."),
    click.option("-f", "--file", "manifest", metavar="FILE", help="The manifest [rbsync.yaml]."),
    click.option("--profile", metavar="NAME", help="Of the credentials file."),
    click.option("--state", metavar="URL", help="Of the state [sqlite:.rbsync/state.db]."),
    click.option("--json", "json", is_flag=True, default=None, help="Print one JSON document."),
    click.option(
        "--json-lines", is_flag=True, default=None, help="Print JSON as it comes, a line each."
    ),
    click.option("-q", "--quiet", is_flag=True, default=None, help="Print results only."),
    click.option(
        "-v",
        "--verbose",
        count=True,
        default=None,
        is_eager=True,
        help="Print more; -vv: also requests.",
    ),
    click.option("--no-color", "color", flag_value=False, default=None, help="Print no colours."),
    *TRUST_OPTIONS,
]


def no_stream(
    context: click.Context,  # noqa: ARG001  (a callback of click has these)
    parameter: click.Parameter,  # noqa: ARG001  (as above)
    value: str | None,
) -> str | None:
    """Refuses ``-`` for a file that is put in its place whole, for which a pipe has no place.

    A file of that name would be written, and the reader of the pipe wait for nothing.
    """
    if value == "-":
        raise click.BadParameter("standard output is no file; write ./- for one of this name")
    return value


def page_url(command: Callable[..., Any]) -> Callable[..., Any]:
    """An option for the address at which the page of ``--html`` will be found."""
    return click.option(
        "--page-url",
        default="",
        metavar="URL",
        callback=_web_address,
        help="Where the page of --html will be found; the Markdown links to it.",
    )(command)


def _web_address(
    context: click.Context,  # noqa: ARG001  (a callback of click has these)
    parameter: click.Parameter,  # noqa: ARG001  (as above)
    value: str,
) -> str:
    # It stands in Markdown, where a bracket would end it and a line break begin something else.
    if value and not re.fullmatch(r"https?://[^\s<>\x00-\x20\x7f-\U0010ffff\\`]+", value):
        raise click.BadParameter("an address begins with https:// and has no spaces or brackets")
    return value


def with_common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the common options, and calls the command with them as one value, first."""

    @functools.wraps(command)
    @click.pass_context
    def called(context: click.Context, /, **given: Any) -> Any:
        common = context.ensure_object(CommonOptions)
        for name in _NAMES:
            value = given.pop(name)
            # Both places count together: `rbsync --env A plan --env B` allows both.
            if name in MANY:
                setattr(common, name, (*getattr(common, name), *value))
            elif value:
                setattr(common, name, value)
            # Its `False` is a value, where that of all others is an option that was not given.
            elif name == "color" and value is False:
                common.color = False
        common.json = common.json or common.json_lines
        if common.verbose > 1:
            from rbsync.cli.logs import log_requests

            log_requests()
        return command(common, **given)

    # Decorators are applied from below, and help is to list them from above.
    for option in reversed(_OPTIONS):
        called = option(called)
    return called
