"""The embedded project as a manifest names it: a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from rbsync.backends.base import Backend
from rbsync.backends.surroundings import Judge, Objection, Surroundings
from rbsync.checks import Check
from rbsync.trust.places import own_folder_objection


class LocalChosen(NamedTuple):
    """The folder of a project, from the manifest's folder. The models of manifests know nothing
    that it does not: it can be opened without them.
    """

    path: str
    kind: str = "local"

    def objections(self, judge: Judge) -> Iterator[Objection]:
        """A project in another folder, or behind a link."""
        # A stranger's manifest must not choose which folder of the user's is written to.
        objection = own_folder_objection(judge.root, self.path)
        if objection:
            yield Objection("path", "backend-path", f"`backend.path` {objection}")

    def checks(self, surroundings: Surroundings) -> Iterator[Check]:  # noqa: ARG002  (of all kinds)
        """Nothing lies on the way to a folder."""
        yield from ()

    def open(self, surroundings: Surroundings) -> Backend:
        """The backend; nothing is made or asked yet."""
        from rbsync.backends.local.backend import LocalBackend

        taxonomy = surroundings.taxonomy
        return LocalBackend(
            os.path.join(surroundings.root, self.path),
            name=surroundings.name,
            type=surroundings.type,
            taxonomy=taxonomy if taxonomy.categories else None,
            algorithm=surroundings.algorithm,
        )
