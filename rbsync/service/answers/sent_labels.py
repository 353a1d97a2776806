"""Labels as operations give them: in line or in a file, with the label maps that they need."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from rbsync.backends.base import LabelText
from rbsync.backends.local.extras import Extra
from rbsync.service.answers.task_items import read_json, stored_ref
from rbsync.service.refusal import RefusalError
from rbsync.service.request_body import gunzip
from rbsync.service.rewriting import rewritten_labels
from rbsync.service.service import Call


class SentLabels(NamedTuple):
    """``extra`` keeps where the labels came from and their label maps."""

    text: LabelText | None
    extra: Extra | None


NO_LABELS = SentLabels(None, None)


def read_labels(
    call: Call,
    data: str | None,
    path: str | None,
    maps: Sequence[dict[str, Any] | None] | None,
) -> SentLabels:
    """Returns what an operation says of labels. Raises RefusalError."""
    text = _of_file(call, path) if path else data
    named = [one for one in maps or () if one and one.get("labelName")]
    if text is None and not named:
        return NO_LABELS
    labels = read_json(text or "[]", "labelsData")
    if not isinstance(labels, list):
        raise RefusalError("labelsData is not a list")
    refs = [stored_ref(call, one["labelName"]) for one in named]
    # The file of the labels is the task's too, or the next collection of garbage would take it.
    refs += [stored_ref(call, path)] if path else []
    settings = call.service.settings
    if text is not None and (settings.rewrites or settings.has("adds-to-labels")):
        nulls = settings.has("adds-to-labels")
        text = rewritten_labels(text, call.service.taxonomy(), nulls=nulls)
    kept = json.dumps({"labelsMap": maps or [], "labelsDataPath": path or None})
    return SentLabels(LabelText(text or "[]", len(labels)), Extra(kept, tuple(refs)))


def _of_file(call: Call, path: str) -> str:
    upload = call.service.upload(path)
    if upload is None:
        raise RefusalError(f"{path[:200]!r} was not uploaded")
    limit = call.service.settings.limits.unpacked
    with call.service.holder(path).uploads.open(upload) as file:
        # One byte more than the limit tells that there is more, and no more is held in memory.
        stored = file.read(limit + 1)
    if len(stored) > limit:
        raise RefusalError("the file of the labels is too large")
    # With the limit once more: a file within it may unpack to any size.
    content = gunzip(stored, limit) if upload.encoding == "gzip" else stored
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise RefusalError("the file of the labels is not text") from error
