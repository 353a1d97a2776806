"""The projects that datapoints can be created in: one line a backend."""

from __future__ import annotations

from importlib import import_module
from typing import Any

BACKENDS = {
    "local": "rbsync.backends.local.backend:LocalBackend",
    "redbrick": "rbsync.backends.redbrick.backend:RedbrickBackend",
}


def backend_class(kind: str) -> Any:
    """The class of a backend, imported when it is asked for. Raises KeyError."""
    module, name = BACKENDS[kind].split(":")
    return getattr(import_module(module), name)
