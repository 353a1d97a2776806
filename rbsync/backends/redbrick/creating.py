"""Create datapoints, each by a request of its own, and say truly what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from rbsync.backends.base import NOTHING_LEFT, Created, Draft, Rejected
from rbsync.backends.left import left_of, left_of_carried
from rbsync.backends.redbrick.api.answers import json_text
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.operations.changes import (
    LabelData,
    NewDatapoint,
    announce_list,
    create_datapoint,
)
from rbsync.backends.redbrick.finding import Finder
from rbsync.backends.redbrick.http.network_errors import DeniedError, problem
from rbsync.backends.redbrick.media import is_video
from rbsync.backends.redbrick.stamp import Metadata, metadata_text, names_apart, of_refs
from rbsync.backends.redbrick.uploading import Uploader
from rbsync.backends.series_items import series_of
from rbsync.errors import BackendError
from rbsync.labels.old_flags import has_old_flags, of_today
from rbsync.model.fingerprint import FACETS
from rbsync.model.outcome import Failure
from rbsync.model.storages import SERVICE_ID, id_of, is_at_service
from rbsync.reasons import AMBIGUOUS, TAKE_IN

_TAKEN = "the project has a datapoint of this name"
_VIDEO_HINT = "leave the segmentations out, or give the frames of the video as pictures"
_SAID_HINT = "give them to the datapoint, which has a name and metadata of its own"
_SLOW = "the service agreed to take in the video, and does not show it yet"
_NO_TASK = "the service made the datapoint, and does not show its task yet"
_TAKEN_HINT = "names are unique in a project"


class Creator:
    """Creates datapoints that were found to be right."""

    def __init__(self, client: Client, uploader: Uploader, finder: Finder, stamp: bool) -> None:
        """``stamp`` is whether fingerprints are left in the metadata."""
        self._client = client
        self._uploader = uploader
        self._finder = finder
        self._stamp = stamp

    def create(self, draft: Draft) -> Created | Rejected:
        """Asks for a datapoint, once.

        Raises BackendError when it is not known to be there: then ``sent`` says whether it may
        be. An answer that is an error, of whatever wording, is no proof of anything, and so the
        project is asked whether it has the name.
        """
        try:
            return self._ask(draft)
        except DeniedError:
            # The service words "the name is taken" in different ways and sometimes not at all. That
            # the name is there is what can be relied upon.
            if self._present_id(draft.name):
                return taken(draft)
            raise

    def _present_id(self, name: str) -> str:
        """The id of the task of a name; empty also when that cannot be found out now.

        What was sent was sent: a look-up that fails must not tell otherwise.
        """
        with suppress(BackendError):
            return self._finder.task_id(name)
        return ""

    def _ask(self, draft: Draft) -> Created | Rejected:
        if _is_video(draft):
            return self._create_video(draft)
        storage_name, ground_truth, priority, _, said = draft.settings
        storage = id_of(storage_name)
        # Labels in a file are uploaded before the create. A failure of that upload is no reason to
        # look for a datapoint.
        with _nothing_made():
            labels = self._uploader.labels(draft.labels) if draft.labels else LabelData(None)
        made = create_datapoint(
            self._client,
            NewDatapoint(
                draft.name,
                [ref for _, ref in draft.items],
                storage,
                labels,
                metadata_text(self.metadata_of(draft)),
                ground_truth,
                priority,
                series_of(draft),
                said,
            ),
        )
        # A datapoint of no task: it was made, and its task is found by its name.
        task_id = made.task_id or self._present_id(draft.name)
        if not task_id:
            return Rejected(draft.name, Failure(AMBIGUOUS, TAKE_IN, _NO_TASK))
        return Created(draft.name, task_id, made.datapoint_id)

    def metadata_of(self, draft: Draft) -> Metadata:
        """Returns what a datapoint's metadata shall be."""
        user = dict(draft.settings.metadata)
        if not self._stamp:
            return Metadata(user)
        storage = id_of(draft.settings.storage)
        names = names_apart(draft.items, storage)
        # The service makes other items of a video than those that it is given.
        uploaded = is_at_service(storage) and not _is_video(draft)
        refs = of_refs([ref for _, ref in draft.items]) if uploaded else ""
        left = left_of(draft, FACETS, NOTHING_LEFT)
        if draft.mark.left != NOTHING_LEFT:
            # It is made of another task, of whose settings not all were ours.
            left = left_of_carried(draft)
        return Metadata(user, draft.fingerprint, names, refs, draft.mark, left)

    def _create_video(self, draft: Draft) -> Created | Rejected:
        """Videos are split into frames by the service, which takes them by an items list.

        Its answer has no id, and the task may appear only later: then it must not be announced
        again, however long that takes.
        """
        if len(draft.series) > 1 or (draft.labels and draft.labels.files):
            message = f"{draft.name}: a video file has neither series nor label maps"
            raise problem(message, kind="invalid", hint=_VIDEO_HINT)
        if draft.settings.series:
            message = f"{draft.name}: the series of a video file has neither name nor metadata"
            raise problem(message, kind="invalid", hint=_SAID_HINT)
        with _nothing_made():
            found = self._uploader.items_list(f"{draft.name}.json", [self._entry(draft)])
        announce_list(
            self._client,
            {
                "orgId": self._client.org_id,
                "workspaceId": None,
                "projectId": self._client.project_id,
                "filePath": found.place.path,
                "fileName": found.place.name,
                "fileType": "application/json",
                "uploadId": found.upload_id,
                "storageId": SERVICE_ID,
                "isGroundTruth": draft.settings.ground_truth,
                "metaData": None,
            },
        )
        # It may be there already, and then nothing has to be settled by the next run.
        task_id = self._present_id(draft.name)
        if not task_id:
            return Rejected(draft.name, Failure(AMBIGUOUS, TAKE_IN, _SLOW))
        return Created(draft.name, task_id)

    def _entry(self, draft: Draft) -> dict[str, Any]:
        # The storage is that of the list itself, and ground truth is told when it is announced.
        _, _, priority, _, _ = draft.settings
        return {
            "name": draft.name,
            "items": [ref for _, ref in draft.items],
            "labels": json_text(draft.labels.json) if draft.labels else [],
            "metaData": json_text(metadata_text(self.metadata_of(draft))),
            "preAssign": None,
            "priority": priority,
        }


@contextmanager
def _nothing_made() -> Iterator[None]:
    """Whatever fails in its block, the datapoint was not asked for yet."""
    try:
        yield
    except BackendError as error:
        failure = problem(
            str(error),
            kind=error.kind,
            status=error.status,
            retry_after=error.retry_after,
            hint=error.hint,
        )
    else:
        return
    # Made anew without `sent`: that said of the upload that it may have arrived, and would be read
    # as if the create had.
    raise failure


def _is_video(draft: Draft) -> bool:
    if not is_at_service(id_of(draft.settings.storage)):
        return False
    return any(is_video(ref) for _, ref in draft.items)


def with_flags_of_today(draft: Draft) -> Draft:
    """The draft with the classifications that today's service shows, where it has those of old.

    What is left in the stamp is what is sent, so that the task is known again.
    """
    labels = draft.labels
    if labels is None or labels.made_of or not has_old_flags(labels.json):
        return draft
    text = json.dumps(of_today(json.loads(labels.json)), separators=(",", ":"), ensure_ascii=False)
    return draft._replace(labels=replace(labels, json=text))


def taken(draft: Draft) -> Rejected:
    """The refusal of a name that the project has."""
    return Rejected(draft.name, Failure("conflict", "create", _TAKEN, hint=_TAKEN_HINT))
