"""`rbsync browse`."""

from __future__ import annotations

import json
import os
import secrets
import sys
import threading
from importlib.resources import files
from socket import socket
from typing import TYPE_CHECKING

import click

from rbsync.cli.numbers_given import WholeNumber
from rbsync.cli.open_workspace import opened
from rbsync.cli.options import CommonOptions, with_common_options
from rbsync.cli.output import note, result
from rbsync.errors import ExitCode, RbsyncError

if TYPE_CHECKING:
    from rbsync.sync.workspace import Workspace

PORT = 8766
FOLDER = "thumbnails"
_OWN = ("browse.html", "browse.css", "browse.js", "page.css", "picture.js", "scan.js", "zoom.js")


@click.command("browse")
@click.option("--port", metavar="N", type=WholeNumber(0, 65535), default=PORT, show_default=True)
@click.option("--allow-host", "hosts", multiple=True, help="Another name to be addressed by.")
@with_common_options
def command(common: CommonOptions, port: int, hosts: tuple[str, ...]) -> int:
    """Show the datapoints with their labels in a browser, and change nothing.

    It listens on this machine only, and whoever has the address that it prints may look.

    \b
    Example:
      rbsync browse --port 0
    """
    try:
        from rbsync.browse.page_server import PageServer  # noqa: F401  (tells whether it can be)
        from rbsync.service.server import listen
    except ImportError as error:
        hint = "pip install 'rbsync[browse]'"
        raise RbsyncError(
            f"this command needs more than is installed: {error}", hint=hint
        ) from error
    with opened(common, looks_on=True) as workspace:
        sockets = listen("127.0.0.1", port)
        try:
            _serve(common, workspace, sockets, hosts)
        except KeyboardInterrupt:
            note(common, "Stopped.")
        finally:
            for one in sockets:
                one.close()
    return ExitCode.DONE


def _serve(
    common: CommonOptions, workspace: Workspace, sockets: list[socket], hosts: tuple[str, ...]
) -> None:
    from rbsync.browse.filling import Filling
    from rbsync.browse.page_server import PageServer
    from rbsync.browse.sights import Looker
    from rbsync.browse.table import Table
    from rbsync.browse.thumbnails import Thumbnails
    from rbsync.service.server import make_server

    table = Table()
    filling = Filling(workspace, table)
    filling.fill()
    looker = Looker(workspace, table, filling)
    own = os.path.dirname(workspace.recovery_file.path)
    thumbnails = Thumbnails(os.path.join(own, FOLDER), looker, workspace.inputs.helpers)
    page = PageServer(table, filling, looker, thumbnails, page_files())
    token = secrets.token_urlsafe(24)
    _announce(common, f"http://localhost:{sockets[0].getsockname()[1]}/{token}/")
    reader = threading.Thread(target=filling.look_on, daemon=True)
    reader.start()
    try:
        make_server(page.app(token, hosts)).run(sockets)
    finally:
        filling.stop()
        reader.join()
        table.close()


def page_files() -> dict[str, str]:
    """The files of the page by name; its pictures are drawn as those of a plan are."""
    folder = files("rbsync.cli.pages")
    return {name: folder.joinpath(name).read_text("utf-8") for name in _OWN}


def _announce(common: CommonOptions, url: str) -> None:
    from rbsync.documents import FORMAT_VERSION

    if common.json:
        # On one line: who reads it cannot wait for the end of the stream, which stays open.
        result(common, json.dumps({"format_version": FORMAT_VERSION, "url": url}))
    else:
        result(common, url)
        note(common, "Whoever has this address may look. Stop with Ctrl-C.")
    sys.stdout.flush()
