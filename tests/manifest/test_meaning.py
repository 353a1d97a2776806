"""The meaning of a manifest: what it says, wherever in its text that stands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from rbsync.manifest.document import read_document
from rbsync.manifest.kept_lists import LEAST
from rbsync.manifest.load import load_manifest

TEXT = 'version: 1\ndatapoints:\n  - glob: "a/*.png"\n    priority: 0.5\n'


def meaning(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> str:
    file = folder / "rbsync.yaml"
    file.write_text(text)
    return load_manifest(file, environ or {}).meaning


SAME = {
    "a comment": f"# Pictures of site a.\n{TEXT}",
    "blank lines": TEXT.replace("\n", "\n\n"),
    "other quotes": TEXT.replace('"', "'"),
    "another style": 'version: 1\ndatapoints: [{glob: "a/*.png", priority: 0.5}]\n',
    "JSON": '{"version": 1, "datapoints": [{"glob": "a/*.png", "priority": 0.5}]}',
    "a variable": TEXT.replace("a/", "${RBSYNC_VAR_SITE}/"),
}
OTHER = {
    "a number": TEXT.replace("0.5", "0.25"),
    "a text": TEXT.replace("a/*.png", "b/*.png"),
    "a key more": TEXT + "policy: {prune: true}\n",
    "a source more": TEXT + '  - glob: "b/*.png"\n',
    "another variable": TEXT.replace("a/", "${RBSYNC_VAR_OTHER}/"),
    "text for a number": TEXT.replace("0.5\n", "0.5\n    metadata: {age: '7'}\n"),
    "a number for text": TEXT.replace("0.5\n", "0.5\n    metadata: {age: 7}\n"),
}
ENVIRON = {"RBSYNC_VAR_SITE": "a", "RBSYNC_VAR_OTHER": "b"}


@pytest.mark.parametrize("case", SAME)
def test_another_text_has_the_same_meaning(tmp_path: Path, case: str) -> None:
    assert meaning(tmp_path, SAME[case], ENVIRON) == meaning(tmp_path, TEXT)


def test_what_says_something_else_has_another_meaning(tmp_path: Path) -> None:
    # Those of which one becomes the text of another one by its variable are equal.
    found = {case: meaning(tmp_path, text, ENVIRON) for case, text in OTHER.items()}
    assert found.pop("another variable") == found["a text"]
    assert len({meaning(tmp_path, TEXT), *found.values()}) == len(found) + 1


def test_a_manifest_that_is_not_read_again_has_its_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = meaning(tmp_path, TEXT)
    monkeypatch.setattr("rbsync.manifest.load._read", None)
    assert load_manifest(tmp_path / "rbsync.yaml", {}).meaning == first


def test_a_long_text_is_its_own_meaning(tmp_path: Path) -> None:
    (tmp_path / ".rbsync").mkdir()
    text = TEXT + "#" * LEAST + "\n"
    for _ in range(2):
        assert meaning(tmp_path, text) == load_manifest(tmp_path / "rbsync.yaml", {}).digest
        assert not load_manifest(tmp_path / "rbsync.yaml", {}).text


def test_each_place_is_found_in_another_text_that_says_the_same() -> None:
    before = read_document(b"a: [1, {b: 2}]\n", "m.yaml")
    now = read_document(b"# New.\na:\n- 1\n-\n  b: 2\n", "m.yaml")
    moves = before.moves_to(now)
    assert moves
    for path in ((), ("a",), ("a", 0), ("a", 1), ("a", 1, "b")):
        assert moves[before.locate(path)] == now.locate(path)


MOVELESS = {
    "a key more": (b"a: 1\n", b"a: 1\nb: 2\n"),
    "an alias": (b"a: &x [1]\nb: [1]\n", b"a: &x [1]\nb: *x\n"),
    # What began together does no more.
    "a mapping that begins elsewhere": (b"- a: 1\n", b"- {a: 1}\n"),
}


@pytest.mark.parametrize("case", MOVELESS)
def test_no_place_is_found_where_the_parts_are_others(case: str) -> None:
    before, now = (read_document(text, "m.yaml") for text in MOVELESS[case])
    assert before.moves_to(now) is None
