"""The manifest's keys, but for those of the sources, which are beside their kinds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    create_model,
    model_validator,
)
from pydantic import WithJsonSchema as JsonSchema
from pydantic_core import PydanticCustomError

from rbsync.backends import BACKENDS
from rbsync.backends.settings import BackendSettings
from rbsync.files.patterns import PatternError
from rbsync.files.renaming import renaming
from rbsync.model.plan import OnChange, OnConflict, OnMove
from rbsync.model.storages import is_built_in, is_uuid
from rbsync.sources.base import Common, SourceModel

TaskDataType = Literal[
    "DICOM_SEGMENTATION",
    "IMAGE_ITEMS",
    "IMAGE_CLASSIFY",
    "IMAGE_BBOX",
    "IMAGE_POINT",
    "IMAGE_POLYLINE",
    "IMAGE_POLYGON",
    "IMAGE_ELLIPSE",
    "IMAGE_SEGMENTATION",
    "IMAGE_MULTI",
    "VIDEO_ITEMS",
    "VIDEO_CLASSIFY",
    "VIDEO_BBOX",
    "VIDEO_POINT",
    "VIDEO_POLYLINE",
    "VIDEO_POLYGON",
    "VIDEO_ELLIPSE",
    "VIDEO_MULTI",
    "DOCUMENT_BBOX",
]
VERSION = 1


def _version(value: int) -> int:
    if value != VERSION:
        raise PydanticCustomError(
            "version", "this rbsync reads manifests of version 1", {"hint": "write `version: 1`"}
        )
    return value


def _storage_name(name: str) -> str:
    if is_built_in(name):
        raise PydanticCustomError(
            "storage-name",
            "`{name}` is a storage of its own and cannot be redefined",
            {"name": name},
        )
    return name


def _storage_id(value: str) -> str:
    if not is_uuid(value):
        raise PydanticCustomError("storage-id", "the id of a storage is a UUID, which this is not")
    # The same UUID in capitals would be another storage to all that compares the text.
    return value.lower()


def _share(value: Any) -> float:
    try:
        text = str(value).strip()
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        # Told by the same words as what is out of range; NaN fails the comparison as well.
        share = -1.0
    if not 0 <= share <= 1:
        raise PydanticCustomError(
            "share", "expected a percentage such as 5%, or a fraction from 0 to 1"
        )
    return share


Share = Annotated[
    float,
    BeforeValidator(_share),
    JsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ]
        }
    ),
]


def _days(value: object) -> object:
    """Reads ``90d`` as 90. Raises PydanticCustomError for what is no number of days."""
    text = str(value).strip().removesuffix("d")
    if not (text.isascii() and text.isdecimal()):
        raise PydanticCustomError("days", "expected a number of days, such as 90d")
    return int(text)


Days = Annotated[
    int,
    Field(ge=1, le=36500),
    BeforeValidator(_days),
    JsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*[0-9]+d\s*$"},
                {"type": "integer", "minimum": 1, "maximum": 36500},
            ]
        }
    ),
]


class Part(BaseModel):
    """A mapping of the manifest: unknown keys are refused and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _union(kinds: Iterable[type[BackendSettings]]) -> Any:
    """The type of ``backend``: that of the kind which it names."""
    return Annotated[Union[tuple(kinds)], Field(discriminator="kind")]  # noqa: UP007  (of a tuple)


if TYPE_CHECKING:
    Backend = BackendSettings
else:
    Backend = _union(kind for _, kind in BACKENDS.own())


class Project(Part):
    """The facts of the project that are known beforehand."""

    type: TaskDataType | None = Field(
        None,
        description="The service's name of the project's type; masks need one that ends in "
        "_SEGMENTATION or _MULTI.",
        examples=["IMAGE_SEGMENTATION"],
    )
    taxonomy: list[str] | str | None = Field(
        None,
        description="The names of the categories, or the path of a taxonomy's JSON file. What the "
        "project lacks of them, `apply --project` adds; it takes none away.",
        examples=[["car", "bus", "person"]],
    )
    name: str | None = Field(
        None,
        description="The project's name. A service's project is found by it where `project_id` is "
        "left out, and made by `apply --project`; else it is only compared.",
        examples=["cars 2026"],
    )
    stages: list[str] | None = Field(
        None,
        description="The names of the stages in which people work, in order; only compared.",
        examples=[["Label", "Review_1"]],
    )
    members: dict[str, str] | None = Field(
        None,
        description="The roles of people in the project, by their e-mail; only compared.",
        examples=[{"ann@example.org": "ADMIN"}],
    )


class PolicyModel(Part):
    """The limits that a plan keeps to."""

    prune: bool = Field(
        False, description="Delete what the manifest no longer declares.", examples=[False]
    )
    max_delete: Share = Field(
        0.05,
        description="The most that one run may delete without --force: a percentage or a fraction "
        "of the datapoints.",
        examples=["5%"],
    )
    on_change: OnChange = Field(
        "update",
        description="What becomes of a datapoint whose content changed: update it, replace it by "
        "a new one, or leave it and say so.",
        examples=["update"],
    )
    on_conflict: OnConflict = Field(
        "block",
        description="What becomes of a datapoint that was changed here and at the project: it is "
        "left alone and said so, or what is at the project stays until something else is declared. "
        "`ours`, which overwrites it, counts only where the one who runs rbsync says so too.",
        examples=["block"],
    )
    on_move: OnMove = Field(
        "auto",
        description="What becomes of a task whose datapoint is declared under another name now: "
        "it is carried to the new name, or keeps its old one, or stays beside a new task. `auto` "
        "carries what nobody has worked on. The embedded project renames, whoever worked on it.",
        examples=["auto"],
    )
    refresh: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Read the whole project before planning: always, or only when there is no "
        "state here yet. `never` counts only where the one who runs rbsync says so too.",
        examples=["auto"],
    )
    stamp: bool = Field(
        True,
        description="Write the content's identity into the metadata of the service's tasks, so "
        "that a lost state can be found again.",
        examples=[True],
    )
    history: Days = Field(
        90,
        description="For how long what runs replaced and deleted is kept, so that `rbsync undo` "
        "can put it back: days, as in 90d.",
        examples=["90d"],
    )


