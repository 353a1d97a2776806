"""Makes models of a document's values, leaving out what is wrong and telling all of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from rbsync.backends import BACKENDS
from rbsync.errors import PluginError, Problem
from rbsync.manifest.document import Document
from rbsync.manifest.manifest import Placed
from rbsync.manifest.manifest_model import VERSION, ManifestModel, manifest_model
from rbsync.manifest.model_keys import keys_of, validated
from rbsync.manifest.positions import Path
from rbsync.manifest.source_kinds import NoKindError, kind_of, list_hint
from rbsync.manifest.validation_findings import MISSING, UNKNOWN, Finding, findings_of
from rbsync.manifest.wording import UNKNOWN_KEY, is_too_deep, problem_of
from rbsync.sources import SourceKinds
from rbsync.sources.base import SourceModel

Model = TypeVar("Model")


_WHOLE = ("backend", "project")
"""Keys of which a half is none: with defaults for the rest it could name another project."""

_NAMED = "items"
"""The key of a source that names its files."""

_MOST_SEARCHED = 150_000
"""Letters of all sources that search. A pattern of 1,000 letters takes 8 ms to compile."""

_PER_SOURCE = 30


class Validator:
    """Validates the parts of one document; the problems gather in ``problems``.

    ``unfilled`` are the paths of values whose variables are not defined. Nothing is said about
    the values themselves, as they are not known, and a source that has one is wrong.
    """

    def __init__(self, document: Document, unfilled: Collection[Path]) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._unfilled = frozenset(unfilled)
        self._searched = 0

    def head(self, value: dict[str, Any]) -> ManifestModel:
        """The manifest without its sources; a key that is wrong has its default.

        Raises PluginError when the backend is that of a broken plug-in.
        """
        given = {key: part for key, part in value.items() if part is not None}
        model = manifest_model(_backend_of_plugin(given.get("backend")))
        checked = self._check(model, given, ())
        if checked.model is not None:
            return checked.model
        bad = [finding for finding in checked.findings if finding.path]
        # What is right beside a mistake is looked at too: that its storage is none, say.
        some = [one.path[:1] if _is_of_all(one) else one.path for one in bad]
        kept = {"version": str(VERSION), **without(given, some)}
        for key in {one.path[0] for one in bad} & kept.keys() - {"version"}:
            try:
                model.model_validate({"version": str(VERSION), key: kept[key]})
            except ValidationError:
                del kept[key]
        return model.model_validate(kept)

    def sources(self, key: str, entries: Any, kinds: SourceKinds) -> Iterator[Placed]:
        """The sources in the list under ``key``, as far as one can be made of their entries."""
        if not isinstance(entries, list):
            place = self._document.locate((key,))
            hint = list_hint(entries, kinds)
            self.problems.append(Problem("wrong-type", "expected a list of sources", place, hint))
            return
        unfilled = {path[1] for path in self._unfilled if path[0] == key and len(path) > 1}
        places = self._document.locations_of_items((key,))
        for index, entry in enumerate(entries):
            before = len(self.problems)
            source = self._source(entry, (key, index), kinds)
            if source is None:
                continue
            if self._searches_too_much(entry, (key, index)):
                return
            said = [one for one in self.problems[before:] if one.code != UNKNOWN_KEY]
            wrong = said[0] if said else None
            if index in unfilled and wrong is None:
                wrong = Problem("undefined-variable", "a variable of it is not set", places[index])
            yield Placed(source, (key, index), places[index], wrong)

    def _searches_too_much(self, entry: Any, path: tuple[str, int]) -> bool:
        """Reports the source from which on a manifest has more to search for than is allowed.

        Each pattern is compiled and held against a tree: 20,000 of them, for what one says with
        braces or `**`, take minutes. Datapoints that name their files are searched for nothing.
        """
        if _NAMED in entry:
            return False
        self._searched += _PER_SOURCE + sum(map(_letters, entry.values()))
        if self._searched <= _MOST_SEARCHED:
            return False
        key, index = path
        # At the list and not at the source: behind the problems of thousands nobody would see it.
        place = self._document.locate((key,))
        message = f"too much is searched for: `{key}` is read up to its source {index:,}"
        hint = (
            f"{_MOST_SEARCHED:,} letters are allowed, and a source counts {_PER_SOURCE} more: one "
            "pattern may stand for many sources, with {a,b} or `**`, and a list under `items_list`"
        )
        self.problems.append(Problem("too-many", message, place, hint))
        return True

    def _source(self, entry: Any, path: Path, kinds: SourceKinds) -> SourceModel | None:
        try:
            kind = kind_of(entry, kinds)
        except NoKindError as error:
            there = path if error.key is None else (*path, error.key)
            place = self._document.locate(there, key=error.key is not None)
            code = UNKNOWN_KEY if error.key and "unknown key" in str(error) else "source-kind"
            self.problems.append(Problem(code, str(error), place, error.hint))
            return None
        except PluginError as error:
            place = self._document.locate(path)
            self.problems.append(Problem("plugin", str(error), place, error.hint))
            return None
        checked = self._check(kind, entry, path)
        return checked.model or _mended(kind, entry, checked.findings, f"{path[0]}[{path[1]}]")

    def _check(self, model: type[Model], value: dict[str, Any], path: Path) -> Checked[Model]:
        try:
            return Checked(validated(model, value), ())
        except ValidationError as error:
            findings = findings_of(error, value)
        # Who wrote `mask` under `labels` meant no file of labels, of which keys would be missing.
        moved = {one.path[:-1] for one in findings if is_too_deep(one, model)}
        told = [
            one
            for one in findings
            if (*path, *one.path) not in self._unfilled
            and not (one.kind == MISSING and one.path in moved)
        ]
        self.problems += [problem_of(one, model, self._document, path) for one in told]
        unknown = [one.path for one in findings if one.kind == UNKNOWN]
        # An unknown key alone leaves the source as it is: with it gone, other problems of these
        # entries can be found in the same run.
        rest = [one for one in findings if one.kind != UNKNOWN]
        if rest:
            return Checked(None, rest + [one for one in findings if one.kind == UNKNOWN])
        try:
            return Checked(validated(model, without(value, unknown)), ())
        except ValidationError:
            # Of `complete_when: {akey: x}` nothing is left, which is none either.
            return Checked(None, findings)


def _backend_of_plugin(value: Any) -> tuple[str, ...]:
    """The kind of a backend that is none of ours and that a distribution adds."""
    kind = value.get("kind") if isinstance(value, dict) else None
    # No plug-in takes the name of ours, and none is loaded unless it is named.
    is_added = isinstance(kind, str) and kind not in BACKENDS.built_in and kind in BACKENDS.added()
    return (str(kind),) if is_added else ()


def _is_of_all(finding: Finding) -> bool:
    """Tells whether nothing of a key can be used beside what is wrong in it."""
    return finding.kind == MISSING or finding.path[0] in _WHOLE


def _letters(value: Any) -> int:
    return sum(map(_letters, value)) if isinstance(value, list) else len(str(value))


class Checked(NamedTuple, Generic[Model]):
    """A model, or what stands in its way."""

    model: Model | None
    findings: Sequence[Finding]


def _mended(
    kind: type[SourceModel], entry: dict[str, Any], findings: Sequence[Finding], place: str
) -> SourceModel | None:
    """A source without what was found wrong with it; None where nothing is left that is one.

    What must be there is empty; a name says the ``place``. Nothing of it is ever sent.
    """
    bad = [one.path for one in findings if one.kind != MISSING]
    for one in findings:
        # Of a series without items the name of the study can be looked at.
        if one.kind == MISSING and one.path:
            entry = with_empty(entry, (*one.path, one.value))
    # Of labels whose format is wrong the rest means nothing, and the other keys still do.
    return _made(kind, without(entry, bad), place) or _made(
        kind, without(entry, [one[:1] for one in bad]), place
    )


def _made(kind: type[SourceModel], value: dict[str, Any], place: str) -> SourceModel | None:
    keys = keys_of(kind)
    lacking = [name for name, key in keys.items() if key.is_required and name not in value]
    for key in lacking:
        empty: str | list[str] = "" if keys[key].annotation is str else [""]
        value[key] = place if key == "name" else empty
    with suppress(ValidationError):
        return validated(kind, value)
    return None


def with_empty(value: Any, path: Path) -> Any:
    """A copy of a value with a list of an empty text at a path."""
    if not path:
        return [""]
    step, *rest = path
    if isinstance(value, dict):
        return {**value, step: with_empty(value.get(step), tuple(rest))}
    if not isinstance(value, list):
        return value
    return [with_empty(one, tuple(rest)) if at == step else one for at, one in enumerate(value)]


def without(value: Any, paths: Sequence[Path]) -> Any:
    """A copy of a value without what stands at the paths."""
    here = {path[0] for path in paths if len(path) == 1}
    below = {path[0] for path in paths if len(path) > 1}

    def kept(step: str | int, member: Any) -> Any:
        if step not in below:
            return member
        return without(member, [path[1:] for path in paths if path[0] == step])

    if isinstance(value, dict):
        return {key: kept(key, one) for key, one in value.items() if key not in here}
    # Empty and not gone: the places of the others are those of the document.
    return ["" if index in here else kept(index, one) for index, one in enumerate(value)]
