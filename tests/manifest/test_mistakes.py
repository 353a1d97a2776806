"""What is said of mistakes in a manifest, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manifest.reading import HEAD, load, problems

QUOTED = 'put quotes around it: "[{}]"'
LOCAL = "version: 1\ndatapoints: []\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "datapoints: []",
            "1:1: `version` is missing | write `version: 1` into the first line",
        ),
        (
            "version: 2\ndatapoints: []",
            "1:10: this rbsync reads manifests of version 1 | write `version: 1`",
        ),
        ("version: one\ndatapoints: []", "1:10: expected a whole number, found `one`"),
        (LOCAL + "polcy: {}", "3:1: unknown key `polcy`; did you mean `policy`?"),
        (
            LOCAL + "policy: {x: 1}",
            "3:10: unknown key `x` | known here: prune, max_delete, on_change, on_conflict, "
            "on_move, refresh, stamp, history",
        ),
        (
            LOCAL + "backend: {kind: redbrick, org: a, project_id: b}",
            "3:10: `org_id` is missing | The organisation's id.",
        ),
        (
            'version: 1\ndatapoints:\n  - glob: "*.png"\n    labels: {mask: "{stem}.png"}',
            "4:14: `mask` stands under `labels` and belongs beside it | "
            "write `mask` at the level of `labels`",
        ),
        (
            LOCAL + "policy: {backend: {kind: local}}",
            "3:10: `backend` stands under `policy` and belongs beside it | "
            "write `backend` at the level of `policy`",
        ),
        (LOCAL + "backend: {path: a}", "3:10: `kind` is missing | it is `local` or `redbrick`"),
        (
            LOCAL + "backend: {kind: redbrik}",
            "3:17: expected `local` or `redbrick`, found `redbrik`; did you mean `redbrick`?",
        ),
        (
            LOCAL + "backend: here",
            "3:10: expected a mapping, found `here`"
            " | its keys are kind, path, url, org_id, project_id",
        ),
        (LOCAL + "policy: {prune: perhaps}", "3:17: expected true or false, found `perhaps`"),
        (
            LOCAL + "policy: {max_delete: 10}",
            "3:22: expected a percentage such as 5%, or a fraction from 0 to 1",
        ),
        (
            LOCAL + "policy: {on_change: replce}",
            "3:21: expected `update`, `replace` or `protect`, found `replce`; "
            "did you mean `replace`?",
        ),
        (LOCAL + "defaults: {priority: 1.5}", "3:22: must be at most 1, found `1.5`"),
        (LOCAL + "defaults: {priority: high}", "3:22: expected a number, found `high`"),
        (
            LOCAL + "defaults: {metadata: {site: ~}}",
            "3:29: expected text, found nothing | quote it if the word itself is meant",
        ),
        (
            LOCAL + "defaults: {metadata: {rbsync.items: x}}",
            "3:37: the metadata key `rbsync.items` is reserved | "
            "choose another name: `rbsync.…` and `rbsync_…` are the keys in which rbsync keeps "
            "its own",
        ),
        (LOCAL + "project: {taxonomy: {a: b}}", "3:21: expected a list or text, found a mapping"),
        (
            LOCAL + "project: {taxonomy: [a, [b]]}",
            "3:25: expected text, found a list | write one text, or " + QUOTED.format("b"),
        ),
        (
            LOCAL + "storages: {scans: abc}",
            "3:19: the id of a storage is a UUID, which this is not",
        ),
        (
            LOCAL + "roots: ../shared",
            "3:8: expected a list, found `../shared` | write a list of one entry as [entry]",
        ),
        (
            HEAD + "datapoints: images",
            "2:13: expected a list of sources"
            " | begin each source with a dash, such as `- items: …`",
        ),
    ],
)
def test_a_mistake_in_the_settings(tmp_path: Path, text: str, problem: str) -> None:
    assert problem in problems(tmp_path, text)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (
            "{glob: a, metadata: {site: A, rbsync.fingerprint: x}}",
            "3:55: the metadata key `rbsync.fingerprint` is reserved | "
            "choose another name: `rbsync.…` and `rbsync_…` are the keys in which rbsync keeps "
            "its own",
        ),
        ("{glob: a, lables: b}", "3:15: unknown key `lables`; did you mean `labels`?"),
        (
            "{items_list: a, pattern: b}",
            "3:21: unknown key `pattern` | known here: items_list, allow_empty, storage, "
            "ground_truth, priority, metadata, complete_when",
        ),
        ("{globb: a}", "3:6: unknown key `globb`; did you mean `glob`?"),
        (
            "{name: a}",
            "3:5: this entry is no kind of source: "
            "it lacks `items`, `glob`, `frames`, `items_list` or `series`",
        ),
        (
            "images/*.png",
            "3:5: expected a source, which is a mapping"
            " | give it `items`, `glob`, `frames`, `items_list` or `series`",
        ),
        (
            "{glob: a, items: [b]}",
            "3:6: `items` and `glob` tell different kinds of sources"
            " | make an entry of its own for each",
        ),
        ("{items: [a]}", "3:5: `name` is missing | The datapoint's name, unique in the project."),
        ("{name: a, items: []}", "3:22: must not be empty"),
        ("{name: a, items: [b, {c: d}]}", "3:26: expected text, found a mapping"),
        (
            "{name: a, items: [b], labels: {c: d}}",
            "3:36: unknown key `c` | known here: format, file, classes, keypoints",
        ),
        (
            "{name: [a], items: [b]}",
            "3:12: expected text, found a list | write one text, or " + QUOTED.format("a"),
        ),
        (
            "{name: a, series: [{itms: b}]}",
            "3:25: unknown key `itms`; did you mean `items`?",
        ),
    ],
)
def test_a_mistake_in_a_source(tmp_path: Path, entry: str, problem: str) -> None:
    found = problems(tmp_path, f"{HEAD}datapoints:\n  - {entry}\n  - glob: good")
    assert problem in found
    assert load(tmp_path, f"{HEAD}datapoints:\n  - {entry}\n  - glob: good").datapoints


def test_an_unknown_type_of_project_lists_the_known_ones(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, LOCAL + "project: {type: image_multy}")
    message, hint = problem.split(" | ")
    assert message == "3:17: `image_multy` is not known here; did you mean `IMAGE_MULTI`?"
    assert hint.startswith("known: DICOM_SEGMENTATION, IMAGE_ITEMS")


@pytest.mark.parametrize(
    "key", ["api_key", "backend: {kind: local, token", "policy: {password", "backend: {secret_key"]
)
def test_a_secret_in_the_wrong_place_is_not_echoed(tmp_path: Path, key: str) -> None:
    text = f"{LOCAL}{key}: hunter2" + ("}" if "{" in key else "")
    told = "".join(problems(tmp_path, text))
    assert "hunter2" not in told
    if "secret_key" not in key:
        assert "the API key is never written in a manifest" in told


def test_a_wrong_value_of_a_secret_key_is_not_echoed(tmp_path: Path) -> None:
    ids = "2f0f6f3e-5a51-4d8e-9c1b-0d7f6a2b8c34"
    text = LOCAL + f"backend: {{kind: redbrick, org_id: {ids}, project_id: {ids},\n"
    assert problems(tmp_path, text + "  api_key_command: hunter2}") == [
        "4:3: `api_key_command` does not count in a manifest: it would run a stranger's program"
        " | it belongs in your own configuration, config.toml"
    ]


@pytest.mark.parametrize("text", ["", "null", "# nothing"])
def test_a_manifest_of_nothing_declares_no_datapoints(tmp_path: Path, text: str) -> None:
    with pytest.raises(Exception, match="1:1: the manifest declares no datapoints"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", [HEAD, HEAD + "datapoints:", HEAD + "datapoints: ~\nmasks:"])
def test_a_list_that_is_forgotten_is_not_an_empty_one(tmp_path: Path, text: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert "the manifest declares no datapoints | list them under `datapoints`" in problem


def test_an_empty_list_is_meant(tmp_path: Path) -> None:
    assert problems(tmp_path, LOCAL) == []


def test_a_setting_that_is_empty_has_its_default(tmp_path: Path) -> None:
    assert problems(tmp_path, LOCAL + "policy:\nbackend:\ndefaults:\n") == []


def test_a_list_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="1:1: expected a mapping that begins with `version: 1`"):
        load(tmp_path, "- a")


def test_no_word_of_the_schema_library_is_told(tmp_path: Path) -> None:
    wrong = ["[]", "{}", "x", "-1", "~", "[[]]", "{a: {}}", "1e400", ".nan"]
    keys = ["version", "backend", "project", "storages", "defaults", "policy", "roots", "hash"]
    texts = [f"{key}: {value}" for key in keys for value in wrong]
    texts += [f"backend: {{kind: redbrick, {k}: {v}}}" for k in ("url", "org_id") for v in wrong]
    texts += [f"policy: {{{k}: {v}}}" for k in ("max_delete", "stamp") for v in wrong]
    texts += [f"datapoints: [{{name: a, items: {v}, labels: {v}, priority: {v}}}]" for v in wrong]
    for text in texts:
        told = " ".join(problems(tmp_path, text)).lower()
        for word in ("input", "valid ", "pydantic", "dictionary", "string", "tuple", "nonetype"):
            assert word not in told.replace("allowed", ""), (text, told)
