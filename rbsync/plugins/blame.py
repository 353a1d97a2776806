"""Whose mistake an unexpected exception is: ours, or that of a plug-in."""

from __future__ import annotations

import traceback

from rbsync.errors import PluginError
from rbsync.plugins.installed import offers, repair


def blamed(error: Exception) -> PluginError | None:
    """The error to show for an exception that came out of a plug-in's code; None for another.

    A mistake in a plug-in must not look like one of rbsync: whoever reads the message has to know
    whom to ask.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    owners = _owners()
    for frame, line in reversed(frames):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in owners:
            place = f"{frame.f_code.co_filename}:{line}"
            return PluginError(
                f"the distribution {owners[package]} has a mistake in {place}: "
                f"{type(error).__name__}: {error}",
                hint=repair(owners[package]),
            )
    return None


def _owners() -> dict[str, str]:
    """The distributions by the packages that their entry points lead to."""
    return {
        offer.entry.module.partition(".")[0]: offer.distribution
        for found in offers().values()
        for offer in found
        if offer.entry.module.partition(".")[0] != "rbsync"
    }
