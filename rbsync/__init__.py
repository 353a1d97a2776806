"""Declarative uploads to RedBrick AI: a manifest, a plan, an apply.

The public interface::

    manifest = rbsync.load_manifest("rbsync.yaml")
    plan = rbsync.plan(manifest)
    report = rbsync.apply(plan)

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rbsync.version import VERSION

if TYPE_CHECKING:
    from rbsync.api import apply as apply
    from rbsync.api import load_manifest as load_manifest
    from rbsync.api import plan as plan

__version__ = VERSION

_HOMES = {"load_manifest": "rbsync.api", "plan": "rbsync.api", "apply": "rbsync.api"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'rbsync' has no attribute {name!r}")
