"""The documents of the commands that look at a manifest: init, validate, expand, explain."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from rbsync.documents.label_changes import LabelChangesPart
from rbsync.documents.parts import (
    Document,
    FingerprintPart,
    ItemPart,
    LabelsPart,
    ProblemPart,
    SettingsPart,
)
from rbsync.documents.plan_document import DatasetPart
from rbsync.documents.report_document import ErrorPart
from rbsync.model.fingerprint import Facet
from rbsync.reasons import Reason
from rbsync.shapes.models import Part


class InitDocument(Document):
    """The manifest that `rbsync init` wrote."""

    manifest: str = Field(description="The path of the manifest.")


class ValidateDocument(Document):
    """A manifest without problems; one that has some gives the document `error`."""

    problems: list[ProblemPart] = Field(description="Always empty.", max_length=0)
    warnings: list[ProblemPart]


class DatapointPart(Part):
    """A datapoint that the manifest declares."""

    name: str
    items: list[ItemPart]
    series: list[int] = Field(
        default=[], description="How many of the items are of each series; empty where one has all."
    )
    bytes: int = Field(ge=0, description="The size of the local items.")
    labels: LabelsPart | None
    settings: SettingsPart
    fingerprint: FingerprintPart
    origin: str = Field(description="Where it is declared, as file:line:column.")


class ExpandDocument(Document):
    """The datapoints that a manifest declares."""

    dataset: DatasetPart
    datapoints: list[DatapointPart]


class FacetPart(Part):
    """One facet of a datapoint: its content identity as declared and as applied."""

    declared: str | None
    applied: str | None
    equal: bool


class ExplainDocument(Document):
    """The reasons of a datapoint's action. Parts that are not declared or not recorded are null."""

    name: str
    action: Literal["create", "update", "replace", "delete", "blocked", "keep"]
    reason: Reason = Field(description="A stable word that says why.", examples=["new"])
    message: str = Field(description="The same as a sentence.")
    origin: str | None = Field(description="Where it is declared, as file:line:column.")
    task_id: str | None = Field(description="The task at the project; empty when there is none.")
    facets: dict[Facet, FacetPart]
    failure: ErrorPart | None = Field(description="Why it failed the last time, if it did.")
    label_changes: LabelChangesPart | None = Field(
        None,
        description="In what the labels differ from those of the project, where both are known.",
    )
