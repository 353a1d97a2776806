"""Policies that weaken the protection of others' work count from the trusted side alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rbsync.errors import UserError
from rbsync.manifest.load import load_manifest
from rbsync.manifest.manifest import Manifest
from rbsync.manifest.manifest_model import PolicyModel
from rbsync.trust import Trust
from rbsync.trust.policies import GUARDED, WEAKENS, weakens

WEAK: dict[str, list[Any]] = {
    "on_conflict": ["ours"],
    "history": [1, 89],
    "refresh": ["never"],
    "on_change": ["replace"],
    "stamp": [False],
    "on_move": ["recreate"],
}
STRONG: dict[str, list[Any]] = {
    "on_conflict": ["block", "theirs"],
    "history": [90, 365],
    "refresh": ["auto", "always"],
    "on_change": ["update", "protect"],
    "stamp": [True],
    "on_move": ["auto", "carry", "keep"],
}
WRITTEN = {"history": "{}d"}


def written_as(key: str, value: Any) -> str:
    return WRITTEN.get(key, "{}").format(str(value).lower())


def load(folder: Path, policy: str, trust: Trust) -> Manifest:
    (folder / "rbsync.yaml").write_text(f"version: 1\ndatapoints: []\npolicy: {policy}\n")
    return load_manifest(folder / "rbsync.yaml", {}, trust=trust, strict=False)


@pytest.mark.parametrize("key", WEAKENS)
def test_the_table_knows_which_values_weaken(key: str) -> None:
    own = STRONG[key][0]
    assert all(weakens(key, value, own) for value in WEAK[key])
    assert not any(weakens(key, value, own) for value in STRONG[key])
    assert not any(weakens(key, value, value) for value in WEAK[key])


def test_every_policy_is_in_the_table_or_left_to_the_guard() -> None:
    unjudged = PolicyModel.model_fields.keys() - WEAKENS.keys() - GUARDED
    assert not unjudged, (
        f"say in rbsync/trust/policies.py which values of {sorted(unjudged)} a stranger's manifest "
        "must not choose, or that the guard holds whatever they are"
    )


@pytest.mark.parametrize("key", sorted(PolicyModel.model_fields.keys() & WEAKENS.keys()))
def test_a_weak_value_of_a_manifest_is_a_problem_and_does_not_count(
    tmp_path: Path, key: str
) -> None:
    default = PolicyModel.model_fields[key].default
    for value in WEAK[key]:
        written = written_as(key, value)
        manifest = load(tmp_path, f"{{{key}: {written}}}", Trust())
        assert [one.code for one in manifest.problems] == ["policy"], (key, value)
        assert getattr(manifest.settings.policy, key) == default
        for trust in (Trust(policy={key: written}), Trust(own_policy={key: written})):
            allowed = load(tmp_path, f"{{{key}: {written}}}", trust)
            assert allowed.problems == ()
            assert getattr(allowed.settings.policy, key) != default
            silent = load(tmp_path, "{}", trust)
            assert silent.settings.policy == allowed.settings.policy


def test_a_manifest_tightens_what_the_user_has_for_all(tmp_path: Path) -> None:
    own = Trust(own_policy={"on_change": "replace", "stamp": False})
    policy = load(tmp_path, "{on_change: protect, stamp: true}", own).settings.policy
    assert (policy.on_change, policy.stamp) == ("protect", True)


def test_what_is_said_of_this_run_goes_before_all(tmp_path: Path) -> None:
    both = Trust(policy={"on_change": "protect"}, own_policy={"on_change": "replace"})
    assert load(tmp_path, "{on_change: update}", both).settings.policy.on_change == "protect"


@pytest.mark.parametrize(
    ("trust", "message"),
    [
        (Trust(policy={"on_chnge": "replace"}), "there is no policy `on_chnge`"),
        (Trust(policy={"on_change": "x"}), "the policy `on_change` cannot be `x`"),
        (Trust(own_policy={"stamp": "x"}, config="/c.toml"), "/c.toml: the policy `stamp`"),
    ],
)
def test_a_wrong_policy_of_the_user_is_told(tmp_path: Path, trust: Trust, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, "{}", trust)
