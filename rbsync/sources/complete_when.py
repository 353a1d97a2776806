"""``complete_when``: the sign by which the files of a datapoint are known to be all there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from rbsync.shapes.setting import Checked, refuse_value, setting

_FIELDS = ("{folder}", "{file}", "{stem}")


def _beside_datapoints(text: str) -> str:
    """A path of a file beside those of a datapoint."""
    rest = text
    for field in _FIELDS:
        rest = rest.replace(field, "")
    if "{" in rest or "}" in rest or "\0" in rest or rest.endswith("/"):
        message = f"`{text}` names no file beside those of a datapoint"
        refuse_value("complete-when", message, f"its fields are {', '.join(_FIELDS)}")
    return text


@dataclass(frozen=True, kw_only=True)
class CompleteWhen:
    """The sign of a source; all that is given must hold."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    marker: Annotated[str, Checked(_beside_datapoints)] | None = setting(
        default=None,
        min_length=1,
        description="A file that is written last, beside the datapoint's files or relative to "
        "their folder. It may have {folder}, the folder's name, and {file} or {stem} of the first "
        "file. One that is older than a file of the datapoint does not count.",
        examples=[".done", "../{folder}.done", "{stem}.ok"],
    )
    count: int | None = setting(
        default=None,
        ge=1,
        description="The number of files of each datapoint.",
        examples=[120],
    )
    listed_in: Annotated[str, Checked(_beside_datapoints)] | None = setting(
        default=None,
        min_length=1,
        description="A text file that names all files, one a line, as an exporter or sha256sum "
        "writes it; found as a marker is.",
        examples=["SHA256SUMS"],
    )
    writer: Literal["wait", "ignore"] = setting(
        default="wait",
        description="ignore: send also what somebody has open for writing, once it stands still. "
        "For programs that never close their files.",
        examples=["ignore"],
    )

    def __post_init__(self) -> None:
        if not self.declares and self.writer == "wait":
            hint = "give `marker`, `count`, `listed_in`, or `writer: ignore`"
            refuse_value("complete-when", "`complete_when` says nothing", hint)

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
