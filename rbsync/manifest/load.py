"""Loads a manifest: by what is kept of it where its text is known to be right, else by reading."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from rbsync.backends.surroundings import Judge
from rbsync.errors import UserError
from rbsync.manifest.file_text import read_limited
from rbsync.manifest.kept_settings import Circumstances, Kept, kept_settings
from rbsync.manifest.limits import LIMITS, Limits
from rbsync.manifest.manifest import Head, Manifest, Parts, Sources
from rbsync.manifest.order import shortened
from rbsync.model.fingerprint import digest
from rbsync.trust import Trust, read_trust
from rbsync.trust.places import check_location

if TYPE_CHECKING:
    from rbsync.manifest.document import Document

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
    kept = kept_settings(of)
    if kept is None:
        return None
    settings = kept.settings
    root = os.path.dirname(os.path.abspath(of.file))
    # A link may have come since to where the project's folder is to be.
    judge = Judge(root, of.trust, of.environ, {}, settings.project.name)
    if any(settings.backend.objections(judge)):
        return None
    later = _Later(of, kept)
    identity = digest(of.data, settings.hash)
    return Manifest(
        settings=settings,
        file=of.file,
        root=root,
        digest=identity,
        meaning=kept.meaning,
        text=b"" if kept.meaning == identity else of.data,
        problems=(),
        trust=of.trust,
        is_barred=False,
        parts=Parts(later.head, later.sources, later.document),
    )


class _Later:
    """Reads the text once somebody asks for more than was kept of it."""

    def __init__(self, of: Circumstances, kept: Kept) -> None:
        self._of, self._kept = of, kept

    @cached_property
    def _parts(self) -> Parts:
        return _read(self._of).parts

    @cached_property
    def _unpacked(self) -> tuple[Head, Sources] | None:
        if self._kept.sources is None:
            return None
        from rbsync.manifest.kept_sources import unpacked

        # Between two releases a version may have kept settings of other names: the text has them.
        with suppress(KeyError, TypeError, ValueError):
            return unpacked(self._kept.sources, self._of.file)
        return None

    def head(self) -> Head:
        return self._unpacked[0] if self._unpacked else self._parts.head

    def sources(self) -> Sources:
        return self._unpacked[1] if self._unpacked else self._parts.sources

    def document(self, with_sources: bool) -> Document:
        return self._parts.document_of_sources if with_sources else self._parts.document_of_head


def _read(of: Circumstances) -> Manifest:
    # What reads a text takes longer to load than most plans take.
    from rbsync.manifest.reader import read_manifest

    return read_manifest(of)
