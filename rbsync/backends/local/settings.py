"""The keys of ``backend`` for the embedded project."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from rbsync.backends.base import Backend
from rbsync.backends.settings import BackendSettings, Judge, Objection, Surroundings
from rbsync.trust.places import own_folder_objection


class LocalSettings(BackendSettings):
    """A project in a folder of this machine."""

    kind: Literal["local"] = Field(description="The project is a folder.", examples=["local"])
    path: str = Field(
        ".rbsync/project",
        description="The folder of the project, from the manifest's folder.",
        examples=[".rbsync/project"],
    )

    def objections(self, judge: Judge) -> Iterator[Objection]:
        """A project in another folder, or behind a link."""
        # A stranger's manifest must not choose which folder of the user's is written to.
        objection = own_folder_objection(judge.root, self.path)
        if objection:
            yield Objection("path", "backend-path", f"`backend.path` {objection}")

    def open(self, surroundings: Surroundings) -> Backend:
        from rbsync.backends.local.backend import LocalBackend

        taxonomy = surroundings.taxonomy
        return LocalBackend(
            os.path.join(surroundings.root, self.path),
            type=surroundings.type,
            taxonomy=taxonomy if taxonomy.categories else None,
            algorithm=surroundings.algorithm,
        )
