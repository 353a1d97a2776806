"""Looks what a storage of the service hands out for a key, by the first byte of it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rbsync.backends.base import StoredKey
from rbsync.backends.redbrick.api.address import is_safe_upload
from rbsync.backends.redbrick.api.client import Client
from rbsync.backends.redbrick.api.operations.files import presign_downloads
from rbsync.backends.redbrick.http.network_errors import denied, problem
from rbsync.backends.redbrick.http.transport import Reply

_SECONDS = 10.0
_FIRST_BYTE = {"Range": "bytes=0-0", "Accept-Encoding": "identity"}
_CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
_VERSIONS = ("x-amz-version-id", "x-goog-generation", "x-ms-version-id")
# A range of an object without a byte cannot be had: it is there.
_FOUND = (200, 206, 416)
_REFUSED = (400, 401, 403, 404)


def stored_key(client: Client, storage: str, key: str) -> StoredKey:
    """Returns the answer that people will get for a key of a storage.

    Raises BackendError where the storage cannot be reached from here, or somebody else answers.
    """
    (url,) = client.reading(lambda: presign_downloads(client, storage, [key]))
    if not url:
        return StoredKey("the service has no address for it")
    if not is_safe_upload(url, client.address):
        raise denied("the service gave a download URL that is not https")
    # The API key is no header of this request: it does not concern the storage.
    reply = client.transport.peek(url, _FIRST_BYTE, seconds=_SECONDS)
    code = _CODE.search(reply.body)
    # Only a storage's own refusal counts: proxies have pages with the same statuses.
    if reply.status in _REFUSED and code:
        return StoredKey(f"{reply.status}, {code[1].decode()}")
    if reply.status not in _FOUND or not (reply.status == 416 or reply.headers.get("ETag")):
        host = urlsplit(url).hostname
        raise problem(f"{host} answers with HTTP {reply.status}, and not as a storage", sent=True)
    return StoredKey(versions=tuple(_versions(reply)))


def _versions(reply: Reply) -> list[str]:
    """The words by which listings may know the version; they write etags in different ways."""
    etag = (reply.headers.get("ETag") or "").removeprefix("W/")
    told = [etag, etag.strip('"'), *(reply.headers.get(one) or "" for one in _VERSIONS)]
    return [one for one in dict.fromkeys(told) if one]
