"""Settings of the manifest as fields of dataclasses, with what pydantic is to hold them to.

The values are used by every run, and pydantic only by one that reads a manifest anew: to load it
takes longer than most plans. So nothing here loads it before it asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core.core_schema import CoreSchema

T = TypeVar("T")


@overload
def setting(
    *, default: T, description: str = ..., examples: Sequence[Any] = ..., **limits: Any
) -> T: ...


@overload
def setting(*, description: str, examples: Sequence[Any] = ..., **limits: Any) -> Any: ...


def setting(
    *,
    default: Any = ...,
    description: str = "",
    examples: Sequence[Any] = (),
    **limits: Any,
) -> Any:
    """A field of a dataclass; one without a default must be written.

    ``limits`` are those that pydantic's ``Field`` has, such as ``ge`` and ``min_length``.
    """
    said = {"description": description, "examples": list(examples), **limits}
    given = {key: value for key, value in said.items() if value not in ("", [])}
    # Pydantic takes them from there.
    return field(metadata=given) if default is ... else field(default=default, metadata=given)


@dataclass(frozen=True, slots=True)
class Checked:
    """Marks the type of a setting with a check of its values, which may give another value.

    ``check`` raises by `refuse_value`. With ``beside`` it is given the settings before it too. The
    JSON Schema says ``schema`` in place of what it would say of the type.
    """

    check: Callable[..., Any]
    schema: Callable[[], dict[str, Any]] | None = None
    beside: bool = False

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The type's schema with the check after it, as pydantic asks for it."""
        from pydantic_core.core_schema import (
            no_info_after_validator_function,
            with_info_after_validator_function,
        )

        if not self.beside:
            return no_info_after_validator_function(self.check, handler(source))
        check = self.check
        return with_info_after_validator_function(
            lambda value, info: check(value, info.data), handler(source)
        )

    def __get_pydantic_json_schema__(
        self, inner: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The JSON Schema, as pydantic asks for it."""
        return handler(inner) if self.schema is None else self.schema()


def refuse_value(code: Any, message: str, hint: str = "") -> NoReturn:
    """Refuses a value in our own words. Raises PydanticCustomError."""
    from pydantic_core import PydanticCustomError

    told: Any = {"message": message, "hint": hint}
    raise PydanticCustomError(code, "{message}", told)


def refuse_as(code: Any, **bounds: Any) -> NoReturn:
    """Refuses a value as pydantic refuses one. Raises PydanticKnownError."""
    from pydantic_core import PydanticKnownError

    raise PydanticKnownError(code, bounds)
