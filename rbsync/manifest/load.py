"""Loads a manifest: reads the file, fills in the environment, and checks all of it at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rbsync.collector import paused_collector
from rbsync.errors import Location, Problem, UserError
from rbsync.guessing import few_guesses
from rbsync.manifest.document import Document, read_document
from rbsync.manifest.environment import Filled, fill
from rbsync.manifest.file_text import read_limited
from rbsync.manifest.kept_lists import keep_spans, kept_spans, read_rest
from rbsync.manifest.limits import LIMITS, Limits
from rbsync.manifest.manifest_model import ManifestModel
from rbsync.manifest.order import in_order, shortened
from rbsync.manifest.permission import Permission
from rbsync.manifest.positions import Path
from rbsync.manifest.validation import Placed, Validator
from rbsync.manifest.variables import refusals, unfilled
from rbsync.model.fingerprint import canonical_json, digest
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.trust import Trust, read_trust
from rbsync.trust.places import check_location

_LISTS = {"datapoints": DATAPOINT_SOURCES, "masks": MASK_SOURCES}
_NOTHING = "no-datapoints"
_OWN = frozenset(
    place.partition(":")[0] for kinds in _LISTS.values() for place in kinds.built_in.values()
)


@dataclass(frozen=True)
class _Sources:
    """The sources as `Manifest` has them, and the document that they stand in."""

    document: Document
    datapoints: tuple[Placed, ...]
    masks: tuple[Placed, ...]
    doubtful: tuple[Placed, ...]


class _Parts:
    """The two parts of a manifest: its head, and the sources, which are read when asked for."""

    def __init__(self, head: Document, read: Callable[[], _Sources]) -> None:
        self.head = head
        self._read = read

    @cached_property
    def sources(self) -> _Sources:
        return self._read()


@dataclass(frozen=True)
class Manifest:
    """The manifest as the user wrote it, checked as far as that can be done without other files.

    ``settings`` is all but the sources; those that are right in themselves are ``datapoints``
    and ``masks``, and what is left of the others is ``doubtful``. ``problems`` are in the order
    of their places; with one the manifest must not be applied. ``file`` is the name for messages,
    ``root`` the absolute folder that paths start from. ``digest`` is the identity of the text and
    of the variables in it. ``trust`` is what it was allowed; ``settings`` has nothing that was
    not. ``is_barred`` is as in `Permission`.
    """

    settings: ManifestModel
    file: str
    root: str
    digest: str
    problems: tuple[Problem, ...]
    trust: Trust
    is_barred: bool
    parts: _Parts

    @property
    def datapoints(self) -> tuple[Placed, ...]:
        return self.parts.sources.datapoints

    @property
    def masks(self) -> tuple[Placed, ...]:
        return self.parts.sources.masks

    @property
    def doubtful(self) -> tuple[Placed, ...]:
        return self.parts.sources.doubtful

    def sources(self) -> tuple[Placed, ...]:
        """All sources in their order, those of datapoints before those of masks."""
        if not self.doubtful:
            return (*self.datapoints, *self.masks)
        every = (*self.datapoints, *self.masks, *self.doubtful)
        return tuple(sorted(every, key=lambda one: (one.path[0], one.path[1])))

    def locate(self, path: Path, *, key: bool = False) -> Location:
        """The place of what the path leads to, such as ``("datapoints", 3, "glob")``."""
        is_of_head = path and path[0] not in _LISTS
        document = self.parts.head if is_of_head else self.parts.sources.document
        return document.locate(path, key=key)


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
    loading = _Loading(file, data, trust, environ, limits)
    with paused_collector(), few_guesses():
        manifest = loading.head_alone() or loading.whole()
    if strict and manifest.problems:
        raise UserError(shortened(manifest.problems))
    return manifest


@dataclass(frozen=True)
class _Loading:
    """The text of a manifest and all that its reading depends on."""

    file: str
    data: bytes
    trust: Trust
    environ: Mapping[str, str]
    limits: Limits

    def whole(self) -> Manifest:
        """The manifest with its sources."""
        document = read_document(self.data, self.file, limits=self.limits, strict=False)
        # All that follows takes a mapping for granted.
        _check_root(document)
        filled = Filled(document.value, {}, ())
        # Most manifests have no variable, and then nothing is walked.
        if b"$" in self.data:
            filled = fill(document.value, self.environ, refusals(self.trust, self.environ))
        permission = Permission(document, self.trust, self.environ)
        manifest = _manifest(document, filled, self.data, permission)
        if self._may_be_kept(manifest):
            keep_spans(self.file, self.data, document, _LISTS, self._circumstances)
        return manifest

    def head_alone(self) -> Manifest | None:
        """The manifest without its sources, for a text that was right before; None for another."""
        spans = kept_spans(self.file, self.data, self._circumstances)
        document = None if spans is None else read_rest(self.file, self.data, spans)
        if document is None or not isinstance(document.value, dict):
            return None
        permission = Permission(document, self.trust, self.environ)
        manifest = _manifest(document, Filled(document.value, {}, ()), self.data, permission)
        parts = _Parts(document, self._sources)
        problems = [one for one in manifest.problems if one.code != _NOTHING]
        # What the trusted side allows is another matter each time.
        return None if problems else replace(manifest, problems=(), parts=parts)

    def _sources(self) -> _Sources:
        with paused_collector():
            return self.whole().parts.sources

    def _may_be_kept(self, manifest: Manifest) -> bool:
        # What the value of a variable or a plug-in makes of a text is not a matter of the text.
        is_own = all(type(one.source).__module__ in _OWN for one in manifest.sources())
        return not manifest.problems and is_own and b"$" not in self.data

    @property
    def _circumstances(self) -> str:
        return repr((self.trust.max_pixels, self.limits))


def _manifest(document: Document, filled: Filled, data: bytes, permission: Permission) -> Manifest:
    validator = Validator(document, [missing.path for missing in filled.missing])
    # Taken out before the models see it: nothing behind them can run what is not there.
    value = permission.without_commands(filled.value)
    head = validator.head({key: value[key] for key in value if key not in _LISTS})
    settings = permission.permitted(head)
    placed = {
        key: tuple(validator.sources(key, value[key], kinds))
        for key, kinds in _LISTS.items()
        if value.get(key) is not None
    }
    if "masks" in placed:
        placed["masks"] = tuple(map(permission.limited, placed["masks"]))
    doubtful = tuple(one for each in placed.values() for one in each if one.wrong)
    right = {key: _right(placed.get(key, ())) for key in _LISTS}
    sources = _Sources(document, right["datapoints"], right["masks"], doubtful)
    problems = [
        *document.problems,
        *unfilled(document, filled.missing, permission.trust),
        *_nothing(document),
        *validator.problems,
        *permission.problems,
    ]
    # With what the variables held: the same text under another value is another manifest, and a
    # plan of the one must not be applied for the other.
    content = data + b"\0" + canonical_json(filled.used) if filled.used else data
    return Manifest(
        settings=settings,
        file=document.file,
        root=os.path.dirname(os.path.abspath(document.file)),
        digest=digest(content, settings.hash),
        problems=tuple(in_order(problems, document.file)),
        trust=permission.trust,
        is_barred=permission.is_barred or not _is_project_known(value, head, filled),
        parts=_Parts(document, lambda: sources),
    )


def _right(placed: tuple[Placed, ...]) -> tuple[Placed, ...]:
    """The sources that are right in themselves, which nearly always are all."""
    return tuple(one for one in placed if not one.wrong) if any(o.wrong for o in placed) else placed


def _is_project_known(value: dict[str, Any], head: ManifestModel, filled: Filled) -> bool:
    """Tells whether the project is the one that is meant, and not the default in place of a
    mistake.
    """
    if any(missing.path[:1] == ("backend",) for missing in filled.missing):
        return False
    return value.get("backend") is None or "backend" in head.model_fields_set


def _check_root(document: Document) -> None:
    if isinstance(document.value, dict):
        return
    if document.value is None:
        raise UserError([_no_datapoints(Location(document.file, 1, 1))])
    message = "expected a mapping that begins with `version: 1`"
    raise UserError([Problem("wrong-type", message, document.locate(()))])


def _nothing(document: Document) -> Iterator[Problem]:
    """A list that is there, even an empty one, is meant; one that is not may be forgotten."""
    value: dict[str, Any] = document.value
    if all(value.get(key) is None for key in _LISTS):
        yield _no_datapoints(document.locate(("datapoints",), key=True))


def _no_datapoints(place: Location) -> Problem:
    return Problem(
        _NOTHING,
        "the manifest declares no datapoints",
        place,
        "list them under `datapoints`; an empty list, [], says that there are to be none",
    )
