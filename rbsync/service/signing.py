"""Presigned addresses: who holds one may put or get one file, for a while."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlencode

from rbsync.service.refusal import RefusalError

OBJECTS = "/objects/"
_FORBIDDEN = 403


class Permission(NamedTuple):
    """The permission of an address. ``type`` and ``encoding`` are those that a PUT has to have."""

    method: str
    path: str
    type: str = ""
    encoding: str = ""


class Signer:
    """Signs with a key of its own, so that addresses end with the process that made them."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._key = secrets.token_bytes(32)
        self._seconds = seconds
        self._clock = clock

    def address(self, base: str, permission: Permission) -> str:
        """The address that grants a permission; ``base`` is such as ``http://localhost:80``."""
        expires = str(int(self._clock() + self._seconds))
        query = {"expires": expires, "type": permission.type, "encoding": permission.encoding}
        query["signature"] = self._signature(permission, expires)
        return f"{base}{OBJECTS}{quote(permission.path)}?{urlencode(query)}"

    def check(self, method: str, path: str, query: Mapping[str, str]) -> Permission:
        """Returns what the address of a request allows. Raises RefusalError."""
        asked = Permission(method, path, query.get("type", ""), query.get("encoding", ""))
        expires = query.get("expires", "")
        right = self._signature(asked, expires).encode()
        if not hmac.compare_digest(right, query.get("signature", "").encode()):
            raise RefusalError("the signature does not match the request", status=_FORBIDDEN)
        # After the signature: an unsigned number may be any text.
        if int(expires) < self._clock():
            raise RefusalError("the address has expired", status=_FORBIDDEN)
        return asked

    def _signature(self, permission: Permission, expires: str) -> str:
        # A line break parts what is signed, and no name has one: "a" and "bc" must not sign as "ab"
        # and "c".
        text = "\n".join((*permission, expires))
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()
