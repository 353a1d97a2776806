"""The settings that a manifest has for its backend, which is opened from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from rbsync.backends.base import Backend, Reading
from rbsync.checks import Check
from rbsync.labels import Taxonomy
from rbsync.model.fingerprint import Algorithm
from rbsync.trust import Trust


class Surroundings(NamedTuple):
    """The surroundings that a backend is opened in, beside its own settings.

    ``root`` is the manifest's folder. ``type`` and ``taxonomy`` are what the manifest says of the
    project, empty where it says nothing; ``stamp`` whether fingerprints may be left in it.
    ``algorithm`` is that of content identities. ``trust`` is what the trusted side says of keys,
    and of where they go. Questions to a service are asked with ``reading``.
    """

    root: str
    type: str
    taxonomy: Taxonomy
    stamp: bool
    algorithm: Algorithm
    trust: Trust
    reading: Reading


class Judge(NamedTuple):
    """By what a manifest's backend is judged before it is opened.

    ``root`` is the manifest's folder. ``filled`` are the keys whose values came out of variables
    of the environment, by how they are written: the values must not be told.
    """

    root: str
    trust: Trust
    environ: Mapping[str, str]
    filled: Mapping[str, str]


class Objection(NamedTuple):
    """A reason that a manifest may not name this project; ``key`` of ``backend`` is to blame."""

    key: str
    code: str
    message: str
    hint: str = ""


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
