"""Lists as spreadsheets of any language write them are read; what is not is told by name."""

from __future__ import annotations

import codecs

import pytest

LINES = "name{0}item{0}priority\none{0}a.png{0}0.5\ntwo{0}b c.png{0}\n"
SPELLED = [("one", "a.png", 0.5), ("two", "b c.png", None)]

TABLES: dict[str, str | bytes] = {
    "commas": LINES.format(","),
    "semicolons": LINES.format(";"),
    "tabs": LINES.format("\t"),
    "bars": LINES.format("|"),
    "Excel says which": "sep=;\n" + LINES.format(";"),
    "Excel says which, in quotes": '"sep=,"\n' + LINES.format(","),
    "blanks after commas": LINES.format(", "),
    "capitals": LINES.format(",").replace("name,item", "Name,ITEM"),
    "quotes": LINES.format(",").replace("name,item", '"name","item"'),
    "blanks in quotes": LINES.format(",").replace("name,item", '" name ","item "'),
    "Excel says a tab": "sep=\t\n" + LINES.format("\t"),
    "empty lines before": "\n \r\n" + LINES.format(","),
    "rows of separators before": ";;\n\n" + LINES.format(";"),
    "an empty line behind the separator": "sep=;\n\n" + LINES.format(";"),
    "two marks": b"\xef\xbb\xbf" + LINES.format(";").encode("utf-8-sig"),
    "a separator at the end": LINES.format(",").replace("\n", ",\n"),
    "rows of separators": LINES.format(";") + ";;\n;;\n",
    "a decimal comma": LINES.format(";").replace("0.5", "0,5"),
    "UTF-16": LINES.format("\t").encode("utf-16"),
    "UTF-16, the other way round": codecs.BOM_UTF16_BE + LINES.format(";").encode("utf-16-be"),
    "UTF-8 with a mark": LINES.format(";").encode("utf-8-sig"),
    "Windows": LINES.format(";").replace("\n", "\r\n"),
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_it_is_read(declared, text) -> None:
    declared.write("l.csv", data=text)
    entries = list(declared.expand(items_list="l.csv"))
    assert declared.problems == []
    assert [(one.name, *one.items, one.settings.priority) for one in entries] == SPELLED


def test_the_case_of_a_metadata_key_is_kept(declared) -> None:
    declared.write("l.csv", data="Name;Item;Metadata.SiteId\na;1;Zürich\n")
    (entry,) = declared.expand(items_list="l.csv")
    assert entry.settings.metadata == {"site": "A", "SiteId": "Zürich"}


def test_places_count_the_line_that_says_the_separator(declared) -> None:
    declared.write("l.csv", data="sep=;\nname;item\na;1\nb;2;3\n")
    entries = list(declared.expand(items_list="l.csv"))
    assert [str(one.origin) for one in entries] == ["l.csv:3:1"]
    (problem,) = declared.problems
    assert problem == ("items-list: l.csv:4:1: the first line names 2 columns, and the row has 3")


def test_places_count_the_empty_lines_before(declared) -> None:
    declared.write("l.csv", data="\n\nname;item\na;1\nb;2;3\n")
    entries = list(declared.expand(items_list="l.csv"))
    assert [str(one.origin) for one in entries] == ["l.csv:4:1"]
    assert declared.problems[0].startswith("items-list: l.csv:5:1: the first line names 2 columns")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("l.csv", b"PK\x03\x04\0", "as workbooks of Excel are: save it as CSV (UTF-8)"),
        ("l.csv", LINES.encode("utf-16-le"), "byte 0x00 in line 1, of UTF-16, is not UTF-8"),
        ("l.xlsx", b"", "save the sheet as CSV (UTF-8), and name that file"),
        ("l.ods", b"", "save the sheet as CSV (UTF-8), and name that file"),
        ("l.tsv", b"", "rename it to .csv: columns that tabs separate are read too"),
        ("l.ndjson", b"", "rename it to .jsonl, which is the same"),
        ("l.csv", b"Datei;Name\nx;y\n", "separated by semicolons: `Datei`, `name`"),
        ("l.csv", b"My list\n\nname,item\n", "(separated by commas: `My list`)"),
    ],
)
def test_what_no_list_is_is_called_what_it_is(declared, name, data, said) -> None:
    declared.write(name, data=data)
    assert list(declared.expand(items_list=name)) == []
    assert said in str(declared.unread), declared.unread


def test_what_stands_beyond_the_last_column_is_told(declared) -> None:
    declared.write("l.csv", data="name,item,\na,1,\nb,2,3\n")
    assert [one.name for one in declared.expand(items_list="l.csv")] == ["a"]
    (problem,) = declared.problems
    assert "l.csv:3:1: the first line names 2 columns, and the row has 3" in problem


def test_an_encoding_that_is_none_of_these_is_told_with_its_byte(declared) -> None:
    declared.write("l.csv", data="name,item\nZürich,1\n".encode("latin-1"))
    assert list(declared.expand(items_list="l.csv")) == []
    assert "byte 0xfc in line 2 is not UTF-8" in str(declared.unread or declared.problems)
