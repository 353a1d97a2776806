"""Loads a manifest: by what is kept of it where its text is known to be right, else by reading."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property

from rbsync.backends.surroundings import Judge
from rbsync.errors import UserError
from rbsync.manifest.file_text import read_limited
from rbsync.manifest.kept_settings import Circumstances, kept_settings
from rbsync.manifest.limits import LIMITS, Limits
from rbsync.manifest.manifest import Head, Manifest, Parts, Sources
from rbsync.manifest.order import shortened
from rbsync.model.fingerprint import digest
from rbsync.trust import Trust, read_trust
from rbsync.trust.places import check_location

__all__ = ["Manifest", "load_manifest"]


def load_manifest(
    path: str | os.PathLike[str],
    environ: Mapping[str, str] | None = None,
    *,
    trust: Trust | None = None,
    strict: bool = True,
    limits: Limits = LIMITS,
) -> Manifest:
    """Read and check a manifest; ``environ`` is the process's own environment by default.

    ``trust`` is what the manifest is allowed, by default what the environment and the user's
    configuration say.

    Raises ``UserError`` when the file cannot be read or is not YAML, and with ``strict`` for any
    problem, telling all. Without, what is wrong is left out: an unknown key alone where it
    stands, else the whole source or setting.
    """
    file = os.fspath(path)
    environ = os.environ if environ is None else environ
    trust = read_trust(environ) if trust is None else trust
    # Before the file is opened: it may be a link that a repository planted.
    check_location(file)
    data = read_limited(file, file, limits)
    circumstances = Circumstances(file, data, trust, environ, limits)
    manifest = _known(circumstances) or _read(circumstances)
    if strict and manifest.problems:
        raise UserError(shortened(manifest.problems))
    return manifest


def _known(of: Circumstances) -> Manifest | None:
    """The manifest by the settings that are kept of it; None where they are not."""
    settings = kept_settings(of)
    if settings is None:
        return None
    root = os.path.dirname(os.path.abspath(of.file))
    # A link may have come since to where the project's folder is to be.
    if any(settings.backend.objections(Judge(root, of.trust, of.environ, {}))):
        return None
    later = _Later(of)
    return Manifest(
        settings=settings,
        file=of.file,
        root=root,
        digest=digest(of.data, settings.hash),
        problems=(),
        trust=of.trust,
        is_barred=False,
        parts=Parts(later.head, later.sources),
    )


class _Later:
    """Reads the text once somebody asks for more than the settings."""

    def __init__(self, of: Circumstances) -> None:
        self._of = of

    @cached_property
    def _manifest(self) -> Manifest:
        return _read(self._of)

    def head(self) -> Head:
        return self._manifest.parts.head

    def sources(self) -> Sources:
        return self._manifest.parts.sources


def _read(of: Circumstances) -> Manifest:
    # What reads a text takes longer to load than most plans take.
    from rbsync.manifest.reader import read_manifest

    return read_manifest(of)
