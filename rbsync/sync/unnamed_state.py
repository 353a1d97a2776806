"""The state of a manifest that wants the team's, where the one who runs rbsync names none."""

from __future__ import annotations

from typing import NoReturn

from rbsync.errors import Location, Problem, UserError
from rbsync.stores.base import Store

HINT = (
    "name the state of your team by RBSYNC_STATE_URL, --state, or `state` in rbsync's configuration"
)


class UnnamedState:
    """Stands for a ``stores.base.Store`` where none is wanted, such as to check the manifest.

    Whatever asks it anything raises UserError, with the place in the manifest.
    """

    def __init__(self, place: Location) -> None:
        self._place = place

    def close(self) -> None:
        """Does nothing."""

    def __getattr__(self, name: str) -> NoReturn:
        # What only some stores can do is looked for before it is used, and is not there.
        if name.startswith("__") or not hasattr(Store, name):
            raise AttributeError(name)
        message = "`state: required`: no state is named, and none is started here"
        raise UserError([Problem("no-state", message, self._place, HINT)])
