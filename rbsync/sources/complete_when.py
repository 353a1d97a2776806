"""``complete_when``: the sign by which the files of a datapoint are known to be all there."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

_FIELDS = ("{folder}", "{file}", "{stem}")


class CompleteWhen(BaseModel):
    """The sign of a source; all that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    marker: str | None = Field(
        None,
        min_length=1,
        description="A file that is written last, beside the datapoint's files or relative to "
        "their folder. It may have {folder}, the folder's name, and {file} or {stem} of the first "
        "file. One that is older than a file of the datapoint does not count.",
        examples=[".done", "../{folder}.done", "{stem}.ok"],
    )
    count: int | None = Field(
        None, ge=1, description="The number of files of each datapoint.", examples=[120]
    )
    listed_in: str | None = Field(
        None,
        min_length=1,
        description="A text file that names all files, one a line, as an exporter or sha256sum "
        "writes it; found as a marker is.",
        examples=["SHA256SUMS"],
    )
    writer: Literal["wait", "ignore"] = Field(
        "wait",
        description="ignore: send also what somebody has open for writing, once it stands still. "
        "For programs that never close their files.",
        examples=["ignore"],
    )

    @field_validator("marker", "listed_in")
    @classmethod
    def _is_path(cls, text: str | None) -> str | None:
        rest = text or ""
        for field in _FIELDS:
            rest = rest.replace(field, "")
        if "{" in rest or "}" in rest or "\0" in rest or rest.endswith("/"):
            raise PydanticCustomError(
                "complete-when",
                "`{text}` names no file beside those of a datapoint",
                {"text": text, "hint": f"its fields are {', '.join(_FIELDS)}"},
            )
        return text

    @model_validator(mode="after")
    def _says_something(self) -> CompleteWhen:
        if not self.declares and self.writer == "wait":
            raise PydanticCustomError(
                "complete-when",
                "`complete_when` says nothing",
                {"hint": "give `marker`, `count`, `listed_in`, or `writer: ignore`"},
            )
        return self

    @property
    def declares(self) -> bool:
        """Tells whether it says when the files are all there."""
        return bool(self.marker or self.count or self.listed_in)


def beside(text: str, item: str) -> str:
    """The path of a marker or list for a datapoint whose first file has the path ``item``."""
    folder, _, name = item.rpartition("/")
    filled = (
        text.replace("{folder}", folder.rpartition("/")[2])
        .replace("{file}", name)
        .replace("{stem}", name.rpartition(".")[0] or name)
    )
    return f"{folder}/{filled}" if folder else filled
