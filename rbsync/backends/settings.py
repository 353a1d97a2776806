"""The settings that a manifest has for its backend, which is opened from them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, get_args

from pydantic import BaseModel, ConfigDict

from rbsync.backends.base import Backend, Reading
from rbsync.labels import Taxonomy
from rbsync.model.fingerprint import Algorithm


class Surroundings(NamedTuple):
    """The surroundings that a backend is opened in, beside its own settings.

    ``root`` is the manifest's folder. ``type`` and ``taxonomy`` are what the manifest says of the
    project, empty where it says nothing; ``stamp`` whether fingerprints may be left in it.
    ``algorithm`` is that of content identities, ``profile`` the one of the command line.
    Questions to a service are asked with ``reading``.
    """

    root: str
    type: str
    taxonomy: Taxonomy
    stamp: bool
    algorithm: Algorithm
    profile: str
    reading: Reading


class BackendSettings(BaseModel, ABC):
    """The keys of ``backend`` for one ``kind``, which the subclass gives as a ``Literal``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        """Returns what ``kind`` may be."""
        return get_args(cls.model_fields["kind"].annotation)

    @abstractmethod
    def open(self, surroundings: Surroundings) -> Backend:
        """The backend; nothing is made or asked yet. Raises UserError when it cannot be used."""