class MovedModel(Part):
    """Names that became other names, where the content of the files cannot tell."""

    old: str = Field(
        alias="from",
        description="The old names: a pattern with captures.",
        examples=["a/{case}.png"],
    )
    new: str = Field(
        alias="to",
        description="The new names, with the same captures.",
        examples=["b/{case}.png"],
    )

    @model_validator(mode="after")
    def _is_pair(self) -> MovedModel:
        try:
            renaming(self.old, self.new)
        except PatternError as error:
            raise PydanticCustomError("moved", "{why}", {"why": str(error)}) from error
        return self


_MOST_MOVED = 500
"""Pairs under ``moved``: each name that is gone is held against all of them."""


def _few_pairs(pairs: Any) -> Any:
    if isinstance(pairs, list) and len(pairs) > _MOST_MOVED:
        message = f"{len(pairs):,} pairs; {_MOST_MOVED:,} are allowed"
        hint = "a pattern with captures stands for many: {from: a/{case}.png, to: b/{case}.png}"
        raise PydanticCustomError("moved", "{why}", {"why": message, "hint": hint})
    return pairs


class FilesModel(Part):
    """The way in which local files are looked at."""

    check: Literal["strict", "structure", "none"] = Field(
        "structure",
        description="structure: refuse items that are cut off or broken, as far as their structure "
        "tells. strict: refuse labels that show nothing too, which are only told else: boxes and "
        "polygons without area, polygons that cross themselves. none: send items as they are, and "
        "ask no storage whether it hands out the keys of its bucket.",
        examples=["structure"],
    )


class ManifestModel(Part):
    """A manifest: which datapoints a labeling project is to have."""

    version: Annotated[int, AfterValidator(_version)] = Field(
        description="The version of the manifest language.",
        examples=[1],
        json_schema_extra={"const": VERSION},
    )
    backend: Backend = Field(
        # A manifest without a backend must never reach a service.
        BACKENDS.member("local")(kind="local"),
        description="Where the project is.",
        examples=[{"kind": "local"}],
    )
    project: Project = Field(
        Project(),
        description="What the project is, checked before anything is sent.",
        examples=[{"type": "IMAGE_SEGMENTATION", "taxonomy": ["car", "bus"]}],
    )
    storages: dict[
        Annotated[str, AfterValidator(_storage_name)], Annotated[str, AfterValidator(_storage_id)]
    ] = Field(
        {},
        description="Names for the ids of storages.",
        examples=[{"scans": "7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11"}],
    )
    defaults: Common = Field(
        Common(),
        description="Settings of every source that does not say otherwise.",
        examples=[{"storage": "redbrick", "metadata": {"site": "A"}}],
    )
    datapoints: tuple[SourceModel, ...] = Field(
        (),
        description="The sources of datapoints; a source's kind is known by its key.",
        examples=[[{"glob": "images/**/*.{png,jpg}"}]],
    )
    masks: tuple[SourceModel, ...] = Field(
        (),
        description="The sources of datapoints with segmentation masks.",
        examples=[[{"folder": "exports/2f0f6f3e"}]],
    )
    moved: Annotated[tuple[MovedModel, ...], BeforeValidator(_few_pairs)] = Field(
        (),
        description="Datapoints that have other names than before, where their content tells "
        "nothing: it changed too, or several have the same.",
        examples=[[{"from": "a/{case}.png", "to": "b/{case}.png"}]],
    )
    policy: PolicyModel = Field(
        PolicyModel(),
        description="What may be done to what is in the project.",
        examples=[{"prune": False, "max_delete": "5%"}],
    )
    roots: list[str] = Field(
        [],
        description="Folders beside the manifest's own from which files may be taken.",
        examples=[["../shared-images"]],
    )
    files: FilesModel = Field(
        FilesModel(),
        description="How the local files are looked at.",
        examples=[{"check": "structure"}],
    )
    hash: Literal["xxh3", "sha256"] = Field(
        "xxh3", description="How the identity of content is computed.", examples=["xxh3"]
    )
    state: Literal["any", "required"] = Field(
        "any",
        description="required: nobody starts a state of their own; the one who runs rbsync names "
        "the team's, by RBSYNC_STATE_URL, --state or the configuration. A manifest never names it.",
        examples=["required"],
    )


def manifest_model(backends: Iterable[str] = ()) -> type[ManifestModel]:
    """The model of manifests that may name these backends of plug-ins too.

    Raises PluginError for a broken one.
    """
    added = [BACKENDS.member(kind) for kind in backends]
    if not added:
        return ManifestModel
    backend = ManifestModel.model_fields["backend"]
    kinds = [kind for _, kind in BACKENDS.own()]
    return create_model(
        "ManifestModel",
        __base__=ManifestModel,
        __doc__=ManifestModel.__doc__,
        backend=(
            _union((*kinds, *added)),
            Field(backend.default, description=backend.description, examples=backend.examples),
        ),
    )
