"""The settings of a manifest as plain values: all but those of its sources."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from rbsync.backends.surroundings import Chosen
from rbsync.model.fingerprint import Algorithm
from rbsync.model.plan import OnChange, OnConflict, OnMove

Refresh = Literal["auto", "always", "never"]
FileCheck = Literal["strict", "structure", "none"]
StateKind = Literal["any", "required"]


class ProjectSettings(NamedTuple):
    """The facts of the project that are known beforehand; empty is what the manifest leaves open.

    ``taxonomy`` are names of categories, or the path of a file. ``stages`` are those in which
    people work, ``members`` pairs of an e-mail and a role.
    """

    type: str
    taxonomy: tuple[str, ...] | str
    name: str = ""
    stages: tuple[str, ...] = ()
    members: tuple[tuple[str, str], ...] = ()


class PolicySettings(NamedTuple):
    """The limits that a plan keeps to, after what the trusted side says of them.

    ``max_delete`` is a fraction of the datapoints, ``history`` is in days.
    """

    prune: bool
    max_delete: float
    on_change: OnChange
    on_conflict: OnConflict
    on_move: OnMove
    refresh: Refresh
    stamp: bool
    history: int


class ManifestSettings(NamedTuple):
    """The settings that count, of a manifest that was checked.

    ``storages`` are the names of storages with their ids. ``check`` is how closely files are
    looked at. ``state`` says whether the one who runs rbsync must name a state.
    """

    backend: Chosen
    project: ProjectSettings
    storages: Mapping[str, str]
    policy: PolicySettings
    roots: tuple[str, ...]
    check: FileCheck
    hash: Algorithm
    state: StateKind = "any"
