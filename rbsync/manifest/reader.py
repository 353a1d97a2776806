"""Reads a manifest: fills in the environment, and checks all of it at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rbsync.backends.local.settings import LocalSettings
from rbsync.collector import paused_collector
from rbsync.errors import Location, Problem, UserError
from rbsync.guessing import few_guesses
from rbsync.manifest.document import Document, read_document
from rbsync.manifest.environment import Filled, fill
from rbsync.manifest.kept_lists import LEAST, keep_spans, kept_spans, read_rest
from rbsync.manifest.kept_settings import Circumstances, keep_settings
from rbsync.manifest.manifest import LISTS, Head, Manifest, Parts, Placed, Sources
from rbsync.manifest.manifest_model import ManifestModel
from rbsync.manifest.order import in_order
from rbsync.manifest.permission import Permission
from rbsync.manifest.settings import ManifestSettings, PolicySettings, ProjectSettings
from rbsync.manifest.validation import Validator
from rbsync.manifest.variables import refusals, unfilled
from rbsync.model.fingerprint import canonical_json, digest
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES

_KINDS = {"datapoints": DATAPOINT_SOURCES, "masks": MASK_SOURCES}
_NOTHING = "no-datapoints"
_OWN = frozenset(
    place.partition(":")[0] for kinds in _KINDS.values() for place in kinds.built_in.values()
)


def read_manifest(of: Circumstances) -> Manifest:
    """The manifest of a text; of a long one that was right before, the sources only when asked for.

    Raises UserError when it is no document.
    """
    reading = _Reading(of)
    with paused_collector(), few_guesses():
        return reading.head_alone() or reading.whole()


@dataclass
class _Reading:
    of: Circumstances

    def whole(self) -> Manifest:
        """The manifest with its sources."""
        of = self.of
        document = read_document(of.data, of.file, limits=of.limits, strict=False)
        # All that follows takes a mapping for granted.
        _check_root(document)
        filled = Filled(document.value, {}, ())
        # Most manifests have no variable, and then nothing is walked.
        if b"$" in of.data:
            filled = fill(document.value, of.environ, refusals(of.trust, of.environ))
        permission = Permission(document, of.trust, of.environ)
        manifest = _manifest(document, filled, of.data, permission)
        if self._may_be_kept(manifest):
            keep_spans(of.file, of.data, document, LISTS, self._circumstances)
            keep_settings(of, manifest)
        return manifest

    def head_alone(self) -> Manifest | None:
        """The manifest without its sources, for a text that was right before; None for another."""
        of = self.of
        spans = kept_spans(of.file, of.data, LISTS, self._circumstances)
        document = None if spans is None else read_rest(of.file, of.data, spans)
        if document is None or not isinstance(document.value, dict):
            return None
        permission = Permission(document, of.trust, of.environ)
        manifest = _manifest(document, Filled(document.value, {}, ()), of.data, permission)
        head = manifest.parts.head

        def read(with_sources: bool) -> Document:
            return self._whole.parts.document_of_sources if with_sources else document

        parts = Parts(lambda: head, lambda: self._whole.parts.sources, read)
        problems = [one for one in manifest.problems if one.code != _NOTHING]
        # What the trusted side allows is another matter each time.
        return None if problems else replace(manifest, problems=(), parts=parts)

    @cached_property
    def _whole(self) -> Manifest:
        with paused_collector():
            return self.whole()

    def _may_be_kept(self, manifest: Manifest) -> bool:
        # What the value of a variable or a plug-in makes of a text is not a matter of the text.
        is_own = all(type(one.source).__module__ in _OWN for one in manifest.sources())
        return not manifest.problems and is_own and b"$" not in self.of.data

    @property
    def _circumstances(self) -> str:
        return repr((self.of.trust.max_pixels, self.of.limits))


def _manifest(document: Document, filled: Filled, data: bytes, permission: Permission) -> Manifest:
    validator = Validator(document, [missing.path for missing in filled.missing])
    # Taken out before the models see it: nothing behind them can run what is not there.
    value = permission.without_commands(filled.value)
    head = validator.head({key: value[key] for key in value if key not in _KINDS})
    model = permission.permitted(head)
    settings = _settings(model)
    placed = {
        key: tuple(validator.sources(key, value[key], kinds))
        for key, kinds in _KINDS.items()
        if value.get(key) is not None
    }
    if "masks" in placed:
        placed["masks"] = tuple(map(permission.limited, placed["masks"]))
    doubtful = tuple(one for each in placed.values() for one in each if one.wrong)
    right = {key: _right(placed.get(key, ())) for key in LISTS}
    beside = Head(model.defaults, model.moved)
    sources = Sources(right["datapoints"], right["masks"], doubtful)
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
    identity = digest(content, settings.hash)
    # A long text is its own meaning: to walk through all of its values takes a second, and those
    # of its lists are not read where they were right before.
    is_long = len(data) >= LEAST
    return Manifest(
        settings=settings,
        file=document.file,
        root=os.path.dirname(os.path.abspath(document.file)),
        digest=identity,
        meaning=identity if is_long else filled.meaning(settings.hash),
        text=b"" if is_long else data,
        problems=tuple(in_order(problems, document.file)),
        trust=permission.trust,
        is_barred=permission.is_barred or not _is_project_known(value, head, filled),
        parts=Parts(lambda: beside, lambda: sources, lambda _: document),
    )


def _settings(model: ManifestModel) -> ManifestSettings:
    """The settings of a model as values."""
    backend, project, policy = model.backend, model.project, model.policy
    taxonomy = project.taxonomy or ()
    return ManifestSettings(
        backend.chosen if isinstance(backend, LocalSettings) else backend,
        ProjectSettings(
            project.type or "",
            taxonomy if isinstance(taxonomy, str) else tuple(taxonomy),
            project.name or "",
            tuple(project.stages or ()),
            tuple((project.members or {}).items()),
        ),
        model.storages,
        PolicySettings(*(getattr(policy, name) for name in PolicySettings._fields)),
        tuple(model.roots),
        model.files.check,
        model.hash,
        model.state,
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
    if all(value.get(key) is None for key in LISTS):
        yield _no_datapoints(document.locate(("datapoints",), key=True))


def _no_datapoints(place: Location) -> Problem:
    return Problem(
        _NOTHING,
        "the manifest declares no datapoints",
        place,
        "list them under `datapoints`; an empty list, [], says that there are to be none",
    )
