"""The settings and sources of manifests that were read before, and were right.

They are kept for the same text.

They are kept outside of any repository. Whoever can write there needs no manifest; but what lies
beside a manifest may have come with it, and would make another one of it than its readers see.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from rbsync.backends.local.chosen import LocalChosen
from rbsync.errors import RbsyncError
from rbsync.manifest.limits import Limits
from rbsync.manifest.settings import ManifestSettings, PolicySettings, ProjectSettings
from rbsync.trust import Trust
from rbsync.trust.own_folders import cache_folder, forget_old, may_be_strangers
from rbsync.version import VERSION

if TYPE_CHECKING:
    from rbsync.manifest.manifest import Manifest

_MOST_BYTES = 1 << 16


class Circumstances(NamedTuple):
    """The text of a manifest, and all that its reading depends on.

    ``environ`` is the environment that its variables are of.
    """

    file: str
    data: bytes
    trust: Trust
    environ: Mapping[str, str]
    limits: Limits

    @property
    def key(self) -> str:
        """The identity of all that makes settings of the text."""
        # Another version may find something wrong with the same text.
        trust = [sorted(one) if isinstance(one, frozenset) else one for one in _facts(self.trust)]
        said = repr((VERSION, trust, self.limits))
        return f"{_sum(self.data)} {_sum(said.encode())}"


class Kept(NamedTuple):
    """The settings of a manifest, and what `kept_sources` made of its sources, where it did.

    ``meaning`` is as in `Manifest`.
    """

    settings: ManifestSettings
    meaning: str
    sources: Any


def kept_settings(of: Circumstances) -> Kept | None:
    """The settings, and perhaps the sources, that a text had in the same circumstances.

    None where that is not known, or what was kept is not as it was written.
    """
    # A stranger's manifest neither finds nor leaves anything.
    if of.trust.untrusted:
        return None
    with suppress(OSError, ValueError, TypeError, KeyError):
        # Nothing is waited for: what stands there may be a link, in a checkout.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(_path(of), flags), encoding="utf-8") as opened:
            seal, _, text = opened.read(_MOST_BYTES).partition("\n")
        # A bit that the disk flipped must not become another policy, nor what a stranger sealed.
        if seal == _sum(text.encode()) and not _is_strangers(of):
            key, meaning, found, sources = json.loads(text)
            if key == of.key:
                return Kept(_settings(**found), meaning, sources)
    return None


def keep_settings(of: Circumstances, manifest: Manifest) -> None:
    """Keeps the settings of a manifest in which nothing is wrong, where they are for ever.

    Its sources are kept with them, but for very many.

    The ways to a service and folders of others are judged by what is there each time, and are
    read anew.
    """
    settings = manifest.settings
    if of.trust.untrusted or settings.roots or not isinstance(settings.backend, LocalChosen):
        return
    # Loaded by those that read a manifest as a whole, and by nobody else.
    from rbsync.manifest.kept_sources import packed
    from rbsync.written_files import write_whole

    parts = {
        "path": settings.backend.path,
        "project": settings.project,
        "storages": settings.storages,
        "policy": settings.policy,
        "check": settings.check,
        "hash": settings.hash,
        "state": settings.state,
    }
    known = [of.key, manifest.meaning, parts]
    data = _sealed(json.dumps([*known, packed(manifest)]))
    if len(data) > _MOST_BYTES:
        data = _sealed(json.dumps([*known, None]))
    if len(data) > _MOST_BYTES:
        return
    path = _path(of)
    # A home that cannot be written to costs the next run some time, and this one nothing.
    with suppress(OSError, RbsyncError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        write_whole(path, data)
        forget_old(os.path.dirname(path))


def _is_strangers(of: Circumstances) -> bool:
    """Tells whether what is kept may have come with the manifest."""
    return may_be_strangers(cache_folder(of.environ), os.path.dirname(os.path.abspath(of.file)))


def _sealed(text: str) -> bytes:
    return f"{_sum(text.encode())}\n{text}".encode()


def _settings(
    path: str,
    project: list[Any],
    storages: dict[str, str],
    policy: list[Any],
    check: Any,
    hash: Any,  # noqa: A002  (as the manifest has it)
    state: Any,
) -> ManifestSettings:
    type_of, taxonomy, name, stages, members = project
    names = taxonomy if isinstance(taxonomy, str) else tuple(taxonomy)
    people = tuple((email, role) for email, role in members)
    return ManifestSettings(
        LocalChosen(path),
        ProjectSettings(type_of, names, name, tuple(stages), people),
        storages,
        PolicySettings(*policy),
        (),
        check,
        hash,
        state,
    )


def _facts(trust: Trust) -> list[object]:
    return [getattr(trust, name) for name in Trust.__slots__]


def _path(of: Circumstances) -> str:
    # By its place: a manifest that is edited leaves one file behind, and not one for each edit.
    name = _sum(os.fsencode(os.path.abspath(of.file)))
    return os.path.join(cache_folder(of.environ), "manifests", name)


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
