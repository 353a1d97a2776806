"""Read the service's answers with care: what is not as expected is said, never guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from rbsync.backends.redbrick.api.refusals import codes_of
from rbsync.backends.redbrick.http.network_errors import denied, problem, too_large
from rbsync.errors import BackendError
from rbsync.shapes.guards import is_number, is_whole

_MOST_MESSAGES = 5
# As functions behind gateways say it, some of them only by not being done in time.
_LARGE = re.compile(r"payload|too large|size exceeded|maximum (allowed )?size|timed out", re.I)


class Node:
    """An object in an answer, read by the types that it should have.

    Its methods raise DeniedError, naming the place, for what is missing or of another type.
    """

    __slots__ = ("_members", "_path", "words")

    def __init__(self, members: Mapping[str, Any], path: str, words: str = "") -> None:
        """``words`` are those of errors that stood beside the data."""
        self._members = members
        self._path = path
        self.words = words

    def text(self, key: str) -> str:
        found = self._members.get(key)
        return found if isinstance(found, str) else self._odd(key)

    def text_or_none(self, key: str) -> str | None:
        return None if self._members.get(key) is None else self.text(key)

    def filled(self, key: str) -> str:
        """Text that is not empty."""
        return self.text(key) or self._odd(key)

    def number_or_none(self, key: str) -> float | None:
        found = self._members.get(key)
        # To Python `True` is a number: a priority of `true` would be read as 1.
        fine = found is None or is_number(found)
        return found if fine else self._odd(key)

    def flag(self, key: str) -> bool:
        found = self._members.get(key)
        return found if isinstance(found, bool) else self._odd(key)

    def node(self, key: str) -> Node:
        return self.node_or_none(key) or self._odd(key)

    def node_or_none(self, key: str) -> Node | None:
        found = self._members.get(key)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            self._odd(key)
        return Node(found, f"{self._path}.{key}")

    def nodes(self, key: str) -> list[Node]:
        """The objects of a list; null is an empty one."""
        return [
            Node(one, f"{self._path}.{key}") if isinstance(one, Mapping) else self._odd(key)
            for one in self._list(key)
        ]

    def entries(self, key: str) -> list[Node]:
        """The members of a list, each as an object; one that is none has no members."""
        return [
            Node(one if isinstance(one, Mapping) else {}, f"{self._path}.{key}")
            for one in self._list(key)
        ]

    def present_nodes(self, key: str) -> list[Node]:
        """The objects of a list, without its null members."""
        found = [one for one in self._list(key) if one is not None]
        return Node({key: found}, self._path).nodes(key)

    def numbers(self, key: str) -> list[int]:
        """The whole numbers of a list; null is an empty one."""
        found = self._list(key)
        fine = all(map(is_whole, found))
        return found if fine else self._odd(key)

    def texts(self, key: str) -> list[str]:
        """The texts of a list, null for an empty one; empty text stands for null members."""
        return [
            one or "" if one is None or isinstance(one, str) else self._odd(key)
            for one in self._list(key)
        ]

    def value(self, key: str) -> Any:
        """Whatever is there."""
        return self._members.get(key)

    def _list(self, key: str) -> list[Any]:
        found = self._members.get(key)
        if found is None:
            return []
        return found if isinstance(found, list) else self._odd(key)

    def _odd(self, key: str) -> NoReturn:
        raise denied(f"the service's answer has no usable {self._path}.{key}")


def read_answer(
    body: bytes, host: str, operation: str, *, partly: bool = False, trace: str = ""
) -> Node:
    """The data of an answer to an operation; ``trace`` is told with what is wrong with it.

    Raises BackendError for what is no answer of the service at all, and DeniedError for one
    with errors in it, whatever data it has beside them; but for TooLargeError, not where it may be
    given ``partly``: then the words of the errors are with the data that is there.
    """
    answer = _parsed(body, host)
    data, words = answer.get("data"), ""
    if answer.get("errors"):
        words = _messages(answer["errors"])
        # GraphQL may have data beside its errors, such as half a list. To use that would be to take
        # what failed for what is not there.
        is_there = isinstance(data, Mapping) and all(one is not None for one in data.values())
        if not (partly and data and is_there):
            if partly and _LARGE.search(words):
                raise too_large(f"{operation}: {words}{trace}")
            raise denied(f"{operation}: {words}{trace}", words, codes_of(answer["errors"]))
    if not isinstance(data, Mapping):
        raise denied(f"{operation}: the service's answer has no data{trace}")
    return Node(data, operation, words)


def _parsed(body: bytes, host: str) -> Mapping[str, Any]:
    answer: Any = None
    with suppress(ValueError, RecursionError):
        # NaN compares as different from itself, so that a priority of NaN would be planned for
        # ever.
        answer = json.loads(body, parse_constant=_no_number)
    # Proxies and login pages answer with 200 too, some of them in JSON.
    if not isinstance(answer, Mapping) or answer.keys().isdisjoint(("data", "errors")):
        raise _foreign(body, host)
    return answer


def _foreign(body: bytes, host: str) -> BackendError:
    kind = "an HTML page" if body.lstrip()[:1] == b"<" else "not an answer of the service"
    hint = "check the backend's `url`; a proxy or a login page may have answered instead"
    return problem(f"{host}: what came back is {kind}", sent=True, status=200, hint=hint)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _messages(errors: object) -> str:
    """All that the service says, each once."""
    entries = errors if isinstance(errors, list) else [errors]
    texts = [str(one.get("message")) if isinstance(one, Mapping) else str(one) for one in entries]
    # A batch that is refused says the same for each of its fifty tasks.
    different = list(dict.fromkeys(texts))
    more = len(different) - _MOST_MESSAGES
    return "; ".join(different[:_MOST_MESSAGES]) + (f" (and {more} more)" if more > 0 else "")


def json_text(text: str | None) -> Any:
    """The value of JSON inside a string; None for none, and for what is not JSON."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
