"""Files by their presigned addresses, a piece at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from rbsync.backends.local.incoming import Incoming
from rbsync.backends.local.uploaded_files import Upload, Uploads
from rbsync.errors import BackendError
from rbsync.service.configuration import MIB
from rbsync.service.faults.player import Player
from rbsync.service.refusal import RefusalError
from rbsync.service.service import Service
from rbsync.service.signing import OBJECTS, Permission

_FORBIDDEN, _NOT_FOUND, _TOO_LARGE, _FULL, _FAILED = 403, 404, 413, 507, 500
# A file that somebody uploaded must not run as a page of ours.
_SAFE = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}


class Objects:
    """``PUT`` and ``GET /objects/PATH``."""

    def __init__(self, service: Service, player: Player) -> None:
        self._service = service
        self._player = player

    async def __call__(self, request: Request) -> Response:
        async def run() -> Response:
            try:
                return await self._answer(request)
            except RefusalError as refusal:
                return PlainTextResponse(f"{refusal}\n", refusal.status)
            except BackendError as error:
                status = _FULL if error.kind == "quota" else _FAILED
                return PlainTextResponse(f"{error}\n", status)

        return await self._player.play(request, frozenset({request.method}), run)

    async def _answer(self, request: Request) -> Response:
        query = dict(request.query_params)
        path = request.scope["path"].removeprefix(OBJECTS)
        permission = self._service.signer.check(request.method, path, query)
        if request.method == "PUT":
            return await self._put(request, permission)
        return await run_in_threadpool(self._get, permission.path)

    async def _put(self, request: Request, permission: Permission) -> Response:
        given = request.headers.get("content-type", "")
        # Storages refuse another type than the one that was signed. A client that is not careful
        # finds out here.
        if given != permission.type:
            message = f"the address is for content of the type {permission.type}"
            raise RefusalError(message, status=_FORBIDDEN)
        limit = self._service.settings.limits.file
        encoding = request.headers.get("content-encoding", "")
        service = self._service.holder(permission.path)
        uploads = service.uploads
        with uploads.receiving() as incoming:
            last = b""
            async for piece in _pieces(request):
                if last:
                    await run_in_threadpool(_write, incoming, last, limit)
                last = piece
            # A small file is one piece, and going to another thread takes as long as writing it.
            ref = await run_in_threadpool(_stored, uploads, incoming, last, limit)
        upload = Upload(permission.path, ref, incoming.size, given, encoding)
        await service.group_commit.do(partial(uploads.keep, upload))
        return Response()

    def _get(self, path: str) -> Response:
        upload = self._service.upload(path)
        if upload is None:
            raise RefusalError("there is no such file", status=_NOT_FOUND)
        file = self._service.holder(path).uploads.open(upload)
        # The length of the bytes that are stored, which for an old upload may not be the one that
        # was noted.
        length = file.seek(0, 2)
        file.seek(0)
        return StreamingResponse(_blocks(file), headers=_headers(upload, length))


def _stored(uploads: Uploads, incoming: Incoming, last: bytes, limit: int) -> str:
    _write(incoming, last, limit)
    return uploads.store(incoming)


def _headers(upload: Upload, length: int) -> dict[str, str]:
    headers = {**_SAFE, "Content-Length": str(length)}
    headers["Content-Type"] = upload.type or "application/octet-stream"
    if upload.encoding:
        headers["Content-Encoding"] = upload.encoding
    return headers


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces that are worth a write."""
    piece = bytearray()
    async for data in request.stream():
        piece += data
        if len(piece) >= MIB:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _write(incoming: Incoming, piece: bytes, limit: int) -> None:
    if incoming.size + len(piece) > limit:
        raise RefusalError(f"the file is larger than {limit} bytes", status=_TOO_LARGE)
    incoming.write(piece)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(MIB):
            yield block
