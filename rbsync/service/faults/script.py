"""Read a script of faults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rbsync.errors import Location, Problem, UserError

Deed = Literal["delay", "status", "errors", "html", "truncate", "cut", "drop", "close"]
ANYTHING = "*"


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


class Fault(BaseModel):
    """One rule; the package says what its members mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Annotated[tuple[str, ...], BeforeValidator(_listed)] = (ANYTHING,)
    do: Deed
    nth: Annotated[tuple[int, ...], BeforeValidator(_listed)] = ()
    every: int | None = Field(None, ge=1)
    chance: float | None = Field(None, ge=0, le=1)
    seed: int = 0
    times: int | None = Field(None, ge=1)
    after: bool = False
    seconds: float = Field(0.0, ge=0)
    status: int = Field(503, ge=200, le=599)
    retry_after: float | None = Field(None, ge=0)
    message: str = "this was asked for by the script of faults"
    bytes: int = Field(0, ge=0)


class _Script(BaseModel):
    model_config = ConfigDict(extra="forbid")

    faults: list[Fault]


def read_faults(path: str) -> list[Fault]:
    """The rules of a file. Raises UserError with all that is wrong with it."""
    try:
        with open(path, encoding="utf-8") as file:
            data = yaml.safe_load(file)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError([Problem("faults", f"{path} cannot be read: {error}")]) from error
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
