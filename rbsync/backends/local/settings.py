"""The keys of ``backend`` for the embedded project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from rbsync.backends.base import Backend
from rbsync.backends.local.chosen import LocalChosen
from rbsync.backends.settings import BackendSettings, Judge, Objection, Surroundings


class LocalSettings(BackendSettings):
    """A project in a folder of this machine."""

    kind: Literal["local"] = Field(description="The project is a folder.", examples=["local"])
    path: str = Field(
        ".rbsync/project",
        description="The folder of the project, from the manifest's folder.",
        examples=[".rbsync/project"],
    )

    @property
    def chosen(self) -> LocalChosen:
        """The same without its model."""
        return LocalChosen(self.path)

    def objections(self, judge: Judge) -> Iterator[Objection]:
        """A project in another folder, or behind a link."""
        return self.chosen.objections(judge)

    def open(self, surroundings: Surroundings) -> Backend:
        """As `LocalChosen` does it."""
        return self.chosen.open(surroundings)
