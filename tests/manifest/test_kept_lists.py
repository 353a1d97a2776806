"""A long manifest that was right is read without its lists, until somebody asks for them."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pytest

from rbsync.errors import UserError
from rbsync.manifest import kept_lists
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.manifest.reader import _Reading

TEXT = """\
version: 1
project: {type: IMAGE_BBOX, taxonomy: [car]}
datapoints:
  - name: a
    items: [a.png]
# A note.
  - {name: b, items: [b.png]}

policy:
  prune: true
masks:
  - {glob: "masks/*.png", image: "{stem}.png", class_map: classes.json}
"""


@pytest.fixture(autouse=True)
def every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short manifests are kept as long ones are."""
    monkeypatch.setattr(kept_lists, "LEAST", 0)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings, which would be kept as well, are not: their folder cannot be made."""
    monkeypatch.setenv("XDG_CACHE_HOME", __file__)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The manifests that were read as a whole."""
    found: list[str] = []
    whole = _Reading.whole

    def noted(self: _Reading) -> Manifest:
        found.append(self.of.file)
        return whole(self)

    monkeypatch.setattr(_Reading, "whole", noted)
    return found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / ".rbsync").mkdir()
    made = tmp_path / "rbsync.yaml"
    made.write_text(TEXT)
    return made


def facts(manifest: Manifest) -> tuple[object, ...]:
    places = [manifest.locate(("policy", "prune")), manifest.locate(("masks", 0, "glob"))]
    return manifest.settings, manifest.digest, manifest.sources(), places


def test_the_lists_are_read_once_somebody_asks_for_them(file: Path, read: list[str]) -> None:
    first = load_manifest(file)
    read.clear()
    again = load_manifest(file)
    assert again.settings == first.settings
    assert again.locate(("policy", "prune")) == first.locate(("policy", "prune"))
    assert again.digest == first.digest
    assert not read
    assert facts(again) == facts(first)
    assert len(read) == 1


def test_every_flipped_bit_of_what_is_kept_is_noticed(file: Path, read: list[str]) -> None:
    first = load_manifest(file)
    kept = file.parent / ".rbsync" / kept_lists.NAME
    sound = kept.read_bytes()
    for at in range(len(sound)):
        kept.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        read.clear()
        assert facts(load_manifest(file)) == facts(first)
        assert read, at


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("datapoints:", "masks:"),
        ("policy:", "masks:"),
        ("  - name: a", "policy:"),
        ("datapoints:", "prune:"),
        ("masks:", "datapoints:"),
        ("project:", "datapoints:"),
    ],
)
def test_what_is_more_than_lists_is_not_skipped(
    file: Path, read: list[str], begin: str, end: str
) -> None:
    """What is kept lies beside the manifest, and may have come with it: it could hide a policy."""
    first = load_manifest(file)
    kept = file.parent / ".rbsync" / kept_lists.NAME
    key, _ = json.loads(kept.read_text().partition("\n")[2])
    start, stop = TEXT.index(begin), TEXT.index(end)
    text = json.dumps([key, [[start, stop, TEXT.count("\n", start, stop)]]])
    kept.write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}")
    read.clear()
    assert facts(load_manifest(file)) == facts(first)
    assert len(read) >= 1


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("b.png", "c.png"),
        TEXT.replace("prune: true", "prune: false"),
        TEXT + "  - {glob: 'more/*.png', image: '{stem}.png', class_map: classes.json}\n",
    ],
)
def test_another_text_is_read_as_a_whole(file: Path, read: list[str], text: str) -> None:
    load_manifest(file)
    read.clear()
    file.write_text(text)
    assert load_manifest(file).digest
    assert len(read) == 1


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("a.png", "${NAME:-a.png}"),
        TEXT.replace("name: b", "nmae: b"),
        '{"version": 1, "datapoints": []}',
        "datapoints: []\n",
        TEXT.replace("[car]", "&names [car]").replace("name: a", "name: *names"),
    ],
    ids=["a variable", "a mistake", "one line", "no head", "an alias"],
)
def test_what_is_not_the_same_each_time_is_read_each_time(
    file: Path, read: list[str], text: str
) -> None:
    file.write_text(text)
    for times in (1, 2):
        with suppress(UserError):
            load_manifest(file)
        assert len(read) == times


def test_in_a_folder_that_was_never_set_up_nothing_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "rbsync.yaml"
    file.write_text(TEXT)
    load_manifest(file)
    assert [one.name for one in tmp_path.iterdir()] == ["rbsync.yaml"]
