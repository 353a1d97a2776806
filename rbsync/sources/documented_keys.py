"""Members of the service's own lists that rbsync does not send, and what takes their place.

Source of the names: the public SDK 2.35.4.
"""

from __future__ import annotations

_AS_LABELS = "give them as LabelObjects under the entry's `labels`"
_AS_SEGMENTATIONS = "name the NIfTI files under `segmentations` of a series, with a `segmentMap`"
_OF_FILES = "leave it out: the service reads it from the files"
# Lists of tasks that were exported are given as lists of items.
_OF_TASKS = "leave it out: the service says it of a task, and takes it from nobody"
_IN_REDBRICK = "set it in RedBrick once the datapoint is there"

UNSENT = {
    "preAssign": "assign the task in RedBrick, or route the stage by its settings there",
    "classification": _AS_LABELS,
    "classifications": _AS_LABELS,
    "instanceClassifications": _AS_LABELS,
    "landmarks": _AS_LABELS,
    "landmarks3d": _AS_LABELS,
    "measurements": _AS_LABELS,
    "ellipses": _AS_LABELS,
    "boundingBoxes": _AS_LABELS,
    "cuboids": _AS_LABELS,
    "polygons": _AS_LABELS,
    "polylines": _AS_LABELS,
    "binaryMask": _AS_SEGMENTATIONS,
    "semanticMask": _AS_SEGMENTATIONS,
    "pngMask": "declare the masks under `masks` in the manifest",
    "masks": "declare the masks under `masks` in the manifest",
    "labelsMap": _AS_SEGMENTATIONS,
    "labelsPath": "give the path under `labels`",
    "seriesInfo": "give `series`, each with its `items`",
    "heatMaps": _IN_REDBRICK,
    "transforms": _IN_REDBRICK,
    "centerline": _IN_REDBRICK,
    "cohorts": _IN_REDBRICK,
    "attributes": "give the values as `metaData`",
    "imageHeaders": "leave them out: the service reads the headers of the files",
    "taskId": "leave it out: rbsync knows tasks by name",
    "dpId": "leave it out: rbsync knows tasks by name",
    "storageId": "say `storage` in the manifest",
    "numFrames": _OF_FILES,
    "dimensions": _OF_FILES,
    "createdBy": _OF_TASKS,
    "createdAt": _OF_TASKS,
    "updatedBy": _OF_TASKS,
    "updatedAt": _OF_TASKS,
    "currentStageName": _OF_TASKS,
    "consensus": _OF_TASKS,
    "consensusScore": _OF_TASKS,
    "consensusTasks": _OF_TASKS,
    "superTruth": _OF_TASKS,
}
"""By key, what to do instead."""


_OF_SERIES = ("segmentations", "segmentMap")


def misplaced(key: str) -> str:
    """Returns where a key of a series belongs that stands beside it; empty for other keys."""
    if key not in _OF_SERIES:
        return ""
    form = '`"series": [{"items": …, "segmentations": …, "segmentMap": …}]`'
    return f"`{key}` belongs to a series: write {form}"


def unsent(key: str) -> str:
    """Returns why a documented key cannot be had, and the way out; empty for a key that is none."""
    instead = UNSENT.get(key)
    return f"rbsync does not send `{key}`: {instead}" if instead else ""
