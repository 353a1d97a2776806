"""Very many mistakes are told as fast as few: fifty of all sorts, and how many more there are."""

from __future__ import annotations

import json
import time

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import Project

ITEM = "items: ['https://example.org/a.png'], storage: public"
UNKNOWN = "".join(f"key{number}: 1\n" for number in range(4_000))
WRONG_LABEL = {"category": [["object", "car"]], **{f"k{number}": 1 for number in range(8_000)}}
SECONDS = 5.0


@pytest.mark.parametrize(
    ("manifest", "file", "content", "more"),
    [
        (f"{UNKNOWN}datapoints: []\n", "", "", "3,950"),
        (
            "datapoints:\n"
            + "".join(f"  - {{name: a{n}, {ITEM}, x{n}: 1}}\n" for n in range(2_000)),
            "",
            "",
            "1,950",
        ),
        (
            f"datapoints:\n  - {{name: a, {ITEM}, labels: l.json}}\n",
            "l.json",
            json.dumps([WRONG_LABEL]),
            "7,951",
        ),
        (
            "datapoints:\n  - {items_list: l.jsonl, storage: public}\n",
            "l.jsonl",
            '{"itms": 1}\n' * 10_000,
            "19,950",
        ),
    ],
    ids=["keys", "entries", "label", "list"],
)
def test_thousands_of_mistakes_cost_no_more_than_five_seconds(
    project: Project, manifest: str, file: str, content: str, more: str
) -> None:
    project.manifest(manifest)
    if file:
        project.write(file, content)
    began = time.process_time()
    ran = project.run("plan")
    assert time.process_time() - began < SECONDS
    assert ran.code == 65
    assert f"and {more}" in ran.err
    assert f"{50 + int(more.replace(',', '')):,} problems; nothing was sent." in ran.err


def test_mistakes_that_are_alike_leave_the_others_on_the_screen(project: Project) -> None:
    project.manifest(
        "datapoints:\n  - {glob: 'images/*.png', labels: 'labels/{stem}.json'}\n"
        + "  - {name: b, items: [missing.png]}\n"
    )
    for number in range(40):
        project.write(f"images/{number:02}.png", png(number))
    ran = project.run("validate")
    assert ran.code == 65
    lines = ran.err.splitlines()
    assert sum("labels/" in line for line in lines) == 10
    assert "… and 30 more like this one (-v lists them)" in lines
    assert any("`missing.png`" in line for line in lines)
    assert "41 problems; nothing was sent." in lines
    every = project.run("-v", "validate").err
    assert "labels/39.json" in every
    assert "more like this one" not in every


def test_a_label_file_of_more_than_64_mib_is_refused_unread_with_both_numbers(
    project: Project,
) -> None:
    project.manifest(f"datapoints:\n  - {{name: a, {ITEM}, labels: l.json}}\n")
    with project.write("l.json", "[]").open("r+b") as file:
        file.truncate((64 << 20) + 1)
    ran = project.run("plan")
    assert ran.code == 65
    assert "l.json has 67108865 bytes; the limit is 67108864" in ran.err
