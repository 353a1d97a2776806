"""Items lists in JSON, JSON Lines and CSV, and the places of what is wrong in them."""

from __future__ import annotations

import json
import sys

import pytest

from rbsync.errors import Location
from rbsync.model.datapoint import Settings
from rbsync.sources.entry import InlineLabels


def expanded(declared, text: str | bytes, file: str = "items.json", **more):
    declared.write(file, data=text)
    return declared.expand(items_list=file, **more)


def spelled(entries) -> list[tuple[str, str]]:
    return [(one.name, " ".join(one.items)) for one in entries]


ROWS = [
    {"name": "a", "items": ["1.png"]},
    {"name": "b", "items": ["2.png", "3.png"], "labels": "b.json", "priority": 0.5},
    {"items": ["4.png"], "metaData": {"k": "v"}},
    {"url": "5.png", "metadata": {"site": "B"}},
]
CSV = """name,item,labels,priority,metadata.k,metadata.site
a,1.png,,,,
b,2.png,b.json,0.5,,
b,3.png,,,,
,4.png,,,v,
,5.png,,,,B
"""
FORMATS = {
    "items.json": json.dumps(ROWS, indent=1),
    "items.JSON": json.dumps(ROWS),
    "items.jsonl": "\n".join(map(json.dumps, ROWS)) + "\n\n",
    "items.csv": CSV,
    "windows.csv": CSV.replace("\n", "\r\n"),
    "bom.csv": "\ufeff" + CSV,
    "bom.jsonl": "\ufeff" + "\r\n".join(map(json.dumps, ROWS)),
}


@pytest.mark.parametrize("file", FORMATS)
def test_every_format_lists_the_same(declared, file) -> None:
    entries = expanded(declared, FORMATS[file], file)
    assert spelled(entries) == [
        ("a", "1.png"),
        ("b", "2.png 3.png"),
        ("4.png", "4.png"),
        ("5.png", "5.png"),
    ]
    assert [one.labels for one in entries] == [None, "b.json", None, None]
    assert [one.settings for one in entries] == [
        declared.settings,
        Settings(priority=0.5, metadata={"site": "A"}),
        Settings(metadata={"site": "A", "k": "v"}),
        Settings(metadata={"site": "B"}),
    ]
    assert declared.silent()


def test_every_row_has_its_place(declared) -> None:
    text = '\n[ {"items": ["1"]},\n\n   {"items": ["2"]}, {"items":\n["3"]}]\n'
    assert [one.origin for one in expanded(declared, text)] == [
        Location("items.json", 2, 3),
        Location("items.json", 4, 4),
        Location("items.json", 4, 22),
    ]
    lines = '{"items": ["1"]}\n\n{"items": ["2"]}'
    assert [one.origin for one in expanded(declared, lines, "i.jsonl")] == [
        Location("i.jsonl", 1, 1),
        Location("i.jsonl", 3, 1),
    ]
    rows = 'name,item\na,1\n\n"b\nb",2\n"b\nb",3\nc,4\n'
    assert [one.origin for one in expanded(declared, rows, "i.csv")] == [
        Location("i.csv", 2, 1),
        Location("i.csv", 4, 1),
        Location("i.csv", 8, 1),
    ]


def test_paths_are_relative_to_the_list(declared) -> None:
    text = json.dumps([{"items": ["a.png", "/b.png"], "name": "n", "labels": "l.json"}])
    (entry,) = expanded(declared, text, "sub/dir/items.json")
    assert entry.items == ("sub/dir/a.png", "/b.png")
    assert entry.labels == "sub/dir/l.json"


def test_urls_are_left_as_they_are(declared) -> None:
    declared.settings = declared.settings._replace(storage="public")
    text = json.dumps([{"items": ["http://x/a.png"]}])
    (entry,) = expanded(declared, text, "sub/items.json")
    assert entry.items == ("http://x/a.png",)


def test_labels_may_stand_in_the_row(declared) -> None:
    (entry,) = expanded(declared, '[\n  {"items": ["a"], "labels": [{"category": "car"}]}]')
    assert isinstance(entry.labels, InlineLabels)
    assert entry.labels.labels == [{"category": "car"}]
    assert entry.labels.locate((0, "category")) == Location("items.json", 2, 3)


def test_line_separators_of_other_kinds_are_text(declared) -> None:
    odd = "a\u2028b\x85c\x0bd\x1ce"
    line = json.dumps({"name": odd, "items": ["1"]}, ensure_ascii=False)
    assert spelled(expanded(declared, line.replace("\\u000b", "\x7f"), "i.jsonl"))[0][0][:5] == (
        "a\u2028b\x85c"
    )
    assert spelled(expanded(declared, f"name,item\n{odd},1\n", "i.csv")) == [(odd, "1")]


