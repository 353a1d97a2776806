"""Read the body of an operation: JSON, plain or compressed as the service's SDK sends it.

Source of the form: requests of the public SDK 2.35.4, whose body is base64 of gzip of JSON when
the header ``Content-Encoding-RB`` says gzip.
"""

from __future__ import annotations

import binascii
import json
import zlib
from typing import Any, NamedTuple

from starlette.requests import Request

from rbsync.service.configuration import Limits
from rbsync.service.refusal import RefusalError

_TOO_LARGE = 413
_GZIP = 16 + zlib.MAX_WBITS


class Operation(NamedTuple):
    """A GraphQL document and the values of its variables."""

    document: str
    variables: dict[str, Any]


async def read_operation(request: Request, limits: Limits) -> Operation:
    """Returns what a request asks for. Raises RefusalError."""
    body = await _read(request, limits.request)
    if request.headers.get("content-encoding-rb", "").lower() == "gzip":
        body = unpack(body, limits.unpacked)
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RefusalError("the body is not JSON") from error
    return _operation(asked)


async def _read(request: Request, limit: int) -> bytes:
    # Before anything is read: the client should not send gigabytes to be told so.
    if _length(request) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        # A request in chunks announces no length.
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _length(request: Request) -> int:
    """The length that the request announces; the server has checked that it is a number."""
    return int(request.headers.get("content-length", "0"))


def _too_large(limit: int) -> RefusalError:
    return RefusalError(f"the request is larger than {limit} bytes", status=_TOO_LARGE)


def unpack(body: bytes, limit: int) -> bytes:
    """The bytes of a compressed body, never more than the limit. Raises RefusalError."""
    try:
        # Not strict, it would leave out letters that are no base64 and unpack something else.
        packed = binascii.a2b_base64(body, strict_mode=True)
    except binascii.Error as error:
        raise RefusalError("the body is not base64") from error
    return gunzip(packed, limit)


def gunzip(packed: bytes, limit: int) -> bytes:
    """Returns what gzip packed, never more than the limit. Raises RefusalError."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        # One byte beyond the limit tells that there is more; a gzip bomb is never unpacked whole.
        unpacked = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise RefusalError("the body is not gzip") from error
    if len(unpacked) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise RefusalError("the gzip data of the body ends early")
    return unpacked


def _operation(asked: Any) -> Operation:
    document = asked.get("query") if isinstance(asked, dict) else None
    if not isinstance(document, str):
        raise RefusalError("the body has no query")
    variables = asked.get("variables")
    if not isinstance(variables, dict | None):
        raise RefusalError("the variables are not an object")
    return Operation(document, variables or {})
