"""The parts of a task that rbsync gives no meaning to: kept as the client sent them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rbsync.backends.local.extras import Extra
from rbsync.model.storages import is_at_service
from rbsync.service.answers.task_items import stored_ref
from rbsync.service.service import Call

OF_ITEMS = ("seriesInfo", "heatMaps", "transforms", "centerline")
OF_SETTINGS = ("attributes", "preAssign")
NOTHING = Extra("{}")
# The service's own client says with the text of a null that nobody is assigned.
_ABSENT = (None, "", "null")


def beside_items(call: Call, given: Mapping[str, Any], storage_id: str) -> Extra:
    """Returns what accompanies the items; files of heat maps are the task's.

    Raises RefusalError.
    """
    kept = {key: given[key] for key in OF_ITEMS if given.get(key) is not None}
    if not kept:
        return NOTHING
    heat_maps = kept.get("heatMaps", []) if is_at_service(storage_id) else []
    refs = tuple(stored_ref(call, one["item"]) for one in heat_maps)
    return Extra(json.dumps(kept), refs)


def beside_settings(given: Mapping[str, Any]) -> Extra:
    """Returns what accompanies the settings."""
    kept = {key: given[key] for key in OF_SETTINGS if given.get(key) not in _ABSENT}
    return Extra(json.dumps(kept)) if kept else NOTHING


def read_extra(extra: Extra | None) -> dict[str, Any]:
    """Returns what was kept of a facet."""
    found: dict[str, Any] = json.loads(extra.json) if extra else {}
    return found
