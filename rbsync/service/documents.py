"""Parse and check GraphQL documents, each once: clients send the same few again and again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)

from rbsync.service.executing import Operation

MOST_TOKENS = 20_000
"""The SDK's longest document has about a tenth of it."""
_REMEMBERED = 256


class Document(NamedTuple):
    """``kinds`` are the names that the operation goes by: its own and those of its root fields.

    ``operation`` is None when there are errors.
    """

    operation: Operation | None
    kinds: frozenset[str]
    errors: Sequence[GraphQLError] = ()


class Documents:
    """Documents that were asked against a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.read = lru_cache(_REMEMBERED)(self._read)

    def _read(self, text: str) -> Document:
        try:
            parsed = parse(text, no_location=True, max_tokens=MOST_TOKENS)
            errors = validate(self._schema, parsed)
        except GraphQLError as error:
            return Document(None, frozenset(), [error])
        except RecursionError:
            return Document(None, frozenset(), [GraphQLError("the document is nested too deep")])
        if errors:
            return Document(None, frozenset(), errors)
        return Document(Operation(self._schema, parsed), frozenset(_kinds(parsed)))


def _kinds(parsed: DocumentNode) -> Sequence[str]:
    found: list[str] = []
    for one in parsed.definitions:
        if isinstance(one, OperationDefinitionNode):
            found += [one.name.value] if one.name else []
            fields = one.selection_set.selections
            found += [field.name.value for field in fields if isinstance(field, FieldNode)]
    return found