def test_rows_of_one_name_are_one_datapoint_only_where_they_follow_each_other(declared) -> None:
    rows = "name,item\na,1\nb,2\na,3\n"
    assert spelled(expanded(declared, rows, "i.csv")) == [("a", "1"), ("b", "2"), ("a", "3")]


def test_rows_without_a_name_are_datapoints_of_their_own(declared) -> None:
    assert spelled(expanded(declared, "name,item\n,1\n,2\n", "i.csv")) == [("1", "1"), ("2", "2")]


def test_later_rows_of_a_datapoint_may_repeat_what_the_first_says(declared) -> None:
    rows = "name,item,labels\na,1,l.json\na,2,l.json\na,3,\n"
    (entry,) = expanded(declared, rows, "i.csv")
    assert (entry.items, entry.labels) == (("1", "2", "3"), "l.json")


HINT = "`items` must be a list of paths or URLs with at least one member"


@pytest.mark.parametrize(
    ("row", "messages"),
    [
        ("1", ["an entry is an object with `name` and `items`, not `1`"]),
        ("[]", ["an entry is an object with `name` and `items`, not a list"]),
        ("null", ["an entry is an object with `name` and `items`, not null"]),
        ('"a.png"', ["an entry is an object with `name` and `items`, not a string"]),
        ("{}", [HINT]),
        ('{"items": []}', [HINT]),
        ('{"items": "a.png"}', [HINT]),
        ('{"items": ["a.png", 1]}', [HINT]),
        ('{"items": [""]}', [HINT]),
        ('{"items": null, "url": "a"}', [HINT]),
        ('{"items": ["a", "b"]}', ["an entry of several items needs a `name`"]),
        ('{"items": ["a"], "name": 7}', ["`name` must be a string, not `7`"]),
        ('{"items": ["a"], "name": {}}', ["`name` must be a string, not an object"]),
        (
            '{"items": ["a"], "label": []}',
            ["unknown key `label`; did you mean `labels`?"],
        ),
        ('{"items": ["a"], "x": 1}', ["unknown key `x`"]),
        (
            '{"items": ["a"], "labels": {}}',
            ["`labels` must be a list of LabelObjects or the path of a file, not an object"],
        ),
        (
            '{"items": ["a"], "labels": ""}',
            ["`labels` must be a list of LabelObjects or the path of a file, not a string"],
        ),
        ('{"items": ["a"], "metaData": ["x"]}', ["`metaData` must be an object of strings"]),
        ('{"items": ["a"], "metadata": {"x": 1}}', ["`metadata` must be an object of strings"]),
        ('{"items": ["a"], "metadata": []}', ["`metadata` must be an object of strings"]),
        ('{"items": ["a"], "metaData": 0}', ["`metaData` must be an object of strings"]),
        (
            '{"items": ["a"], "metaData": {"a": "b"}, "metadata": {}}',
            ["`metaData` and `metadata` are two names of one thing; give one of them"],
        ),
        (
            '{"items": ["a"], "metaData": {"rbsync.refs": "b", "rbsync": "c"}}',
            [
                "the metadata key `rbsync.refs` is reserved (choose another name: `rbsync.…` and "
                "`rbsync_…` are the keys in which rbsync keeps its own)"
            ],
        ),
        *(
            (
                f'{{"items": ["a"], "priority": {value}}}',
                ["`priority` must be a number from 0 to 1"],
            )
            for value in ("2", "-0.1", "NaN", "Infinity", "true", '"0.5"', "[]", '"high"')
        ),
        (
            '{"items": ["a"], "name": "\\ud800"}',
            ["half of a character (a lone surrogate such as \\ud800) is no text"],
        ),
        (
            '{"itms": ["a"], "name": 1, "priority": 3}',
            [
                "unknown key `itms`; did you mean `items`?",
                "`name` must be a string, not `1`",
                HINT,
                "`priority` must be a number from 0 to 1",
            ],
        ),
    ],
)
def test_all_that_is_wrong_with_a_row_is_told_and_the_others_are_taken(
    declared, row, messages
) -> None:
    entries = expanded(declared, f'[{{"items": ["0"]}},\n  {row},\n{{"items": ["9"]}}]')
    assert [one.name for one in entries] == ["0", "9"]
    assert declared.problems == [f"items-list: items.json:2:3: {one}" for one in messages]
    assert declared.unread == []


