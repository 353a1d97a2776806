"""`rbsync serve`."""

from __future__ import annotations

import gc
import json
import os
import secrets
import sys
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from click.core import ParameterSource

from rbsync.cli.logs import log_service
from rbsync.cli.numbers_given import WholeNumber
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import note, result
from rbsync.errors import ExitCode, Problem, RbsyncError, UsageError, UserError
from rbsync.model.bucket_paths import is_bucket, split

if TYPE_CHECKING:
    from rbsync.service.configuration import ServiceSettings
    from rbsync.service.service import Service

_EXAMPLE = "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"


def a_type(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A project type of the service, or empty."""
    from rbsync.labels.project_types import project_type

    try:
        return project_type(value).name
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def an_id(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """A UUID as the service writes it, or empty."""
    if value and not _is_uuid(value):
        raise click.BadParameter(f'"{value}" is not a UUID such as {_EXAMPLE}')
    return value


def some_storages(
    context: click.Context, parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    """The ids of storages with the buckets that they lead to, empty for one that is not known."""
    found: dict[str, str] = {}
    for one in values:
        storage, _, path = one.partition("=")
        if path and not (is_bucket(path) and split(path).bucket and not split(path).key):
            raise click.BadParameter(f'"{path}" is not a bucket such as s3://BUCKET')
        found[an_id(context, parameter, storage).lower()] = path
    return found


def a_key(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str:
    """An API key that clients can send, or empty; no message shows it."""
    from rbsync.backends.redbrick.api.constants import KEY_LENGTH
    from rbsync.backends.redbrick.api.credentials import ODD_CHARACTERS, is_sendable

    # Clients leave out what surrounds a key, such as the line break of a file.
    key = (value or "").strip()
    if key and len(key) != KEY_LENGTH:
        message = f"the API key has {len(key)} characters; the service's have {KEY_LENGTH}"
        raise click.BadParameter(message)
    if not is_sendable(key):
        raise click.BadParameter(f"the API key has {ODD_CHARACTERS}")
    return key


def _is_uuid(text: str) -> bool:
    try:
        # UUID() takes braces and no dashes too, but ids of requests are compared as text.
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


PORT = 8765
KEY_VARIABLE = "RBSYNC_API_KEY"
_MOST_OF_A_KEY = 4096
_KEY_HINT = "write the key into it, and let nobody else read it: chmod 600"
_TAXONOMY_HINT = "it is JSON: a list of names, or the service's own"


@click.command("serve")
@click.option("--path", default=".rbsync/project", show_default=True, help="The project's folder.")
@click.option("--org-id", default="", metavar="UUID", callback=an_id, help="The organization's id.")
@click.option("--project-id", default="", metavar="UUID", callback=an_id, help="The project's id.")
@click.option(
    "--api-key",
    envvar=KEY_VARIABLE,
    show_envvar=True,
    metavar="KEY",
    callback=a_key,
    help="What clients must give; else a new one is made. Everybody on the machine sees it.",
)
@click.option(
    "--api-key-file",
    "key_file",
    metavar="FILE",
    help="A file with the key, which stands in no list of processes then.",
)
@click.option(
    "--type",
    "project_type",
    default="",
    metavar="TYPE",
    callback=a_type,
    help="Such as IMAGE_SEGMENTATION.",
)
@click.option("--taxonomy", metavar="FILE", help="What labels may say; JSON.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--allow-host", "hosts", multiple=True, help="Another name to be addressed by.")
@click.option("--port", metavar="N", type=WholeNumber(0, 65535), default=PORT, show_default=True)
@click.option(
    "--storage",
    "storages",
    multiple=True,
    metavar="UUID[=s3://BUCKET]",
    callback=some_storages,
    help="A storage's id, and the bucket that it leads to.",
)
@click.option(
    "--duplicate-name",
    type=click.Choice(["null", "error"]),
    default="error",
    show_default=True,
    help="How to say that a name is taken.",
)
@click.option(
    "--rewrites",
    is_flag=True,
    help="Add ids, members and defaults to what is sent, as real ones do.",
)
@click.option("--quirks", metavar="FILE", help="How it shall be odd: see rbsync.service.quirks.")
@click.option("--faults", metavar="FILE", help="What shall go wrong: see rbsync.service.faults.")
@with_common_options
def command(common: CommonOptions, **given: Any) -> int:
    """Speak RedBrick's protocol over a local project, for work without the service.

    \b
    Examples:
      rbsync serve --path project --type IMAGE_MULTI --port 8765
      rbsync serve --storage 7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11=s3://scans
    """
    try:
        from rbsync.service.app import make_app
        from rbsync.service.faults.player import Player
        from rbsync.service.faults.script import read_faults
        from rbsync.service.server import listen, make_server
        from rbsync.service.service import open_service
    except ImportError as error:
        hint = "pip install 'rbsync[serve]'"
        raise RbsyncError(
            f"this command needs more than is installed: {error}", hint=hint
        ) from error
    given["api_key"] = _key_of_file(common, given) or given["api_key"]
    log_service(verbose=common.verbose > 0)
    faults = read_faults(_path(common, given["faults"])) if given["faults"] else []
    service = open_service(_settings(common, given))
    # Before the address is told: who reads it may connect at once.
    sockets = listen(given["host"], given["port"])
    try:
        port = sockets[0].getsockname()[1]
        _announce(common, service, given["host"], port, is_new_key=not given["api_key"])
        server = make_server(make_app(service, Player(faults)))
        # All that there is by now stays; the collector need not look through it again and again.
        gc.freeze()
        server.run(sockets)
    except KeyboardInterrupt:
        note(common, "Stopped.")
    finally:
        service.close()
    return ExitCode.DONE


def _key_of_file(common: CommonOptions, given: dict[str, Any]) -> str:
    """The key in the file that was given, empty where none was. Raises UsageError."""
    context = click.get_current_context()
    if given["key_file"] is None:
        return ""
    # A key in the environment is no second one: it may be there for every shell.
    if context.get_parameter_source("api_key") is ParameterSource.COMMANDLINE:
        raise UsageError("--api-key and --api-key-file are two keys", hint="give one of them")
    path = _path(common, given["key_file"])
    try:
        # Read to a limit: a path that is wrong may be that of a device, which has no end.
        with open(path, encoding="ascii") as file:
            key = a_key(context, context.command.params[0], file.read(_MOST_OF_A_KEY))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text of a key"
        raise UsageError(f"{path} cannot be read: {why}", hint=_KEY_HINT) from error
    if not key:
        raise UsageError(f"{path} is empty", hint=_KEY_HINT)
    return key


def _settings(common: CommonOptions, given: dict[str, Any]) -> ServiceSettings:
    from rbsync.service.configuration import ServiceSettings
    from rbsync.service.quirks import read_quirks

    return ServiceSettings(
        path=_path(common, given["path"]),
        api_key=given["api_key"] or secrets.token_urlsafe(32),
        org_id=given["org_id"],
        project_id=given["project_id"],
        type=given["project_type"],
        taxonomy=_taxonomy(_path(common, given["taxonomy"])) if given["taxonomy"] else None,
        duplicate_name=given["duplicate_name"],
        hosts=given["hosts"],
        storages=tuple(given["storages"]),
        buckets={one: path for one, path in given["storages"].items() if path},
        rewrites=given["rewrites"],
        quirks=read_quirks(_path(common, given["quirks"])) if given["quirks"] else frozenset(),
    )


def _path(common: CommonOptions, given: str) -> str:
    return os.path.normpath(os.path.join(common.folder, given))


def _taxonomy(path: str) -> Any:
    from rbsync.labels.taxonomy_json import read_taxonomy

    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise UserError([Problem("taxonomy", message, hint=_TAXONOMY_HINT)]) from error
    except RecursionError as error:
        message = f"{path} cannot be read: it is nested too deeply"
        raise UserError([Problem("taxonomy", message, hint=_TAXONOMY_HINT)]) from error
    return read_taxonomy(data)


def _announce(
    common: CommonOptions, service: Service, host: str, port: int, *, is_new_key: bool
) -> None:
    """Says how to reach the service; the key only when it was made here.

    One that was given is known to those who need it, and may be that of the real service.
    """
    from rbsync.documents import FORMAT_VERSION
    from rbsync.service import banner

    url = banner.url_of(host, port)
    if common.json:
        # On one line: who reads it cannot wait for the end of the stream, which stays open.
        found = banner.as_json(service, url, with_key=is_new_key)
        result(common, json.dumps({"format_version": FORMAT_VERSION, **found}))
    else:
        result(common, banner.manifest_block(service, url))
        if is_new_key:
            note(common, f"export {KEY_VARIABLE}={service.settings.api_key}")
        note(common, f"Serving {service.meta.name}. Stop with Ctrl-C.")
    # A program that reads the address from a pipe would get it when the service ends.
    sys.stdout.flush()
