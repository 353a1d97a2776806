"""Upload files: ask for a place, send the bytes, say where they are."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from rbsync.backends.base import Body, LabelText
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.constants import MOST_INLINE_BYTES, MOST_INLINE_LABELS
from rbsync.backends.redbrick.api.operations.changes import LabelData, SentMap
from rbsync.backends.redbrick.api.operations.files import (
    ListPlace,
    Place,
    presign_items,
    presign_labels,
    presign_list,
    presign_map,
)
from rbsync.backends.redbrick.api.request_batching import RequestBatcher
from rbsync.backends.redbrick.http.sending import (
    ExpiredError,
    label_headers,
    map_headers,
    send_body,
    send_bytes,
)
from rbsync.backends.redbrick.media import media_of

# Upload URLs that are asked for before a refusal is believed.
ATTEMPTS = 2


class Uploader:
    """Sends files to the service's storage. Raises BackendError."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places = RequestBatcher[Place](lambda files: presign_items(client, files))

    def item(self, body: Body) -> str:
        """Stores an item and returns its path; a URL that is too old is replaced once."""
        mime = media_of(body)
        name = os.path.basename(body.name)
        return self._send(
            lambda: self._places.get(name, mime),
            lambda place: send_body(self._client.transport, place.url, body, mime),
        ).path

    def labels(self, labels: LabelText) -> LabelData:
        """Labels as a create or update takes them: in the request, or in a file."""
        folder = f"labels/{uuid4()}/{uuid4()}"
        maps = tuple(
            SentMap(self._map(f"{folder}/{number}.nii.gz", one.data), one.series)
            for number, one in enumerate(labels.files)
        )
        if labels.count <= MOST_INLINE_LABELS and len(labels.json) <= MOST_INLINE_BYTES:
            return LabelData(labels.json, maps=maps)
        name = f"{folder}/data.json"
        # Without a time, equal labels are equal bytes.
        data = gzip.compress(labels.json.encode(), mtime=0)
        place = self._send(
            lambda: presign_labels(self._client, name),
            lambda place: send_bytes(self._client.transport, place.url, data, label_headers()),
        )
        return LabelData("[]", place.path, maps)

    def _map(self, name: str, data: bytes) -> str:
        """Stores a label map and returns its path."""
        return self._send(
            lambda: presign_map(self._client, name),
            lambda place: send_bytes(self._client.transport, place.url, data, map_headers()),
        ).path

    def items_list(self, name: str, entries: Sequence[Mapping[str, Any]]) -> ListPlace:
        """Stores an items list."""
        data = json.dumps(list(entries)).encode()
        headers = {"Content-Type": "application/json"}
        found: list[ListPlace] = []

        def presign() -> Place:
            found.append(presign_list(self._client, name))
            return found[-1].place

        self._send(
            presign,
            lambda place: send_bytes(self._client.transport, place.url, data, headers),
        )
        return found[-1]

    def _send(self, presign: Callable[[], Place], send: Callable[[Place], None]) -> Place:
        """Sends to a place, or to a second one when the first is not good any more."""
        for _ in range(ATTEMPTS):
            place = presign()
            try:
                send(place)
            except ExpiredError as error:
                failure = error.failure
            else:
                return place
        raise failure
