"""Taxonomies are read from names and from both of the service's formats."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.errors import UserError
from rbsync.labels.taxonomy import Attribute, Category, Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy

OLD = {
    "name": "street",
    "version": 3,
    "categories": [
        {
            "name": "object",
            "children": [
                {"name": "vehicle", "classId": 0, "children": [{"name": "car", "classId": 4}]},
                {"name": "person", "classId": 1, "disabled": False, "children": None},
            ],
        }
    ],
    "attributes": [{"name": "side", "attrType": "Select", "whitelist": ["left", "right"]}],
    "taskCategories": [{"name": "object", "children": [{"name": "night", "classId": 9}]}],
    "colorMap": [],
}
NEW = {
    "name": "abdomen",
    "isNew": True,
    "studyClassify": [{"name": "quality", "attrType": "BOOL", "attrId": 0}],
    "seriesClassify": [],
    "instanceClassify": None,
    "objectTypes": [
        {
            "category": "liver",
            "classId": 0,
            "labelType": "SEGMENTATION",
            "attributes": [
                {
                    "name": "lobe",
                    "attrType": "SELECT",
                    "attrId": 0,
                    "options": [{"name": "I", "optionId": 0}, {"name": "II", "optionId": 1}],
                }
            ],
            "color": "#ff0000",
        },
        {"category": "cyst", "classId": 1, "labelType": "ELLIPSE"},
    ],
}


def test_a_list_of_names_is_a_taxonomy() -> None:
    found = read_taxonomy(["car", "bus"])
    assert found.categories == (Category("car", 0), Category("bus", 1))
    assert found.names == {"car", "bus"}


def test_the_old_format_is_read_without_its_root() -> None:
    found = read_taxonomy(OLD)
    assert (found.name, found.version) == ("street", 3)
    assert found.names == {"vehicle", "car", "person", "night"}
    assert found.categories[0].children == (Category("car", 4),)
    assert found.attributes == (Attribute("side", "Select", ("left", "right")),)


def test_the_new_format_is_read_with_the_attributes_of_its_types() -> None:
    found = read_taxonomy(NEW)
    assert [one.label_type for one in found.walk()] == ["SEGMENTATION", "ELLIPSE"]
    assert [one.name for one in found.all_attributes] == ["quality", "lobe"]
    assert found.all_attributes[1].options == ("I", "II")


def test_missing_class_ids_take_the_free_numbers() -> None:
    found = read_taxonomy({"categories": ["a", {"name": "b", "classId": 0}, "c"]})
    assert [one.class_id for one in found.walk()] == [1, 0, 2]


def test_an_attribute_that_is_declared_in_two_ways_may_have_any_value() -> None:
    found = Taxonomy(
        categories=(
            Category("a", 0, attributes=(Attribute("x", "BOOL"),)),
            Category("b", 1, attributes=(Attribute("x", "TEXT"),)),
        )
    )
    assert found.all_attributes == (Attribute("x"),)


@pytest.mark.parametrize("data", [["car"], OLD, NEW, [], {"categories": []}])
def test_what_is_written_is_read_back(data: Any) -> None:
    found = read_taxonomy(data)
    assert read_taxonomy(json.loads(json.dumps(found.as_json()))) == found


SHAPE = 'write a list of names, or an object with "categories" or "objectTypes"'
MISTAKES: dict[str, tuple[Any, str, str]] = {
    "a text": ("car", "taxonomy: must be a list or an object, not a string", SHAPE),
    "another object": (
        {"categoris": []},
        "taxonomy: must be a list or an object, not an object without either",
        SHAPE,
    ),
    "a name that is a number": (
        ["a", 7],
        "taxonomy[1]: must be a name or an object, not a number",
        "",
    ),
    "an empty name": ([""], "taxonomy[0]: must be a name, not empty", ""),
    "no name": (
        {"categories": [{"children": [{"classId": 1}]}]},
        "taxonomy.categories[0].children[0].name: must be a name, not null",
        "",
    ),
    "a class id that is a text": (
        {"categories": [{"name": "a", "classId": "1"}]},
        "taxonomy.categories[0].classId: must be a whole number of at least 0, not '1'",
        "",
    ),
    "children that are an object": (
        {"categories": [{"name": "a", "children": {}}]},
        "taxonomy.categories[0].children: must be a list of categories, not an object",
        "",
    ),
    "a class id twice": (
        {"categories": [{"name": "a", "classId": 1}, {"name": "b", "classId": 1}]},
        "taxonomy: classId 1 is used by a, b",
        "make it unique",
    ),
    "a name twice": (
        ["a", "b", "a"],
        'taxonomy: the category "a" is there twice',
        "remove one of them",
    ),
    "a misspelt label type": (
        {"objectTypes": [{"category": "a", "labelType": "BOX"}]},
        "taxonomy.objectTypes[0].labelType: 'BOX' is not a label type",
        'did you mean "BBOX"?',
    ),
    "an attribute that is a text": (
        {"categories": [], "attributes": ["side"]},
        "taxonomy.attributes[0]: must be an object with name and attrType, not a string",
        "",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_word_for_word(mistake: str) -> None:
    data, message, hint = MISTAKES[mistake]
    with pytest.raises(UserError) as caught:
        read_taxonomy(data)
    assert (caught.value.problems[-1].message, caught.value.problems[-1].hint) == (message, hint)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(UserError) as caught:
        read_taxonomy({"categories": [{"name": 1}, {"name": "a", "classId": -1}], "version": "x"})
    assert len(caught.value.problems) == 3


def test_endless_nesting_is_refused() -> None:
    data: Any = []
    for _ in range(500):
        data = [{"name": "a", "children": data}]
    with pytest.raises(UserError, match="categories may be nested 16 deep"):
        read_taxonomy(data)


names = st.text("abé ", min_size=1, max_size=5)
trees: st.SearchStrategy[Any] = st.recursive(
    st.builds(list),
    lambda inner: st.dictionaries(names, inner, max_size=3).map(
        lambda made: [{"name": name, "children": below} for name, below in made.items()]
    ),
    max_leaves=12,
)


@given(trees)
def test_any_tree_of_names_gets_unique_class_ids(tree: Any) -> None:
    found = read_taxonomy({"categories": tree})
    numbers = [one.class_id for one in found.walk()]
    assert sorted(numbers) == list(range(len(numbers)))
    assert read_taxonomy(found.as_json()) == found
