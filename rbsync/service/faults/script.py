"""Read a script of faults."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from rbsync.errors import Location, Problem, UserError
from rbsync.labels.problem import did_you_mean
from rbsync.service.executable_schema import make_schema

Deed = Literal["delay", "status", "errors", "html", "truncate", "cut", "drop", "close", "alter"]
ANYTHING = "*"
METHODS = ("GET", "POST", "PUT")
# Seconds; a fault that waits longer would look like one that never ends.
LONGEST = 3600.0


def _listed(value: Any) -> Any:
    if value == []:
        raise PydanticCustomError("empty", "an empty list names none; leave this out to mean all")
    return value if isinstance(value, list) else [value]


@cache
def known_kinds() -> frozenset[str]:
    """Returns what requests may go by: all of them, a method, or a root field of the schema."""
    schema = make_schema()
    roots = (schema.query_type, schema.mutation_type)
    fields = (name for one in roots if one is not None for name in one.fields)
    return frozenset((ANYTHING, *METHODS, *fields))


def _kind(value: str) -> str:
    known = known_kinds()
    if value in known:
        return value
    near = did_you_mean(value, known)
    # A misspelt kind would be a rule that never plays, and a test that passes for nothing.
    hint = near or f"known: {', '.join(sorted(known))}"
    message = f'no request is of the kind "{value}"; {hint}'
    raise PydanticCustomError("kind", "{message}", {"message": message})


Kind = Annotated[str, AfterValidator(_kind)]
Turn = Annotated[int, Field(ge=1)]


class Fault(BaseModel):
    """One rule; the package says what its members mean."""

    # A misspelt member would be a rule that does something else than the test believes.
    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Annotated[tuple[Kind, ...], BeforeValidator(_listed)] = (ANYTHING,)
    do: Deed
    nth: Annotated[tuple[Turn, ...], BeforeValidator(_listed)] = ()
    every: int | None = Field(None, ge=1)
    chance: float | None = Field(None, ge=0, le=1)
    seed: int = 0
    times: int | None = Field(None, ge=1)
    after: bool = False
    seconds: float = Field(0.0, ge=0, le=LONGEST)
    status: int = Field(503, ge=200, le=599)
    retry_after: float | None = Field(None, ge=0, allow_inf_nan=False)
    message: str = "this was asked for by the script of faults"
    bytes: int = Field(0, ge=0)
    at: str = ""
    to: Any = None
    remove: bool = False

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if (self.do == "alter") != bool(self.at):
            raise PydanticCustomError("place", "`at` is the place that `do: alter` alters")
        return self


class _Script(BaseModel):
    model_config = ConfigDict(extra="forbid")

    faults: list[Fault]


def read_faults(path: str) -> list[Fault]:
    """The rules of a file. Raises UserError with all that is wrong with it."""
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.safe_load(file)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            [
                Problem(
                    "faults", f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
                )
            ]
        ) from error
    except RecursionError as error:
        message = f"{path} cannot be read: it is nested too deeply"
        raise UserError([Problem("faults", message)]) from error
    return parse_faults(data, path)


def parse_faults(data: object, path: str = "") -> list[Fault]:
    """The rules of a parsed script. Raises UserError with all that is wrong with it."""
    try:
        return _Script.model_validate({"faults": data} if isinstance(data, list) else data).faults
    except ValidationError as error:
        where = Location(path) if path else None
        raise UserError(
            [
                Problem("faults", f"{'.'.join(map(str, one['loc']))}: {one['msg']}", where)
                for one in error.errors()
            ]
        ) from error
