"""`rbsync watch`."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rbsync.cli.numbers_given import Number, WholeNumber
from rbsync.cli.options import CommonOptions, no_stream, with_common_options
from rbsync.cli.output import complaint, document, note, result
from rbsync.cli.signals import heard
from rbsync.errors import ExitCode

if TYPE_CHECKING:
    from rbsync.watcher.loop import Watch
    from rbsync.watcher.watch_options import WatchOptions

F = TypeVar("F", bound=Callable[..., Any])
_SECONDS = Number(0)


def _seconds(name: str, default: float | None, text: str) -> Callable[[F], F]:
    return click.option(name, type=_SECONDS, default=default, metavar="SECONDS", help=text)


@click.command("watch")
@_seconds("--settle", 2.0, "How long a file stands still before it is taken for finished [2].")
@_seconds("--settle-group", 30.0, "The same for the folder of a video or a study [30].")
@_seconds("--rescan", 600.0, "The longest time between two looks at everything [600].")
@_seconds("--grace", 60.0, "How long a deleted file may come back [60].")
@_seconds("--poll", None, "Look so often, and do not wait for events.")
@click.option("--once", is_flag=True, help="Finish what is there, then end as apply does.")
@click.option("--plan-only", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--prune/--no-prune", default=None, help="Delete what the manifest does not declare.")
@click.option("--jobs", "-j", type=WholeNumber(1, 256), metavar="N", help="Workers.")
@click.option("--yes", "-y", is_flag=True, help="Needless: a watch never asks.")
@click.option(
    "--health",
    metavar="FILE",
    default="",
    callback=no_stream,
    help="Write there now and then how things stand.",
)
@click.option(
    "--flush", is_flag=True, help="Return when the running watch has applied all that is there."
)
@_seconds("--timeout", None, "The longest time for --flush and --once; then exit code 3.")
@with_common_options
def command(common: CommonOptions, flush: bool, health: str, **given: Any) -> int:
    """Keep the project in step with the files, and send no file that is half-written.

    Creates and updates are applied as files are finished. A file is finished when it stands still,
    when nobody has it open for writing, and when it is whole by its format. With --flush a second
    terminal waits until the running watch has applied all that is there.

    \b
    Examples:
      rbsync watch
      rbsync watch --once
      rbsync watch --prune --grace 600
      rbsync watch --flush --timeout 60
    """
    del given["yes"]  # scripts may give it to every command
    if flush:
        return _flush(common, given["timeout"])
    if given["timeout"] is not None and not given["once"]:
        raise click.UsageError("--timeout is for --flush and --once")
    return _watch(common, _options(**given), health)


def _options(*, settle_group: float, prune: bool | None, **given: Any) -> WatchOptions:
    from rbsync.sync.plan_options import PlanOptions
    from rbsync.watcher.watch_options import WatchOptions

    # Nobody sits before a watch: one datapoint with a problem must not keep the others waiting.
    planning = PlanOptions(prune=prune, keep_going=True, plans_again=True)
    return WatchOptions(group=settle_group, planning=planning, **given)


def _own_folder(common: CommonOptions) -> str:
    from rbsync.sync.workspace import FOLDER

    return os.path.join(os.path.dirname(os.path.abspath(common.manifest_path)), FOLDER)


def _flush(common: CommonOptions, timeout: float | None) -> ExitCode:
    from rbsync.watcher.flushing import ask

    done, left = ask(_own_folder(common), timeout)
    if common.json:
        code = ExitCode.DONE if done else ExitCode.SOME_FAILED
        found = {"summary": None, "waiting": [], "left": left, "exit_code": int(code)}
        document(common, found)
        return code
    if done:
        note(common, "All that was there is applied.")
        return ExitCode.DONE
    complaint(common, "still waiting:")
    for one in left:
        result(common, one)
    return ExitCode.SOME_FAILED


def _watch(common: CommonOptions, options: WatchOptions, health: str) -> ExitCode:
    from rbsync.cli.render.watch_view import WatchView
    from rbsync.manifest.load import load_manifest
    from rbsync.manifest.manifest import Manifest
    from rbsync.sync.unasked import refuse
    from rbsync.sync.workspace import open_workspace
    from rbsync.watcher.flushing import FlushServer
    from rbsync.watcher.loop import Watch
    from rbsync.watcher.single import alone
    from rbsync.watcher.supervision import Supervision

    trust = common.trust
    if trust.untrusted:
        refuse("this command is not run")

    def load() -> Manifest:
        return load_manifest(common.manifest_path, trust=trust)

    view = WatchView(common)
    supervision = Supervision(health)

    def opened(manifest: Manifest, readiness: Any, known: Any, stop: Any) -> Any:
        return open_workspace(
            manifest,
            watcher=supervision,
            state=common.state,
            note=view.note,
            stop=stop,
            readiness=readiness,
            known=known,
        )

    watch = Watch(load, opened, view, options, supervision)
    folder = _own_folder(common)
    with suppress(FileExistsError):
        os.makedirs(folder)
    with alone(folder):
        server = FlushServer(folder, watch.flush)
        try:
            with _signals(watch):
                code = watch.run()
        finally:
            server.close()
            view.close()
    view.conclude(watch.standing, watch.left, code)
    return code


def _endings() -> list[signal.Signals]:
    """The signals that end a watch."""
    found = [signal.SIGINT, signal.SIGTERM]
    # Of a terminal that was closed. `nohup` has it ignored, which is to stay so.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        found.append(signal.SIGHUP)
    return found


def _signals(watch: Watch) -> AbstractContextManager[None]:
    """SIGTERM ends the watch cleanly with 0, SIGINT and SIGHUP with 130; a second one at once.

    On a terminal of another size the status is shown anew.
    """

    def ending(code: ExitCode) -> None:
        if watch.ends:
            os._exit(code)
        watch.end(code)

    handlers: dict[int, Callable[[], None]] = {
        one: partial(ending, ExitCode.DONE if one == signal.SIGTERM else ExitCode.INTERRUPTED)
        for one in _endings()
    }
    if hasattr(signal, "SIGWINCH"):
        # What was drawn for a wider terminal wraps, and the next second clears its last line alone.
        handlers[signal.SIGWINCH] = watch.show
    return heard(handlers)
