"""GraphQL documents, parsed and checked once each: clients send the same few again and again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    coerce_input_value,
    is_non_null_type,
    parse,
    validate,
)
from graphql.execution import VariableValues
from graphql.execution.values import VariableValueSource


class Operation:
    """A checked document, executed with other variables each time."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._document = document
        self._known: Executor[Any] | None = None

    def execute(self, context: object, variables: dict[str, Any]) -> ExecutionResult:
        """Returns what the operation answers; ``context`` is for the answering functions."""
        executor = self._again(context, variables) or self._anew(context, variables)
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        result = executor.execute_operation()
        assert isinstance(result, ExecutionResult)  # noqa: S101  (nothing here is awaited)
        return result

    def _anew(self, context: object, variables: dict[str, Any]) -> Any:
        """By the library alone: the executor, or what is wrong with the variables."""
        made = Executor.build(
            self._schema,
            self._document,
            context_value=context,
            raw_variable_values=variables,
            is_awaitable=_never,
            is_async_iterable=_never,
        )
        if isinstance(made, Executor):
            # Only types are kept: variables may have megabytes of labels, and are of one request.
            self._known = _with(made, None, _without_values(made.variable_values))
        return made

    # Half of the time that a create spent in the library went into finding out the types of its 18
    # variables, which are the same each time.
    def _again(self, context: object, variables: Mapping[str, Any]) -> Executor[Any] | None:
        """As before, if the same variables are given and all are right."""
        known = self._known
        values = _coerced(known.variable_values, variables) if known else None
        return _with(known, context, values) if known and values else None


def _with(executor: Executor[Any], context: object, values: VariableValues) -> Executor[Any]:
    return Executor(
        executor.schema,
        executor.fragment_definitions,
        executor.fragments,
        executor.root_value,
        context,
        executor.operation,
        values,
        executor.field_resolver,
        executor.type_resolver,
        executor.subscribe_field_resolver,
        is_awaitable=_never,
        is_async_iterable=_never,
    )


def _without_values(values: VariableValues) -> VariableValues:
    """The types of variables; their values may be large, and belong to one request."""
    return VariableValues(
        {name: VariableValueSource(one.signature) for name, one in values.sources.items()}, {}
    )


def _coerced(known: VariableValues, given: Mapping[str, Any]) -> VariableValues | None:
    """Values as the types have them; None where the library has more to say."""
    # A variable that is left out may have a default, which only the library fills in.
    if known.sources.keys() != given.keys():
        return None
    sources = {}
    coerced: dict[str, Any] = {}
    try:
        for name, source in known.sources.items():
            value, kind = given[name], source.signature.type
            sources[name] = VariableValueSource(source.signature, value)
            coerced[name] = None
            if value is not None or is_non_null_type(kind):
                coerced[name] = coerce_input_value(value, kind)
                # The library words what is wrong; this is only the short way when nothing is.
                if coerced[name] is Undefined:
                    return None
    except RecursionError:
        return None
    return VariableValues(sources, coerced)


def _never(_: object) -> TypeGuard[Any]:
    """Answers are values: nothing is awaited or iterated over later."""
    return False


# The SDK's longest document has about a tenth of it.
MOST_TOKENS = 20_000
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
            # Tokens are limited, since one document of megabytes would keep the only event loop
            # from everybody else.
            parsed = parse(text, no_location=True, max_tokens=MOST_TOKENS)
            errors = validate(self._schema, parsed)
        except GraphQLError as error:
            said = GraphQLError(f"the client's document is no GraphQL: {error.message}")
            return Document(None, frozenset(), [said])
        except RecursionError:
            return Document(None, frozenset(), [GraphQLError("the document is nested too deep")])
        if errors:
            return Document(None, frozenset(), _not_offered(errors) or errors)
        return Document(Operation(self._schema, parsed), frozenset(_kinds(parsed)))


@cache
def documents_of(schema: GraphQLSchema) -> Documents:
    """The documents of a schema, which all services of a process have in common."""
    # What a document means is a matter of its text and the schema, and costs more than an answer.
    return Documents(schema)


_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")


def _not_offered(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Names what the offline service does not have; unknown types alone say nothing to anybody."""
    found = filter(None, (_UNKNOWN_FIELD.match(one.message) for one in errors))
    names = [
        one[1] if one[2] in ("Query", "Mutation") else f"{one[1]} of {one[2]}" for one in found
    ]
    return [
        GraphQLError(f"{name} is not offered here, by rbsync's offline service") for name in names
    ]


def _kinds(parsed: DocumentNode) -> Sequence[str]:
    found: list[str] = []
    for one in parsed.definitions:
        if isinstance(one, OperationDefinitionNode):
            found += [one.name.value] if one.name else []
            fields = one.selection_set.selections
            found += [field.name.value for field in fields if isinstance(field, FieldNode)]
    return found