@pytest.mark.parametrize("value", ["0", "1", "0.25", "1e-1"])
def test_priorities_are_numbers_from_0_to_1(declared, value) -> None:
    (entry,) = expanded(declared, f'[{{"items": ["a"], "priority": {value}}}]')
    assert entry.settings.priority == float(value)
    (entry,) = expanded(declared, f"name,item,priority\na,1,{value}\n", "i.csv")
    assert entry.settings.priority == float(value)


BROKEN = "the JSON cannot be read: "


@pytest.mark.parametrize(
    ("file", "text", "entries", "said"),
    [
        ("i.json", "", 0, "1:1: an items list is a JSON array of objects"),
        ("i.json", '\n {"items": []}', 0, "2:2: an items list is a JSON array of objects"),
        ("i.json", '[{"items": ["a"]},\n {"items": [}]', 1, f"2:13: {BROKEN}expecting value"),
        ("i.json", '[{"items": ["a"]}', 1, f"1:18: {BROKEN}expected `,` or `]`"),
        ("i.json", '[{"items": ["a"]} {}]', 1, f"1:19: {BROKEN}expected `,` or `]`"),
        ("i.json", '[{"items": ["a"]},]', 1, f"1:19: {BROKEN}expecting value"),
        ("i.json", '[{"items": ["a"]},', 1, f"1:19: {BROKEN}expecting value"),
        ("i.json", '[{"items": ["a"]}]\n[]', 1, f"2:1: {BROKEN}there is more after the list"),
        ("i.json", "[" * 100_000, 0, f"1:2: {BROKEN}it is nested too deeply"),
        ("i.json", "[\n" + "1" * 5000 + "]", 0, f"2:1: {BROKEN}a number is too long"),
        ("i.csv", "", 0, "1:1: the first line must name a column `name`"),
        (
            "i.csv",
            "name,file\n",
            0,
            "1:1: the first line must name a column `item` (separated by commas: `name`, `file`)",
        ),
        (
            "i.csv",
            "name;items\n",
            0,
            "1:1: the first line must name a column `item` (separated by semicolons: `name`, "
            "`items`); is it `items`?",
        ),
        (
            "i.csv",
            "name,item,label\n",
            0,
            "1:1: unknown column `label`; did you mean `labels`?",
        ),
        ("i.csv", "name,item,x\n", 0, "1:1: unknown column `x`"),
        ("i.csv", "name,item,item\n", 0, "1:1: the column `item` stands twice"),
        ("i.csv", 'name,item\na,"1\n', 0, "2:1: the CSV cannot be read: unexpected end of data"),
        (
            "i.csv",
            'name,item\na,"1"2\n',
            0,
            "2:1: the CSV cannot be read: ',' expected after '\"'",
        ),
    ],
)
def test_a_list_that_cannot_be_read_on_is_unknown_from_there(
    declared, file, text, entries, said
) -> None:
    assert len(expanded(declared, text, file)) == entries
    assert declared.unread == [f"items-list: {file}:{said}"]
    assert declared.problems == declared.warnings == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,1,\n\nb,2,3,4\n", "4:1: the first line names 3 columns, and the row has 4"),
        ("a,1,\nb\n", "3:1: the first line names 3 columns, and the row has 1"),
        ("a,1,\nb,1,x\nb,2,y\n", "4:1: `labels` differs from that of the first row of `b`"),
        ("a,1,\nb,1,\nb,2,y\n", "4:1: `labels` differs from that of the first row of `b`"),
    ],
)
def test_rows_that_do_not_fit_are_told_and_the_others_are_taken(declared, text, said) -> None:
    rows = f"name,item,labels\n{text}c,3,\n"
    assert [one.name for one in expanded(declared, rows, "i.csv")] == ["a", "c"]
    assert declared.problems == [f"items-list: i.csv:{said}"]


def test_bad_priorities_and_missing_items_of_a_table_are_told(declared) -> None:
    rows = "name,item,priority\na,1,high\nb,,\nc,3,nan\nd,4,0.5\n"
    assert [one.name for one in expanded(declared, rows, "i.csv")] == ["d"]
    assert declared.problems == [
        "items-list: i.csv:2:1: `priority` must be a number from 0 to 1",
        f"items-list: i.csv:3:1: {HINT}",
        "items-list: i.csv:4:1: `priority` must be a number from 0 to 1",
    ]


