"""A manifest whose text was right before is not read again, as long as nothing else is asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.trust import Trust

TEXT = """\
version: 1
project: {type: IMAGE_BBOX, taxonomy: [car, bus]}
storages: {scans: 7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11}
defaults: {priority: 0.5}
moved: [{from: "a/{case}", to: "b/{case}"}]
policy: {prune: true, max_delete: 2%, history: 120d}
hash: sha256
datapoints:
  - {name: a, items: [a.png]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "mine" / "rbsync.yaml"
    made.parent.mkdir()
    made.write_text(TEXT)
    return made


def kept(tmp_path: Path) -> list[Path]:
    return [one for one in (tmp_path / "home").rglob("*") if one.is_file()]


def facts(manifest: Manifest) -> tuple[object, ...]:
    """All that a manifest tells."""
    places = [manifest.locate(path) for path in (("policy", "prune"), ("datapoints", 0, "name"))]
    beside = manifest.defaults, manifest.moved, manifest.sources(), places
    return manifest.settings, manifest.digest, manifest.root, manifest.problems, *beside


def test_the_settings_are_known_and_the_rest_is_read_once_somebody_asks(
    file: Path, read: list[str]
) -> None:
    first = load_manifest(file)
    read.clear()
    again = load_manifest(file)
    assert again.settings == first.settings
    assert type(again.settings.project.taxonomy) is type(first.settings.project.taxonomy)
    assert again.digest == first.digest
    assert not read
    assert facts(again) == facts(first)
    assert len(read) == 1


def test_a_taxonomy_in_a_file_stays_the_path_of_a_file(file: Path, read: list[str]) -> None:
    file.write_text(TEXT.replace("[car, bus]", "classes.json"))
    first = load_manifest(file)
    assert load_manifest(file).settings == first.settings
    assert first.settings.project.taxonomy == "classes.json"
    assert len(read) == 1


def test_every_flipped_bit_of_what_is_kept_is_noticed(
    tmp_path: Path, file: Path, read: list[str]
) -> None:
    first = load_manifest(file)
    (place,) = kept(tmp_path)
    sound = place.read_bytes()
    for at in range(len(sound)):
        place.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        read.clear()
        assert load_manifest(file).settings == first.settings
        assert read, at


@pytest.mark.parametrize(
    "trust",
    [
        Trust(policy={"prune": False}),
        Trust(own_policy={"max_delete": 0.01}),
        Trust(max_pixels=1 << 40),
        Trust(untrusted=True),
    ],
)
def test_who_allows_something_else_is_told_what_he_allows(
    file: Path, read: list[str], trust: Trust
) -> None:
    expected = load_manifest(file, trust=trust, strict=False)
    load_manifest(file)
    read.clear()
    found = load_manifest(file, trust=trust, strict=False)
    assert len(read) == 1
    assert facts(found) == facts(expected)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("a.png", "b.png"),
        TEXT.replace("prune: true", "prune: false"),
        TEXT.replace("priority: 0.5", "priority: 0.6"),
    ],
)
def test_another_text_is_read(file: Path, read: list[str], text: str) -> None:
    load_manifest(file)
    read.clear()
    file.write_text(text)
    load_manifest(file)
    assert len(read) == 1


SERVICE = (
    "version: 1\nbackend: {kind: redbrick, org_id: 7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a11, "
    "project_id: 7a1c5f0e-3a52-4b57-9f39-6f1f0d9a3a12}\ndatapoints: []\n"
)


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("a.png", "${RBSYNC_VAR_NAME:-a.png}"),
        TEXT.replace("name: a", "nmae: a"),
        TEXT.replace("prune: true", "on_conflict: ours"),
        TEXT.replace("hash: sha256", "roots: [.]"),
        SERVICE,
    ],
    ids=["a variable", "a mistake", "what is not allowed", "a root", "a service"],
)
def test_what_is_judged_by_more_than_its_text_is_read_each_time(
    tmp_path: Path, file: Path, read: list[str], text: str
) -> None:
    file.write_text(text)
    for times in (1, 2):
        with suppress(UserError):
            load_manifest(file)
        assert len(read) == times
    assert not kept(tmp_path)


def test_a_link_that_came_since_is_told(tmp_path: Path, file: Path, read: list[str]) -> None:
    load_manifest(file)
    (tmp_path / "elsewhere").mkdir()
    (file.parent / ".rbsync").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="link"):
        load_manifest(file)
    assert len(read) == 2


def test_a_strangers_manifest_neither_finds_nor_leaves_anything(
    tmp_path: Path, file: Path, read: list[str]
) -> None:
    for _ in range(2):
        load_manifest(file, trust=Trust(untrusted=True))
    assert len(read) == 2
    assert not kept(tmp_path)


def test_nothing_is_kept_beside_the_manifest(file: Path, read: list[str]) -> None:
    (file.parent / ".rbsync").mkdir()
    load_manifest(file)
    assert read
    assert sorted(os.listdir(file.parent)) == [".rbsync", "rbsync.yaml"]
    assert not os.listdir(file.parent / ".rbsync")


def test_what_lies_in_a_checkout_is_not_believed(
    tmp_path: Path, file: Path, read: list[str]
) -> None:
    """A pull request can add files to a cache that a CI service keeps there."""
    load_manifest(file)
    assert kept(tmp_path)
    (tmp_path / ".git").mkdir()
    load_manifest(file)
    assert len(read) == 2


@pytest.mark.parametrize("home", ["/proc/nowhere", __file__, "not/absolute"])
def test_where_nothing_can_be_kept_it_is_read_each_time(
    tmp_path: Path, file: Path, read: list[str], home: str
) -> None:
    environ: Mapping[str, str] = {"XDG_CACHE_HOME": home, "HOME": "/proc/nowhere"}
    first, again = (load_manifest(file, environ) for _ in range(2))
    assert facts(again) == facts(first)
    assert len(read) >= 2
    assert not kept(tmp_path)
