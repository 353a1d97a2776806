"""The lines of a recovery file, checked as they are read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Tag, TypeAdapter, ValidationError

from rbsync.model.record import Record
from rbsync.shapes.models import Part, first_error
from rbsync.stores.record_parts import RecordPart


class _Line(Part):
    format_version: Literal[1] = 1
    """Lines of before there were versions have none."""


class _Known(_Line, RecordPart):
    """A line for a record."""

    def result(self) -> tuple[str, Record | None]:
        return self.name, self.value()


class _Removed(_Line):
    """A line for a name that has no record any more."""

    removed: str

    def result(self) -> tuple[str, Record | None]:
        return self.removed, None


def _which(line: object) -> str:
    return "removed" if isinstance(line, dict) and "removed" in line else "known"


_RESULT: TypeAdapter[_Known | _Removed] = TypeAdapter(
    Annotated[
        Annotated[_Known, Tag("known")] | Annotated[_Removed, Tag("removed")],
        Discriminator(_which),
    ]
)


def read_line(line: str) -> tuple[str, Record | None]:
    """Returns a name and its record, or None for a name that has none any more.

    Raises ValueError, which says what is wrong, for a line that is no result.
    """
    try:
        return _RESULT.validate_json(line).result()
    except ValidationError as error:
        raise ValueError(first_error(error, below=1)) from error
