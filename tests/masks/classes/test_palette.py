"""Colours for categories that have none."""

from rbsync.masks import complete_class_map, read_class_map


def test_every_category_has_a_colour_of_its_own_and_none_is_black() -> None:
    class_map = complete_class_map(f"class {i}" for i in range(3000))
    assert len(class_map) == 3000
    assert read_class_map(class_map) == class_map
    assert (0, 0, 0) not in class_map.values()


def test_known_colours_are_kept_and_not_given_again() -> None:
    first = complete_class_map(["a"])["a"]
    assert complete_class_map(["b", "a"], {"a": first})["a"] == first
    assert complete_class_map(["b", "a"], {"a": first})["b"] != first


def test_the_order_is_that_of_the_categories() -> None:
    assert list(complete_class_map(["c", "a", "b"], {"b": [1, 2, 3]})) == ["c", "a", "b"]
