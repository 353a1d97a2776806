"""A state that people changed by hand, checked as strictly as a manifest before it is one."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from rbsync.backends.rules import name_flaw
from rbsync.documents.records import StateDocument
from rbsync.errors import Location, Problem, UserError
from rbsync.manifest.document import Document, Path, read_document
from rbsync.manifest.order import shortened
from rbsync.repeated_keys import RepeatedKey, keep_repeated
from rbsync.stores.record_parts import IntentPart, RecordFailurePart, RecordPart

CODE = "state-document"
HINT = "`rbsync state pull` prints the state as it has to be"
_DIGEST = re.compile(r"xxh3:[0-9a-f]{32}(\+[0-9a-f]{32})?|sha256:[0-9a-f]{64}(\+[0-9a-f]{32})?")
_LINEAGE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UNKNOWN = ("unknown", "unknown", "unknown")
"""The fingerprint of a task that was taken over by force."""

Found = tuple[Path, str]
"""The path of something that is wrong, and what is wrong with it."""


def read_state(data: bytes, file: str) -> StateDocument:
    """The document of a state. Raises UserError with all problems and their places."""
    value = _parsed(data, file)
    try:
        # Text and not values: only of JSON does the strict mode take a list for a tuple.
        document = StateDocument.model_validate_json(data, strict=True)
    except ValidationError as error:
        found = [(one["loc"], one["msg"].lower()) for one in error.errors()]
        raise _refused(found, data, file) from error
    problems = list(_problems(value, document))
    if problems:
        raise _refused(problems, data, file)
    return document


def _parsed(data: bytes, file: str) -> dict[str, Any]:
    try:
        value = json.loads(data, object_pairs_hook=keep_repeated)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        message = f"this is no JSON text: {error}"
        raise UserError([Problem(CODE, message, Location(file), HINT)]) from error
    if not isinstance(value, dict):
        raise UserError([Problem(CODE, "a state is a JSON object", Location(file), HINT)])
    return value


def _refused(found: Sequence[Found], data: bytes, file: str) -> UserError:
    locate = _locator(data, file)
    problems = [Problem(CODE, _sentence(path, what), locate(path)) for path, what in found]
    return UserError(shortened(problems), hint=HINT)


def _sentence(path: Path, what: str) -> str:
    return f"{'.'.join(map(str, path))}: {what}" if path else what


def _locator(data: bytes, file: str) -> Callable[[Path], Location]:
    """Finds places in the document, which is read again for them only when one is asked for."""

    @cache
    def document() -> Document | None:
        try:
            return read_document(data, file, strict=False)
        except UserError:
            return None

    def locate(path: Path) -> Location:
        found = document()
        return found.locate(path) if found else Location(file)

    return locate


def _problems(value: Mapping[str, Any], document: StateDocument) -> Iterator[Found]:
    """Yields what no schema says: names and ids that are there once, and digests that are some."""
    yield from _strange((), value, StateDocument)
    if not _LINEAGE.fullmatch(document.lineage):
        yield ("lineage",), "it is no UUID"
    names: dict[str, int] = {}
    tasks: dict[str, int] = {}
    for at, (raw, record) in enumerate(zip(value["records"], document.records, strict=True)):
        here: Path = ("records", at)
        yield from _strange_parts(here, raw)
        yield from _of_record(here, record)
        if names.setdefault(record.name, at) != at:
            yield (*here, "name"), f"record {names[record.name]} has this name too"
        if record.task_id and tasks.setdefault(record.task_id, at) != at:
            yield (*here, "task_id"), f"record {tasks[record.task_id]} has this task too"


def _strange_parts(here: Path, raw: Mapping[str, Any]) -> Iterator[Found]:
    yield from _strange(here, raw, RecordPart)
    for key, model in (("failure", RecordFailurePart), ("pending", IntentPart)):
        if raw.get(key):
            yield from _strange((*here, key), raw[key], model)


def _strange(here: Path, raw: Mapping[str, Any], model: type[BaseModel]) -> Iterator[Found]:
    """Keys that nobody knows are slips, and what they were to say would be lost."""
    if isinstance(raw, RepeatedKey):
        yield here, raw.repeat
    for key in raw:
        if key not in model.model_fields:
            yield (*here, key), "nobody knows this key"


def _of_record(here: Path, record: RecordPart) -> Iterator[Found]:
    flaw = name_flaw(record.name)
    if flaw:
        yield (*here, "name"), flaw.message
    yield from _of_prints((*here, "applied"), record.applied)
    yield from _of_prints((*here, "attempted"), record.attempted)
    for at, (_, prints, _) in enumerate(record.declined):
        yield from _of_prints((*here, "declined", at, 1), prints)
    if record.pending is not None:
        yield from _of_intent((*here, "pending"), record.pending, record.name)


def _of_intent(here: Path, intent: IntentPart, name: str) -> Iterator[Found]:
    yield from _of_prints((*here, "fingerprint"), intent.fingerprint)
    if intent.name != name:
        yield (*here, "name"), "it is another name than the record's"
    if (intent.operation == "delete") != (intent.fingerprint is None):
        yield (*here, "fingerprint"), "a delete has none, and all else has one"
    if not math.isfinite(intent.sent_at) or intent.sent_at < 0:
        yield (*here, "sent_at"), "it is no time"


def _of_prints(here: Path, prints: tuple[str, str, str] | None) -> Iterator[Found]:
    if prints is None or prints == _UNKNOWN:
        return
    for at, digest in enumerate(prints):
        # Without labels there is nothing to have a digest of.
        if not _DIGEST.fullmatch(digest) and not (at == 1 and not digest):
            yield (*here, at), f"`{digest}` is no digest such as xxh3:… with 32 hex digits"
