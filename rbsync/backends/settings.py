"""The settings that a manifest has for its backend, which is opened from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel, ConfigDict

from rbsync.backends.base import Backend
from rbsync.backends.surroundings import Judge, Objection, Surroundings
from rbsync.checks import Check

__all__ = ["BackendSettings", "Judge", "Objection", "Surroundings"]


class BackendSettings(BaseModel, ABC):
    """The keys of ``backend`` for one ``kind``, which the subclass gives as a ``Literal``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        """Returns what ``kind`` may be."""
        return get_args(cls.model_fields["kind"].annotation)

    def objections(self, judge: Judge) -> Iterator[Objection]:  # noqa: ARG002  (of all kinds)
        """Yields what these settings say that is for the trusted side alone to say.

        The manifest may be a stranger's: it must not choose where a key goes, which program is
        run, or what is written outside of its folder.
        """
        yield from ()

    def checks(self, surroundings: Surroundings) -> Iterator[Check]:  # noqa: ARG002  (of all kinds)
        """Yields what `rbsync doctor` looks at on the way to the project; changes nothing.

        After one that failed, those that need it are left out.
        """
        yield from ()

    @abstractmethod
    def open(self, surroundings: Surroundings) -> Backend:
        """The backend; nothing is made or asked yet. Raises UserError when it cannot be used."""