def test_a_list_that_cannot_be_opened_is_unknown(declared, tmp_path) -> None:
    (declared.root / "folder.json").mkdir()
    (tmp_path / "secret.json").write_text("[]")
    declared.link("link.json", "../secret.json")
    allow = "\n    to allow it, name that folder under `roots`"
    said = {
        "none.json": "No such file or directory",
        "folder.json": "folder.json is not a regular file",
        "../secret.json": f"leads out of the manifest's folder{allow}",
        "link.json": f"is a link that leads out of the manifest's folder{allow}",
    }
    for file, why in said.items():
        assert declared.expand(items_list=file) == []
        assert declared.unread == [f"unreadable: rbsync.yaml:3:6: `{file}` cannot be read: {why}"]
        assert declared.problems == []


def test_a_list_of_another_kind_is_refused(declared) -> None:
    for file in ("items.txt", "items"):
        assert expanded(declared, "[]", file) == []
        assert declared.unread == [
            f"items-list: rbsync.yaml:3:6: `{file}` is no items list: "
            "it must end in .json, .jsonl or .csv"
        ]


def test_a_list_that_is_not_utf8_is_unknown(declared) -> None:
    assert expanded(declared, b'[{"items": ["\xff"]}]') == []
    said = "byte 0xff in line 1 is not UTF-8; save it as UTF-8"
    assert declared.unread == [f"encoding: items.json: {said}"]


@pytest.mark.parametrize(
    ("file", "text"), [("i.json", " [ ] "), ("i.jsonl", "\n \n"), ("i.csv", "name,item\n\n")]
)
def test_an_empty_list_is_a_problem_or_a_warning(declared, file, text) -> None:
    assert expanded(declared, text, file) == []
    assert declared.problems == [f"empty-list: rbsync.yaml:3:6: `{file}` lists nothing"]
    assert expanded(declared, text, file, allow_empty=True) == []
    assert declared.problems == []
    assert declared.warnings == [f"empty-source: rbsync.yaml:3:6: `{file}` lists nothing"]


def test_the_list_is_part_of_what_was_looked_at(declared) -> None:
    expanded(declared, '[{"items": ["a"]}]', "lists/items.json")
    assert declared.tree.folders() == ["lists/items.json"]
    before = declared.tree.signature(["lists/items.json"])
    expanded(declared, '[{"items": ["a"]}, {"items": ["b"]}]', "lists/items.json")
    assert declared.tree.signature(["lists/items.json"]) != before


@pytest.mark.parametrize(
    ("text", "entries", "said"),
    [
        ('{"items": ["a"]}\n{"items": [', 1, f"2:12: {BROKEN}expecting value"),
        ('{"items": ["a"]} {}', 0, f"1:18: {BROKEN}extra data"),
        ('\n{"a": ' + "[" * 100_000, 0, f"2:1: {BROKEN}it is nested too deeply"),
    ],
)
def test_a_line_that_is_broken_is_told_at_its_place(declared, text, entries, said) -> None:
    assert len(expanded(declared, text, "i.jsonl")) == entries
    assert declared.problems == [f"items-list: i.jsonl:{said}"]


def test_a_line_that_is_broken_hides_no_other(declared) -> None:
    """Each is told at its place, and the datapoints of the others are declared."""
    lines = ['{"items": ["a"]}', '{"items": ["b"', "x", '{"items": ["c"]}', '{"items": ["d"],}']
    entries = expanded(declared, "\n".join(lines), "i.jsonl")
    assert [one.items for one in entries] == [("a",), ("c",)]
    # Python 3.13 tells of the comma itself, others of what comes after it.
    comma = 16 if sys.version_info >= (3, 13) else 17
    assert [one.partition(" the JSON")[0] for one in declared.problems] == [
        "items-list: i.jsonl:2:15:",
        "items-list: i.jsonl:3:1:",
        f"items-list: i.jsonl:5:{comma}:",
    ]


def test_of_a_file_of_something_else_not_every_line_is_told(declared) -> None:
    assert expanded(declared, "hello\n" * 1_000, "i.jsonl") == []
    assert len(declared.problems) == 50
    assert "items-list: i.jsonl:51:1: " in declared.unread[0]
    assert "so it is with many lines" in declared.unread[0]


@pytest.mark.parametrize(
    ("text", "is_lines"),
    [
        ('{"items": ["a"]}\n{"items": ["b"]}\n', True),
        ('{"items": ["a"]}\r\n\r\n{"items": ["b"]}', True),
        ('{"items": ["a"]}', False),
        ("{\n", False),
        ("hello\n{", False),
    ],
)
def test_json_lines_that_are_called_json_are_called_that(declared, text, is_lines) -> None:
    assert expanded(declared, text) == []
    (said,) = declared.unread
    assert "an items list is a JSON array of objects" in said
    assert ("give it the suffix `.jsonl`" in said) == is_lines
