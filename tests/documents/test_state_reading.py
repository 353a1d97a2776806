"""A state that is pushed is checked as strictly as a manifest, each mistake with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from rbsync.documents.state_reading import read_state
from rbsync.errors import UserError
from rbsync.model.fingerprint import Fingerprint
from rbsync.model.record import Declined, Record

DIGEST = "xxh3:" + "0" * 32
INTENT = {"name": "a", "operation": "update", "fingerprint": [DIGEST, "", DIGEST], "sent_at": 1.5}
FAILURE = {
    "kind": "invalid",
    "phase": "create",
    "message": "no",
    "attempts": 1,
    "status": None,
    "hint": "",
}


def record(name: str, task_id: str, **more: Any) -> dict[str, Any]:
    own = {"name": name, "task_id": task_id, "applied": [DIGEST, "", "sha256:" + "f" * 64]}
    return {**own, "failure": None, "attempted": None, "pending": None, **deepcopy(more)}


def state(*records: dict[str, Any]) -> dict[str, Any]:
    return {
        "format_version": 1,
        "lineage": "4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11",
        "serial": 3,
        "target": "local:1",
        "records": list(records),
    }


def text(document: Any) -> bytes:
    return json.dumps(document, indent=1).encode()


def test_what_is_right_is_taken_as_it_is() -> None:
    document = state(
        record("a", "1", pending=INTENT, failure=FAILURE, attempted=["unknown"] * 3),
        record("b", "", applied=None, declined=[["undone", None, ["labels"]]]),
        record("c", "", applied=["unknown", "unknown", "unknown"]),
    )
    read = read_state(text(document), "s.json")
    assert [one.value() for one in read.records][1:] == [
        Record("b", declined=(Declined("undone", None, ("labels",)),)),
        Record("c", Fingerprint("unknown", "unknown", "unknown")),
    ]
    assert (read.lineage, read.serial, read.target) == (document["lineage"], 3, "local:1")


Spoil = Callable[[dict[str, Any]], None]


def change(path: str, value: Any) -> Spoil:
    """Puts a value at a path of keys and numbers; with the value `...` takes it away."""

    def spoil(document: dict[str, Any]) -> None:
        *way, last = [int(one) if one.isdigit() else one for one in path.split(".")]
        at: Any = document
        for step in way:
            at = at[step]
        if value is ...:
            del at[last]
        else:
            at[last] = value

    return spoil


@pytest.mark.parametrize(
    ("spoil", "where", "what"),
    [
        (change("records.1.task_id", "1"), "21:", "records.1.task_id: record 0 has this task too"),
        (change("records.1.name", "a"), "20:", "records.1.name: record 0 has this name too"),
        (change("records.1.name", ""), "20:", "its name is empty"),
        (change("records.1.name", "a\nb"), "20:", "a control character"),
        (change("records.1.name", "x" * 600), "20:", "600 bytes; the limit is 512"),
        (change("records.1.applied.0", "0" * 32), "23:", "is no digest such as xxh3:"),
        (change("records.1.applied.2", ""), "25:", "`` is no digest"),
        (change("records.1.applied", [DIGEST]), "", "records.1.applied"),
        (
            change("records.1.task_id", 7),
            "21:",
            "records.1.task_id: input should be a valid string",
        ),
        (change("records.1.task_id", ...), "", "records.1.task_id: field required"),
        (change("records.1.taskid", "9"), "", "records.1.taskid: nobody knows this key"),
        (change("records.0.failure.kind", "sad"), "", "records.0.failure.kind"),
        (change("records.0.failure.phase", "sad"), "", "records.0.failure.phase"),
        (change("records.0.failure.atempts", 2), "", "atempts: nobody knows this key"),
        (change("records.0.pending.name", "z"), "", "another name than the record's"),
        (change("records.0.pending.operation", "delete"), "", "a delete has none"),
        (change("records.0.pending.operation", "move"), "", "records.0.pending.operation"),
        (change("records.0.pending.sent_at", float("nan")), "", "sent_at"),
        (change("records.0.pending.sent_at", -1.0), "", "it is no time"),
        (change("serial", -1), "4:", "serial: input should be greater than or equal to 0"),
        (change("serial", "3"), "4:", "serial: input should be a valid integer"),
        (change("lineage", "mine"), "3:", "lineage: it is no UUID"),
        (change("format_version", 9), "2:", "format_version"),
        (change("records", {}), "", "records"),
        (change("more", 1), "", "more: nobody knows this key"),
        (change("records.0.task_id", "\ud800"), "", "no JSON text"),
    ],
)
def test_each_mistake_is_told_with_its_place(spoil: Spoil, where: str, what: str) -> None:
    document = state(record("a", "1", pending=INTENT, failure=FAILURE), record("b", "2"))
    flat = state(record("a", "1"), record("b", "2"))
    chosen = flat if where else document
    spoil(chosen)
    with pytest.raises(UserError) as caught:
        read_state(text(chosen), "s.json")
    assert what in str(caught.value)
    assert f"s.json:{where}" in str(caught.value) if where else "s.json" in str(caught.value)


def test_all_mistakes_are_told_at_once_and_no_more_than_one_can_read() -> None:
    document = state(*(record("a", "") for _ in range(2000)))
    with pytest.raises(UserError) as caught:
        read_state(text(document), "s.json")
    assert len(caught.value.problems) <= 51
    assert "more problems" in caught.value.problems[-1].message


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_state_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(UserError, match=r"s\.json"):
        read_state(data, "s.json")


def test_a_key_that_is_given_twice_is_refused() -> None:
    raw = text(state(record("a", "1"))).replace(
        b'"task_id": "1"', b'"task_id": "1", "task_id": "2"'
    )
    with pytest.raises(UserError, match="`task_id` is given twice"):
        read_state(raw, "s.json")
