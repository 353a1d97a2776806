"""Of each bucket one object is asked for at its storage, and held against the listing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rbsync.backends.base import StoredKey
from rbsync.errors import BackendError
from rbsync.model.datapoint import REMOTE, Datapoint, Item
from rbsync.model.fingerprint import Facet, of_items, pin_of, pinned
from rbsync.model.plan import Action, Create, Update
from rbsync.reasons import NEW
from rbsync.sync.key_check import key_faults
from tests.builders import datapoint

SCANS, SLIDES = "scans-storage", "slides-storage"
LEADS_TO = {SCANS: "scans", SLIDES: ""}


class Storages:
    """Storages that answer as they are told, and write down what they are asked for."""

    def __init__(self, answers: Mapping[str, StoredKey | BackendError] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[tuple[str, str]] = []

    def buckets(self) -> Mapping[str, str]:
        return LEADS_TO

    def stored_key(self, storage: str, key: str) -> StoredKey:
        self.asked.append((storage, key))
        answer = self.answers.get(storage, StoredKey())
        if isinstance(answer, BackendError):
            raise answer
        return answer


def declared(name: str, storage: str, *keys: str, version: str = "v1") -> Datapoint:
    """A datapoint of objects of a bucket, whose versions a listing told."""
    items = tuple(Item(key, REMOTE + key, 0) for key in keys)
    one = datapoint(name)
    print_ = pinned(of_items([item.content for item in items]), pin_of(version))
    fingerprint = one.fingerprint._replace(items=print_)
    settings = one.settings._replace(storage=storage)
    return one._replace(items=items, settings=settings, fingerprint=fingerprint)


def creates(*points: Datapoint) -> list[Action]:
    return [Create(one, NEW, "it is new") for one in points]


def test_each_bucket_is_asked_for_one_object() -> None:
    storages = Storages()
    several = [declared(f"{at}", SCANS, f"{at}.png") for at in range(5)]
    # A key of such a storage begins with its bucket, of which it may have several.
    others = [declared(f"z{at}", SLIDES, f"part-{at % 2}/{at}.png") for at in range(5)]
    faults = key_faults(storages, creates(*several, *others), LEADS_TO)
    assert (faults.wrong, faults.unseen) == ({}, [])
    assert storages.asked == [
        (SCANS, "0.png"),
        (SLIDES, "part-0/0.png"),
        (SLIDES, "part-1/1.png"),
    ]


def test_an_object_by_itself_is_rather_asked_for_as_its_version_is_known() -> None:
    storages = Storages({SCANS: StoredKey(versions=("v1",))})
    several, single = declared("a", SCANS, "1.dcm", "2.dcm"), declared("b", SCANS, "b.png")
    assert not key_faults(storages, creates(several, single), LEADS_TO).wrong
    assert storages.asked == [(SCANS, "b.png")]


@pytest.mark.parametrize("changed", [("labels",), ("settings", "labels"), ("items",)])
def test_who_sends_no_object_asks_for_none(changed: tuple[Facet, ...]) -> None:
    storages = Storages()
    local, elsewhere = datapoint("a"), declared("b", "of-nobody", "b.png")
    update = Update(declared("c", SCANS, "c.png"), changed, "task", NEW, "it changed")
    key_faults(storages, [*creates(local, elsewhere), update], LEADS_TO)
    assert storages.asked == ([] if changed == ("labels",) else [(SCANS, "c.png")])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (StoredKey("403, AccessDenied"), "unread-key"),
        (StoredKey(versions=("v2", '"v2"')), "other-object"),
        (StoredKey(versions=("v2", "v1")), ""),
        (StoredKey(), ""),
    ],
)
def test_a_storage_that_hands_out_something_else_is_told(answer: StoredKey, code: str) -> None:
    storages = Storages({SCANS: answer})
    point = declared("a", SCANS, "a.png")
    wrong = key_faults(storages, creates(point), LEADS_TO).wrong
    assert [(storage, one.code) for storage, one in wrong.items()] == ([(SCANS, code)] * bool(code))
    for one in wrong.values():
        assert "`a.png`" in one.message
        assert "`scans`" in one.message


def test_a_storage_that_cannot_be_reached_from_here_is_no_fault_of_it() -> None:
    storages = Storages({SCANS: BackendError("nobody answers", kind="transient")})
    point = declared("a", SCANS, "a.png")
    faults = key_faults(storages, creates(point), LEADS_TO)
    assert not faults.wrong
    (told,) = faults.unseen
    assert (told.code, told.location) == ("unseen-storage", point.origin)
    assert "nobody answers" in told.message
