"""The kinds of backends. A new one is a folder here and its line below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rbsync.plugins import ExtensionPoint, incomplete

if TYPE_CHECKING:
    from rbsync.backends.settings import BackendSettings


def _objection(name: str, found: Any) -> str:
    """Returns why something cannot be what a manifest says of a backend of this kind."""
    from rbsync.backends.settings import BackendSettings

    if wrong := incomplete(found, BackendSettings, "it has no `open`"):
        return wrong
    if found.kinds() != (name,):
        return f'its `kind` is not Literal["{name}"]'
    return ""


BACKENDS: ExtensionPoint[type[BackendSettings]] = ExtensionPoint(
    "rbsync.backends",
    "backend",
    {
        "local": "rbsync.backends.local.settings:LocalSettings",
        "redbrick": "rbsync.backends.redbrick.settings:RedbrickSettings",
    },
    _objection,
)
