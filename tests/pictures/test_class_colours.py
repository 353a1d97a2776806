"""A class has one colour, whatever else is on a picture."""

from __future__ import annotations

from rbsync.pictures.class_colours import class_colours, names_of, recoloured


def test_pictures_that_know_the_same_names_agree() -> None:
    known = ("bus", "car", "tree")
    one, other = class_colours(["tree", "car"], known), class_colours(["car", "dog"], known)
    assert one["car"] == other["car"]
    assert len({*one.values(), other["dog"]}) == len({*one, "dog"})


def test_pictures_of_one_page_are_brought_together() -> None:
    pictures = [{"classes": [["tree", "#1"], ["car", "#2"]]}, {"classes": [["car", "#1"]]}]
    assert names_of(pictures) == ("tree", "car")
    first, second = recoloured(pictures, names_of(pictures))
    assert first["classes"][1] == second["classes"][0]
    assert first["classes"][0][1] != first["classes"][1][1]
