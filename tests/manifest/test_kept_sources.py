"""Sources of a manifest that was right before are made of what is kept, and equal what was read."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.manifest.model_keys import validated
from rbsync.sources import DATAPOINT_SOURCES, MASK_SOURCES
from rbsync.sources.series import Series

BARE = {"version": 1}
KINDS = [
    (key, kind)
    for key, kinds in (("datapoints", DATAPOINT_SOURCES), ("masks", MASK_SOURCES))
    for _, kind in kinds.own()
]
STUDY = {
    one: said["examples"][0]
    for one, said in TypeAdapter(Series).json_schema()["properties"].items()
}
OTHERS: list[tuple[str, Any]] = [
    ("labels", [{"category": "car", "attributes": []}]),
    ("labels", {"format": "yolo", "file": "{stem}.txt?", "classes": ["car", "a bus"]}),
    ("series", [STUDY, {"items": ["a.nii.gz"], "segmentations": {"liver": "l.nii.gz"}}]),
    ("complete_when", {"count": 3, "listed_in": "{folder}.txt", "writer": "ignore"}),
]


def loaded_twice(tmp_path: Path, said: dict[str, Any]) -> tuple[Manifest, Manifest]:
    file = tmp_path / "mine" / "rbsync.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump({**BARE, **said}, sort_keys=False))
    return load_manifest(file), load_manifest(file)


def facts(manifest: Manifest) -> tuple[object, ...]:
    return manifest.defaults, manifest.moved, manifest.datapoints, manifest.masks


def types(value: Any) -> Any:
    """The types of a value and of all that is in it: unquoted numbers equal texts, and are none."""
    if is_dataclass(value):
        return type(value), [types(getattr(value, one.name)) for one in fields(value)]
    if isinstance(value, dict):
        return type(value), [types(one) for one in value.items()]
    inner = value if isinstance(value, list | tuple) else ()
    return type(value), [types(one) for one in inner]


def entries(kind: Any) -> list[dict[str, Any]]:
    """Entries of a kind: with each key alone, with all of them, and with other values."""
    said = TypeAdapter(kind).json_schema()
    examples = {key: one["examples"][0] for key, one in said["properties"].items()}
    # Of that many only the one who runs rbsync may allow more.
    examples.update({"max_pixels": 1000} if "max_pixels" in examples else {})
    least = {key: examples[key] for key in {kind.key, *said.get("required", ())}}
    others = [{**least, key: value} for key, value in OTHERS if key in examples]
    alone = [{**least, key: value} for key, value in examples.items()]
    return [one for one in [least, examples, *alone, *others] if is_taken(kind, one)]


def is_taken(kind: Any, said: dict[str, Any]) -> bool:
    """Tells whether a kind takes an entry: frames have label files of their own only."""
    with suppress(ValidationError):
        return bool(validated(kind, said))
    return False


@pytest.mark.parametrize(("key", "kind"), KINDS)
def test_sources_of_every_kind_are_as_they_were_read(
    key: str, kind: Any, tmp_path: Path, read: list[str]
) -> None:
    some = entries(kind)
    read_once, made = loaded_twice(
        tmp_path, {"defaults": {"priority": 0.25, "metadata": {"site": "A"}}, key: some}
    )
    assert len(read) == 1
    assert len(made.sources()) == len(some)
    assert facts(made) == facts(read_once)
    assert types(facts(made)) == types(facts(read_once))
    assert [type(one.source) for one in made.sources()] == [kind] * len(some)
    assert len(read) == 1, "what is kept is enough"
    for at, one in enumerate(some):
        for name in one:
            assert made.locate((key, at, name)) == read_once.locate((key, at, name))
    last = (key, len(some) - 1)
    assert made.locate(last, key=True) == read_once.locate(last, key=True)
    assert len(read) == 2, "other places in the text are found by reading it"


@pytest.mark.parametrize(
    "said",
    [
        {"moved": [{"from": "a/{case}", "to": "b/{case}"}], "datapoints": []},
        {"datapoints": [{"name": "a", "items": ["a"], "labels": [{"bbox2d": {"xnorm": 0.5}}]}]},
        {"datapoints": [{"glob": f"{at}/*.png"} for at in range(1_001)]},
        {"datapoints": [{"glob": f"{'x' * 900}{at}/*.png"} for at in range(80)]},
    ],
)
def test_more_than_is_kept_is_read(said: dict[str, Any], tmp_path: Path, read: list[str]) -> None:
    read_once, again = loaded_twice(tmp_path, said)
    assert len(read) == 1
    assert facts(again) == facts(read_once)
    assert types(facts(again)) == types(facts(read_once))
    assert len(read) == 2


@pytest.mark.parametrize(("said", "other"), [("glob", "globb"), ('"labels"', '"label"')])
def test_what_another_state_of_the_program_kept_is_read_from_the_text(
    said: str, other: str, tmp_path: Path, read: list[str]
) -> None:
    source = {"glob": "*.png", "labels": "{stem}.json?"}
    read_once, _ = loaded_twice(tmp_path, {"datapoints": [source]})
    (place,) = [one for one in (tmp_path / "home").rglob("*") if one.is_file()]
    _, _, text = place.read_text().partition("\n")
    key, meaning, settings, sources = json.loads(text)
    sources = json.loads(json.dumps(sources).replace(said, other))
    changed = json.dumps([key, meaning, settings, sources])
    place.write_text(f"{hashlib.sha256(changed.encode()).hexdigest()}\n{changed}")
    again = load_manifest(tmp_path / "mine" / "rbsync.yaml")
    assert len(read) == 1
    assert facts(again) == facts(read_once)
    assert len(read) == 2
