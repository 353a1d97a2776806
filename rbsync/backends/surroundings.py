"""The surroundings that a backend is opened in, and by what it is judged before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from rbsync.backends.base import Backend, Reading
from rbsync.checks import Check
from rbsync.labels.taxonomy import Taxonomy
from rbsync.model.fingerprint import Algorithm
from rbsync.trust import Trust


class Surroundings(NamedTuple):
    """The surroundings that a backend is opened in, beside its own settings.

    ``root`` is the manifest's folder. ``type``, ``taxonomy`` and ``name`` are what it says
    of the project, empty where it says nothing; ``stamp`` whether fingerprints may be left in it.
    ``algorithm`` is that of content identities. ``trust`` is what the trusted side says of keys,
    and of where they go. Questions to a service are asked with ``reading``; ``seconds`` is how
    long each may take, 0 for as long as suits the backend.
    """

    root: str
    type: str
    taxonomy: Taxonomy
    stamp: bool
    algorithm: Algorithm
    trust: Trust
    reading: Reading
    name: str = ""
    seconds: float = 0.0


class Judge(NamedTuple):
    """By what a manifest's backend is judged before it is opened.

    ``root`` is the manifest's folder. ``filled`` are the keys whose values came out of variables
    of the environment, by how they are written: the values must not be told. ``name`` is what the
    manifest calls the project.
    """

    root: str
    trust: Trust
    environ: Mapping[str, str]
    filled: Mapping[str, str]
    name: str = ""


class Objection(NamedTuple):
    """A reason that a manifest may not name this project; ``key`` of ``backend`` is to blame."""

    key: str
    code: str
    message: str
    hint: str = ""


class Chosen(Protocol):
    """The backend that a manifest names, before it is opened: a kind and its settings."""

    @property
    def kind(self) -> str:
        """The word that names the kind."""

    def objections(self, judge: Judge) -> Iterator[Objection]:
        """As `BackendSettings` has it."""

    def checks(self, surroundings: Surroundings) -> Iterator[Check]:
        """As `BackendSettings` has it."""

    def open(self, surroundings: Surroundings) -> Backend:
        """As `BackendSettings` has it."""
