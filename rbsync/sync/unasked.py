"""The project of a manifest that is not trusted: it is known by nothing, and asked nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from rbsync.backends.base import Backend, Capabilities, Project
from rbsync.errors import RefusedError

HINT = "unset RBSYNC_UNTRUSTED, or set it to 0, where the manifest is your own"


def refuse(what: str) -> NoReturn:
    """Raises RefusedError for what an untrusted manifest is no reason to do."""
    message = f"{what}: the manifest is not trusted here (a pull request of a fork, or --untrusted)"
    raise RefusedError(message, hint=HINT)


class UnaskedBackend:
    """Stands for a ``backends.base.Backend`` where a plan is made, and does nothing else.

    What the port has beside these methods, now or later, is refused when it is reached for.
    """

    capabilities = Capabilities()

    def describe(self) -> Project | None:
        """Nobody knows."""
        return None

    def storages(self) -> Mapping[str, str] | None:
        """Nobody knows."""
        return None

    def close(self) -> None:
        """Does nothing."""

    def __getattr__(self, name: str) -> NoReturn:
        # What only some backends can do is looked for before it is used, and is not there.
        if name.startswith("__") or not hasattr(Backend, name):
            raise AttributeError(name)
        refuse(f"no project is asked for `{name}`")
