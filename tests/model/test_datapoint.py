"""Datapoints, their settings, and the version of all of them together."""

from __future__ import annotations

import pytest

from rbsync.errors import Problem
from rbsync.model.datapoint import Item, Obstacle, Settings
from tests.builders import HERE, datapoint, dataset


def test_a_remote_item_is_known_by_its_reference() -> None:
    item = Item.remote("https://example.org/a.png")
    assert item == Item("https://example.org/a.png", "ref:https://example.org/a.png", 0)
    assert not item.is_local
    assert Item("a.png", "xxh3:1", 3).is_local


def test_the_size_of_a_datapoint_is_that_of_its_items() -> None:
    one = datapoint("a", size=10)
    two = one._replace(items=(*one.items, Item("b.png", "xxh3:2", 5), Item.remote("http://c")))
    assert (one.size, two.size) == (10, 15)


def test_the_spelling_and_order_of_settings_do_not_matter() -> None:
    one = Settings(priority=1, metadata={"a": "1", "b": "2"})
    other = Settings(priority=1.0, metadata={"b": "2", "a": "1"})
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize(
    "change",
    [
        {"storage": "public"},
        {"ground_truth": True},
        {"priority": 0.0},
        {"metadata": {"site": "A"}},
    ],
)
def test_every_setting_matters(change) -> None:
    assert Settings()._replace(**change).fingerprint() != Settings().fingerprint()
    assert Settings().fingerprint("sha256").startswith("sha256:")


def test_the_version_of_the_data_is_that_of_names_and_contents() -> None:
    both = dataset([datapoint("a"), datapoint("b")])
    assert dataset([datapoint("b"), datapoint("a")]).digest == both.digest
    different = [
        dataset([]),
        dataset([datapoint("a")]),
        dataset([datapoint("a"), datapoint("c")]),
        dataset([datapoint("a"), datapoint("b", "2")]),
        dataset([datapoint("a"), datapoint("b", labels="car")]),
        dataset([datapoint("a"), datapoint("b", ground_truth=True)]),
    ]
    assert len({both.digest, *(one.digest for one in different)}) == 1 + len(different)


def test_where_a_datapoint_is_declared_is_not_part_of_its_version() -> None:
    moved = datapoint("a")._replace(origin=HERE._replace(line=99))
    assert dataset([moved]).digest == dataset([datapoint("a")]).digest


def test_what_cannot_be_planned_is_not_part_of_the_version() -> None:
    obstacle = Obstacle("b", "invalid", Problem("x", "y"))
    warned = dataset([datapoint("a")], obstacles=[obstacle], warnings=[Problem("x", "y")])
    assert warned.digest == dataset([datapoint("a")]).digest
