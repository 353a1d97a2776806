"""Declarative uploads to RedBrick AI: a manifest, a plan, an apply.

The public interface::

    manifest = rbsync.load_manifest("rbsync.yaml")
    plan = rbsync.plan(manifest)
    report = rbsync.apply(plan)

and that of the service's upload page::

    project = rbsync.get_project(api_key, url, org_id, project_id)
    failed = project.upload.create_datapoints(rbsync.StorageMethod.PUBLIC, datapoints)

Names are imported when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rbsync.version import VERSION

if TYPE_CHECKING:
    from rbsync import masks as masks
    from rbsync.api import apply as apply
    from rbsync.api import load_manifest as load_manifest
    from rbsync.api import plan as plan
    from rbsync.sdk import StorageMethod as StorageMethod
    from rbsync.sdk import get_project as get_project

__version__ = VERSION

_HOMES = {
    "load_manifest": "rbsync.api",
    "plan": "rbsync.api",
    "apply": "rbsync.api",
    "get_project": "rbsync.sdk",
    "StorageMethod": "rbsync.sdk",
}
_ROOMS = ("masks",)


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return import_module(f"rbsync.{name}")
    raise AttributeError(f"module 'rbsync' has no attribute {name!r}")


def __dir__() -> list[str]:
    # Notebooks complete by this, and nothing is imported yet.
    return sorted({*globals(), *_HOMES, *_ROOMS})
