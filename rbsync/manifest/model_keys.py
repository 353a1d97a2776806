"""The keys of the parts of a manifest, be they models of pydantic or dataclasses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Any, NamedTuple, TypeGuard, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

Model = TypeVar("Model")


class ModelKey(NamedTuple):
    """A key of a mapping. ``written`` is the key in the manifest, ``annotation`` its type."""

    written: str
    annotation: Any
    description: str
    is_required: bool


def is_model(found: object) -> TypeGuard[type[Any]]:
    """Tells whether a type is that of a mapping of the manifest."""
    return isinstance(found, type) and (issubclass(found, BaseModel) or is_dataclass(found))


def keys_of(model: Any) -> Mapping[str, ModelKey]:
    """The keys of a mapping, by the name of each as a value has it."""
    return _keys(model)


@cache
def _keys(model: Any) -> Mapping[str, ModelKey]:
    if issubclass(model, BaseModel):
        return {name: _of_pydantic(name, one) for name, one in model.model_fields.items()}
    types = get_type_hints(model, include_extras=True)
    return {one.name: _of_field(one, types[one.name]) for one in fields(model)}


def models_in(annotation: Any) -> Iterator[type[Any]]:
    """The mappings that a value of a type may be."""
    if is_model(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def validated(model: type[Model], value: Any) -> Model:
    """A value of a model. Raises ValidationError."""
    known: Any = model
    made: Model = _adapter(known).validate_python(value)
    return made


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _of_pydantic(name: str, said: FieldInfo) -> ModelKey:
    # As it is written: `from` is no name that Python lets a field have.
    required = said.is_required()
    return ModelKey(said.alias or name, said.annotation, said.description or "", required)


def _of_field(one: Field[Any], annotation: Any) -> ModelKey:
    # A plug-in may say it by pydantic's own `Field`.
    if isinstance(one.default, FieldInfo):
        said = _of_pydantic(one.name, one.default)
        return said._replace(annotation=annotation)
    required = one.default is MISSING and one.default_factory is MISSING
    return ModelKey(one.name, annotation, one.metadata.get("description", ""), required)
