"""Exports of the locked version, read by the libraries of those who take them."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.scenarios.project import Project
from tests.scenarios.test_label_changes import coins, mask, site

__all__ = ["site"]


def test_a_bag_is_valid_and_any_changed_byte_makes_it_invalid(site: Project) -> None:
    bagit = pytest.importorskip("bagit")
    version = site.run("lock").last_line
    ran = site.run("export", "bagit", "bag")
    assert ran.code == 0, ran
    bag = bagit.Bag(str(site.folder / "bag"))
    assert bag.is_valid()
    assert bag.info["External-Identifier"] == version
    assert (site.folder / "bag/data/masks/same.png").read_bytes() == mask(coins())
    with (site.folder / "bag/data/masks/same.png").open("ab") as file:
        file.write(b"\0")
    assert not bag.is_valid()


def test_a_bag_is_of_the_lock_and_of_nothing_else(site: Project) -> None:
    site.write("masks/same.png", b"changed since")
    ran = site.run("export", "bagit", "bag")
    assert ran.code == 5
    assert "`masks/same.png` has other bytes than the lock" in ran.err
    assert not (site.folder / "bag").exists()
    assert site.run("export", "bagit", "bag", "--target", "a*").code == 64
    shutil.rmtree(site.folder / "rbsync.lock")
    assert site.run("export", "bagit", "bag").code == 65


def test_croissant_yields_the_datapoints_and_the_masks(site: Project) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    version = site.run("lock").last_line
    assert site.run("export", "croissant", "elsewhere/croissant.json").code == 65
    assert site.run("export", "croissant", "croissant.json").code == 0
    file = site.folder / "croissant.json"
    assert json.loads(file.read_text())["identifier"] == version
    dataset = mlcroissant.Dataset(str(file))
    assert not dataset.metadata.ctx.issues.errors
    found = {one["datapoints/name"]: one for one in dataset.records("datapoints")}
    assert found["same"]["datapoints/item"] == "coins/same.png"
    assert found["same"]["datapoints/labels"] == "masks/same.png"
    masks = {
        one["labels-png-content/path"].decode(): one["labels-png-content/content"]
        for one in dataset.records("labels-png-content")
    }
    assert len(masks) == 5
    assert masks["masks/same.png"].size == (80, 60)
    assert masks["masks/same.png"].getpixel((12, 12)) == (200, 0, 0)
