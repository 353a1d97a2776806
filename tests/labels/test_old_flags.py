"""Classifications of the service of 2021 in the flags of today's, and back."""

from __future__ import annotations

from typing import Any

import pytest

from rbsync.labels.old_flags import as_before, has_old_flags, of_today

CAR = [["object", "car"]]
OLD: list[dict[str, Any]] = [
    {"category": CAR, "taskclassify": True, "bbox2d": None},
    {"category": CAR, "frameclassify": True, "frameindex": 3},
    {"category": CAR, "taskclassify": False, "point": {"xnorm": 0, "ynorm": 0}},
]


def test_a_task_has_one_classification_and_frames_have_theirs() -> None:
    made = of_today(OLD)
    assert made[0] == {"category": CAR, "tasklevelclassify": True, "bbox2d": None}
    assert made[1] == {"category": CAR, "multiclassify": True, "frameindex": 3}
    assert made[2] == OLD[2]


def test_several_classifications_of_a_task_are_all_kept() -> None:
    made = of_today([OLD[0], OLD[0]])
    assert [one.get("multiclassify") for one in made] == [True, True]


@pytest.mark.parametrize("labels", [OLD, [OLD[0], OLD[0]], [], ["no label"]])
def test_what_was_sent_is_known_again(labels: list[Any]) -> None:
    assert as_before(of_today(labels)) == labels


def test_a_text_without_them_is_not_read() -> None:
    assert has_old_flags('[{"taskclassify": true}]')
    assert not has_old_flags('[{"tasklevelclassify": true}]')
