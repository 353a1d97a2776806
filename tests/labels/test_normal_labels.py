"""The normal form drops what says nothing, and nothing else."""

from typing import Any

from rbsync.labels.normal import normal_labels
from rbsync.model.fingerprint import of_value


def test_null_members_are_dropped_at_any_depth() -> None:
    labels: Any = [{"pixel": {"regions": [], "holes": None}, "trackid": None, "end": False}]
    assert normal_labels(labels) == [{"pixel": {"regions": []}, "end": False}]


def test_the_order_of_keys_and_the_spelling_of_numbers_do_not_matter() -> None:
    one = [{"point": {"xnorm": 1, "ynorm": 0.5}}]
    same = [{"point": {"ynorm": 5e-1, "xnorm": 1.0}}]
    assert of_value(normal_labels(one)) == of_value(normal_labels(same))


def test_the_order_of_labels_matters() -> None:
    one, two = {"labelid": "1"}, {"labelid": "2"}
    assert of_value(normal_labels([one, two])) != of_value(normal_labels([two, one]))


def test_the_labels_that_were_given_are_left_alone() -> None:
    labels: list[dict[str, None]] = [{"trackid": None}]
    normal_labels(labels)
    assert labels == [{"trackid": None}]
