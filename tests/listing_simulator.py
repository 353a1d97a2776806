"""A service of keys that are nowhere, which it lists as S3, Google and Azure do.

``python -m tests.listing_simulator KEYS PREFIXES [PORT]`` prints its address, and serves until it
is ended. Nothing is kept for a key: ten million cost no more than one.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

PAGE = 1_000
_BASE = "data/"
_MARK = b"@PREFIX@"
_NEXT = "next-"

_S3_ROW = (
    b"<Contents><Key>@PREFIX@%06d.png</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
    b"<ETag>&quot;%032x&quot;</ETag><Size>12345</Size><StorageClass>STANDARD</StorageClass>"
    b"</Contents>"
)
_AZURE_ROW = (
    b"<Blob><Name>@PREFIX@%06d.png</Name><Properties><Last-Modified>Thu, 01 Jan 2026 00:00:00 GMT"
    b"</Last-Modified><Etag>0x%016X</Etag><Content-Length>12345</Content-Length>"
    b"<Content-Type>image/png</Content-Type></Properties></Blob>"
)


class Keys:
    """So many keys in so many folders below ``data/``."""

    def __init__(self, keys: int, folders: int) -> None:
        self.folders = folders
        self.each = keys // folders

    @lru_cache(maxsize=256)  # noqa: B019  (one lives as long as its process)
    def _rows(self, row: bytes, page: int) -> bytes:
        first = page * PAGE
        every = range(first, min(first + PAGE, self.each))
        return b"".join(row % (at, at * 7919) for at in every)

    def page(self, row: bytes, prefix: str, mark: str) -> tuple[bytes, str]:
        """A page of a prefix, and the mark of the next one; empty at the end."""
        found = re.fullmatch(rf"{_BASE}(\d{{4}})/", prefix)
        only = int(found[1]) if found else None
        if only is None and not _BASE.startswith(prefix):
            return b"", ""
        folder, page = map(int, mark.removeprefix(_NEXT).split("-")) if mark else (only or 0, 0)
        if folder >= self.folders:
            return b"", ""
        body = self._rows(row, page).replace(_MARK, f"{_BASE}{folder:04d}/".encode())
        if (page + 1) * PAGE < self.each:
            return body, f"{_NEXT}{folder}-{page + 1}"
        is_last = only is not None or folder + 1 == self.folders
        return body, "" if is_last else f"{_NEXT}{folder + 1}-0"

    def prefixes(self, prefix: str) -> list[str]:
        """The folders of a prefix; that of ``odd/`` is no path."""
        if prefix == "odd/":
            return ["odd/../"]
        if prefix == _BASE:
            return [f"{_BASE}{at:04d}/" for at in range(self.folders)]
        return [_BASE] if not prefix else []


def _s3(keys: Keys, query: dict[str, str]) -> bytes:
    prefix, after = query.get("prefix", ""), query.get("start-after", "")
    rows, mark = b"", ""
    found = keys.prefixes(prefix) if "delimiter" in query else []
    if not (found or after):
        rows, mark = keys.page(_S3_ROW, prefix, query.get("continuation-token", ""))
    more = f"<NextContinuationToken>{mark}</NextContinuationToken>" if mark else ""
    parts = "".join(f"<CommonPrefixes><Prefix>{one}</Prefix></CommonPrefixes>" for one in found)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>b</Name>'
        f"<Prefix>{prefix}</Prefix><MaxKeys>{PAGE}</MaxKeys>"
        f"<IsTruncated>{'true' if mark else 'false'}</IsTruncated>{more}"
    )
    return b"%b%b%b</ListBucketResult>" % (head.encode(), rows, parts.encode())


def _azure(keys: Keys, query: dict[str, str]) -> bytes:
    prefix, rows, mark = query.get("prefix", ""), b"", ""
    is_first = "startFrom" not in query
    found = keys.prefixes(prefix) if "delimiter" in query and is_first else []
    if is_first and not found:
        rows, mark = keys.page(_AZURE_ROW, prefix, query.get("marker", ""))
    parts = "".join(f"<BlobPrefix><Name>{one}</Name></BlobPrefix>" for one in found)
    return (
        b'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="b"><Blobs>'
        b"%b%b</Blobs><NextMarker>%b</NextMarker></EnumerationResults>"
        % (rows, parts.encode(), mark.encode())
    )


class _Answering(asyncio.Protocol):
    def __init__(self, keys: Keys) -> None:
        self._keys, self._read = keys, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, self._read = self._read.split(b"\r\n\r\n", 1)
            method, target = head.decode().split(" ", 2)[:2]
            if method == "HEAD":
                # Some programs ask whether a prefix is an object.
                self._transport.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            given = parse_qs(urlsplit(target).query)
            query = {key: unquote(values[0]) for key, values in given.items()}
            if not {"comp", "list-type"} & {*query}:
                body = b"<Error><Code>NoSuchKey</Code></Error>"
                head = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/xml\r\n"
                self._transport.write(b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
                continue
            body = (_azure if "comp" in query else _s3)(self._keys, query)
            kind = b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n"
            self._transport.write(b"%bContent-Length: %d\r\n\r\n" % (kind, len(body)))
            self._transport.write(body)


async def _serve(keys: Keys, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: _Answering(keys), "127.0.0.1", port
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def simulated(keys: int, folders: int) -> Iterator[str]:
    """The address of a service in a process of its own, which ends with the block."""
    command = [sys.executable, "-m", "tests.listing_simulator", str(keys), str(folders)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


if __name__ == "__main__":
    _given = [int(one) for one in sys.argv[1:]]
    asyncio.run(_serve(Keys(*_given[:2]), (*_given, 0)[2]))
