"""The class of what the service refuses, by its words and codes."""

from __future__ import annotations

import pytest

from rbsync.backends.redbrick.api.refusals import codes_of, kind_of


@pytest.mark.parametrize(
    ("words", "codes", "kind"),
    [
        ("Upload limit of your plan reached", "", "quota"),
        ("Storage quota exceeded, please upgrade", "", "quota"),
        ("the label is too blue", "", "invalid"),
        ("", "", "invalid"),
        ("Task timed out after 29.03 seconds", "", "transient"),
        ("", "ExecutionTimeout", "transient"),
        ("Something went wrong", "INTERNAL_SERVER_ERROR", "transient"),
        ("Rate limit exceeded", "", "throttled"),
        ("Too Many Requests", "", "throttled"),
        ("name must be unique in the project", "", "invalid"),
        ("Not allowed", "Unauthorized", "auth"),
        ("Access denied to this file", "", "invalid"),
    ],
)
def test_words_and_codes_have_a_class(words: str, codes: str, kind: str) -> None:
    assert kind_of(words, codes) == kind


@pytest.mark.parametrize(
    ("errors", "codes"),
    [
        ([{"message": "no", "errorType": "ExecutionTimeout"}], "ExecutionTimeout"),
        ([{"message": "no", "extensions": {"code": "FORBIDDEN"}}], "FORBIDDEN"),
        ([{"errorType": "A"}, {"errorType": "A"}, {"errorType": "B"}], "A B"),
        ([{"errorType": 7, "extensions": [1]}, "words", None], ""),
        ("words", ""),
        (None, ""),
    ],
)
def test_codes_stand_beside_the_messages(errors: object, codes: str) -> None:
    assert codes_of(errors) == codes
