"""The schema with its answers: `redbrick.graphql`, and a function for what needs one."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, build_schema

from rbsync.service.answers.registry import ANSWERS

Answer = Callable[..., Any]
_UPPER = re.compile("[A-Z]")


def schema_text() -> str:
    """The schema in its own language."""
    return resources.files(__package__).joinpath("redbrick.graphql").read_text("utf-8")


@cache
def make_schema() -> GraphQLSchema:
    """The schema, which knows nothing of any one service: the Call has all that."""
    # The schema is ours and its test checks it: checking it again would only delay every start.
    schema = build_schema(schema_text(), assume_valid_sdl=True)
    for place, answer in ANSWERS.items():
        owner, name = place.split(".")
        found = schema.get_type(owner)
        assert isinstance(found, GraphQLObjectType)  # noqa: S101  (both are ours)
        field = found.fields[name]
        field.resolve = _of_call(answer)
        for argument_name, argument in field.args.items():
            argument.out_name = _snake(argument_name)
    return schema


def _of_call(answer: Answer) -> Answer:
    return lambda _, info, **arguments: answer(info.context, **arguments)


def _snake(name: str) -> str:
    return _UPPER.sub(lambda found: "_" + found.group().lower(), name)
