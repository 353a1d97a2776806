"""The service's project types: what each may hold.

Source: the names are those of the service's enum TaskDataType; what they allow follows from the
names, which say the medium and the kind of label.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from rbsync.labels.problem import did_you_mean

Medium = Literal["", "IMAGE", "VIDEO", "DOCUMENT", "DICOM"]

PLANE_KINDS = frozenset({"bbox2d", "polygon", "polyline", "point", "ellipse", "pixel"})
VOLUME_KINDS = frozenset({"point3d", "cuboid", "length3d", "angle3d", "dicom"})
FRAME_KIND = "frameclassify"
WHOLE_KINDS = frozenset(
    {
        "taskclassify",
        "tasklevelclassify",
        "studyclassify",
        "multiclassify",
        "seriesclassify",
        "instanceclassify",
    }
)
CLASSIFY_KINDS = WHOLE_KINDS | {FRAME_KIND}
KINDS = PLANE_KINDS | VOLUME_KINDS | CLASSIFY_KINDS

_BY_TASK: dict[str, frozenset[str]] = {
    "ITEMS": frozenset(),
    "CLASSIFY": WHOLE_KINDS,
    "BBOX": frozenset({"bbox2d"}),
    "POINT": frozenset({"point"}),
    "POLYLINE": frozenset({"polyline"}),
    "POLYGON": frozenset({"polygon"}),
    "ELLIPSE": frozenset({"ellipse"}),
    "SEGMENTATION": frozenset({"pixel"}),
    "MULTI": PLANE_KINDS | WHOLE_KINDS,
}
# A segmentation in a label map, as the present service has those of pictures too.
_MAPPED_KIND = "dicom"

_ALSO_OF_FRAMES = {"CLASSIFY", "MULTI"}


class ProjectType(NamedTuple):
    """The labels and items that a project of one type may hold.

    ``kinds`` are the label members of which a label has at least one. How many items a datapoint
    has is not limited: the service takes several for an image too.
    """

    name: str
    medium: Medium
    kinds: frozenset[str]

    @property
    def has_frames(self) -> bool:
        """Tells whether labels may say in which frame they are."""
        return self.medium in ("", "VIDEO", "DICOM")


def _plane(medium: Medium, tasks: str) -> list[ProjectType]:
    made = []
    for task in tasks.split():
        kinds = set(_BY_TASK[task])
        if medium == "VIDEO" and task in _ALSO_OF_FRAMES:
            kinds.add(FRAME_KIND)
        if medium == "IMAGE" and "pixel" in kinds:
            kinds.add(_MAPPED_KIND)
        made.append(ProjectType(f"{medium}_{task}", medium, frozenset(kinds)))
    return made


_SHAPES = "ITEMS CLASSIFY BBOX POINT POLYLINE POLYGON ELLIPSE MULTI"
ANYTHING = ProjectType("", "", KINDS)
PROJECT_TYPES: dict[str, ProjectType] = {
    one.name: one
    for one in (
        # Of volumes there is this type alone, so it holds all that is drawn in them, whatever its
        # name says.
        ProjectType("DICOM_SEGMENTATION", "DICOM", KINDS),
        *_plane("IMAGE", f"{_SHAPES} SEGMENTATION"),
        *_plane("VIDEO", _SHAPES),
        ProjectType("DOCUMENT_BBOX", "DOCUMENT", _BY_TASK["BBOX"]),
    )
}


def project_type(name: str) -> ProjectType:
    """Returns what a project type allows; the empty name stands for a project that allows anything.

    Raises ValueError, with the nearest name, for one that does not exist.
    """
    if not name:
        return ANYTHING
    if name not in PROJECT_TYPES:
        hint = did_you_mean(name.upper(), PROJECT_TYPES)
        raise ValueError(f'"{name}" is not a project type' + (f"; {hint}" if hint else ""))
    return PROJECT_TYPES[name]
