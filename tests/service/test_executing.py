"""A document that is executed again and again answers as the GraphQL library does each time."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, build_schema, execute_sync, parse

from rbsync.service.documents import Operation

SCHEMA = build_schema(
    """
    input Place { seriesIndex: Int  names: [String!]!  inner: Place }
    type Query {
      say(word: String!, times: Int = 2, parts: [[Float!]], place: Place, maybe: Boolean): String
      fail(word: String!): String
    }
    """
)
DOCUMENT = """
query say($word: String!, $times: Int = 3, $parts: [[Float!]], $place: Place, $maybe: Boolean) {
  say(word: $word, times: $times, parts: $parts, place: $place, maybe: $maybe)
}
"""
NESTED: dict[str, Any] = {"names": ["a"]}
for _ in range(2_000):
    NESTED = {"names": ["a"], "inner": NESTED}

VARIABLES: dict[str, dict[str, Any]] = {
    "all": {"word": "a", "times": 1, "parts": [[1, 2.5]], "place": {"names": []}, "maybe": True},
    "all, and none of what need not be": {
        "word": "b",
        "times": 4,
        "parts": None,
        "place": None,
        "maybe": None,
    },
    "a default": {"word": "c"},
    "null for a default": {"word": "c", "times": None},
    "null where there must be something": {"word": None},
    "nothing where there must be something": {},
    "another type": {"word": 5},
    "a number that is too large": {"word": "d", "times": 1 << 40},
    "one in place of a list": {"word": "e", "parts": 7},
    "a list of another type": {"word": "e", "parts": [["x"]]},
    "a member that is not known": {"word": "f", "place": {"names": [], "what": 1}},
    "a member that is missing": {"word": "f", "place": {"seriesIndex": 1}},
    "a variable that is not declared": {"word": "g", "other": 1},
    "nested beyond reason": {"word": "h", "place": NESTED},
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    def say(_: object, info: Any, **arguments: Any) -> str:
        return f"{info.context}: {sorted(arguments.items())}"

    def fail(*_: object, **arguments: Any) -> str:
        raise ValueError(arguments["word"])

    assert SCHEMA.query_type is not None
    SCHEMA.query_type.fields["say"].resolve = say
    SCHEMA.query_type.fields["fail"].resolve = fail
    return SCHEMA


def told(result: ExecutionResult) -> tuple[Any, list[str]]:
    return result.data, [one.message for one in result.errors or ()]


@pytest.mark.parametrize("second", VARIABLES)
@pytest.mark.parametrize("first", VARIABLES)
def test_the_second_time_is_as_the_first(schema: GraphQLSchema, first: str, second: str) -> None:
    document = parse(DOCUMENT)
    operation = Operation(schema, document)
    for number, name in enumerate((first, second, second, first)):
        context, given = f"call {number}", VARIABLES[name]
        expected = execute_sync(schema, document, context_value=context, variable_values=given)
        assert told(operation.execute(context, dict(given))) == told(expected)


def test_errors_are_those_of_one_time(schema: GraphQLSchema) -> None:
    operation = Operation(schema, parse("query fail($word: String!) { fail(word: $word) }"))
    for word in ("one", "two", "two"):
        assert told(operation.execute("", {"word": word})) == ({"fail": None}, [word])


def test_fragments_and_skipped_fields_are_looked_at_each_time(schema: GraphQLSchema) -> None:
    text = """
    query both($word: String!, $no: Boolean!) { ...part  b: say(word: $word) @skip(if: $no) }
    fragment part on Query { a: say(word: $word) @include(if: $no) }
    """
    operation = Operation(schema, parse(text))
    for no in (True, False, True):
        data, errors = told(operation.execute("", {"word": "x", "no": no}))
        assert (list(data), errors) == (["a" if no else "b"], [])


def test_what_is_kept_has_no_values(schema: GraphQLSchema) -> None:
    """They may be large, and belong to whoever sent them."""
    operation = Operation(schema, parse("query say($word: String!) { say(word: $word) }"))
    operation.execute("", {"word": "a secret"})
    kept = operation._known
    assert kept is not None
    assert "a secret" not in repr(kept.variable_values)
    assert kept.context_value is None
