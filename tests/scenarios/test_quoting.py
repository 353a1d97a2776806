"""Values that people write without quotes: the advice, followed, makes a manifest that is read."""

from __future__ import annotations

import re

import pytest

from tests.scenarios.pictures import png
from tests.scenarios.project import Project

HEAD = "datapoints:\n"
ADVISED = {
    "a star": ("  - glob: *.png\n", '*.png"'),
    "two stars": ("  - glob: **/*.png\n", '"**/*.png"'),
    "a field": ('  - glob: "*.png"\n    name: {stem}\n', '"{stem}"'),
    "a field in a path": ('  - glob: "*.png"\n    labels: {stem}.json?\n', '"{stem}.json?"'),
    "a range": ("  - glob: [ab]*.png\n", '"[ab]*.png"'),
    "a range alone": ('  - glob: "*.png"\n    name: [ab]\n', '"[ab]"'),
    "an at sign": ('  - glob: "*.png"\n    name: @{stem}\n', '"@{stem}"'),
    "a percent sign": ('  - glob: "*.png"\n    name: %{stem}\n', '"%{stem}"'),
    "a colon": ('  - glob: "*.png"\n    name: x: {stem}\n', '"x: {stem}"'),
    "a back tick": ('  - glob: "*.png"\n    name: `{stem}\n', '"`{stem}"'),
    "an ampersand": ('  - glob: "*.png"\n    name: &.{stem}\n', '"&.{stem}"'),
    "a bar": ('  - glob: "*.png"\n    name: |{stem}\n', '"|{stem}"'),
    "in a list": ('  - glob: "*.png"\n    exclude: [*.txt, "b"]\n', '["*.txt", "b"]'),
    "below a dash": ('  - glob: "*.png"\n    exclude:\n      - *.txt\n', '"*.txt"'),
}


@pytest.mark.parametrize(("text", "advice"), ADVISED.values(), ids=ADVISED)
def test_the_advice_is_followed_and_the_manifest_is_read(
    project: Project, text: str, advice: str
) -> None:
    project.write("a.png", png(1))
    project.manifest(HEAD + text)
    ran = project.run("validate")
    assert ran.code == 65
    told = re.search(r"put quotes around (?:it|each): (.*)", ran.err)
    assert told is not None, ran.err
    assert told[1].endswith(advice)
    lines = text.splitlines()
    lines[-1] = re.sub(r"^(\s*(?:- )?(?:\w+: )?).*$", lambda found: found[1] + told[1], lines[-1])
    project.manifest(HEAD + "\n".join(lines) + "\n")
    assert project.run("validate").code == 0, (lines, project.run("validate").err)


TOLD = {
    "an open quote that ends below": (
        '  - glob: "*.png\n    name: "{stem}"\n',
        "the quote that begins in line 3 is not closed there",
    ),
    "an open quote among keys": (
        '  - name: a\n    items: ["a.png"]\n    labels: "a.json\n    priority: "1"\n',
        "the quote that begins in line 5 is not closed there",
    ),
    "a path of Windows": (
        '  - glob: "C:\\data\\*.png"\n',
        "write / between folders, or",
    ),
    "a key further in": (
        '  - glob: "*.png"\n     name: "{stem}"\n',
        "keys of one mapping begin in one column; this one does not",
    ),
    "a key further out": (
        '  - glob: "*.png"\n   name: "{stem}"\n',
        "keys of one mapping begin in one column; this one does not",
    ),
    "a colon in a mapping": (
        '  - glob: "*.png"\n    metadata: {site: a: b, by: me}\n',
        'put quotes around it: "a: b"',
    ),
    "quotes of a word processor": (
        "  - glob: \u201c*.png\u201d\n",
        "is no quote of YAML, and belongs to the text",
    ),
    "an open quote": ('  - glob: "*.png\n', "the quote that begins there is not closed"),
    "half a quote": ('  - glob: "*"*.png\n', "put the quotes around all of the value"),
    "an alias": ("  - glob: *png\n", "for text that begins with `*`, put quotes around it"),
    "a tag": ("  - glob: !a.png\n", "put quotes around the value"),
    "an at sign in brackets within brackets": (
        "  - {name: a, items: [a.png], metadata: {by: @me}}\n",
        'put quotes around it: "@me"',
    ),
    "a bar in brackets": (
        "  - {name: a, items: [a.png], metadata: {by: |x}}\n",
        'put quotes around it: "|x"',
    ),
    "a path of Windows whose backslash is an escape": (
        '  - {name: a, items: ["images\\a.png"]}\n',
        "in double quotes a backslash begins an escape: write / between folders",
    ),
    "a star in braces": ("  - {glob: *.png}\n", 'put quotes around it: "*.png"'),
    "stars in a list in braces": (
        '  - {glob: "*.png", exclude: [*_mask.png]}\n',
        'put quotes around it: "*_mask.png"',
    ),
    "two stars in braces": ("  - {name: a, glob: **/*.png}\n", 'around it: "**/*.png"'),
    "a colour of a web page": (
        "  - {glob: a.png, metadata: {by: a}, exclude: [#fff]}\n",
        'put quotes around it: "#fff"',
    ),
    "no space after a colon": ("  - glob:images/*.png\n", "colon: `glob: images/*.png`"),
    "a mapping without a dash": ("  glob: '*.png'\n", "begin each source with a dash: `- glob: …`"),
    "a dash without a space": ("  -glob: '*.png'\n", "write a space after the dash: `- glob: …`"),
    "a space of a web page": (" \u00a0- glob: '*.png'\n", "U+00A0 is none: type them anew"),
    "an apostrophe": ("  - {name: 'it's', items: [a]}\n", "quotes of the other kind around"),
    "an apostrophe below": ("  - name: 'it's'\n    items: [a]\n", "quotes of the other kind"),
    "a quote at the end, behind a star": ('  - glob: *.png"\n', "put quotes around it"),
    "a quote at the end alone, of a name": ('  - glob: a.png"\n', "belongs to the text: begin it"),
    "an escape in a pattern": ('  - glob: "images\\a.png"\n', "a backslash begins an escape"),
    "a tab for a folder": ('  - glob: "images\\temp.png"\n', "a backslash begins an escape"),
    "an escape in a folder": ('  - glob: "images\\b/*.png"\n', "a backslash begins an escape"),
    "a tab": ("  -\tglob: a\n\tname: b\n", "this line has a tab"),
}


@pytest.mark.parametrize(("text", "hint"), TOLD.values(), ids=TOLD)
def test_other_mistakes_of_the_kind_are_told(project: Project, text: str, hint: str) -> None:
    project.manifest(HEAD + text)
    ran = project.run("validate")
    assert ran.code == 65
    assert hint in ran.err, ran.err


def test_the_line_is_shown_with_a_mark_below_it(project: Project) -> None:
    project.manifest(HEAD + "  - glob: *.png\n")
    lines = project.run("validate").err.splitlines()
    assert lines[1:3] == ["      - glob: *.png", "               ^"]


def test_a_secret_is_not_repeated_in_the_advice(project: Project) -> None:
    project.manifest("backend: {kind: redbrick}\napi_key: *.hunter2\n" + HEAD)
    ran = project.run("validate")
    assert ran.code == 65
    assert "hunter2" not in ran.out + ran.err
    assert "put quotes around the value" in ran.err


def test_a_version_without_a_space_is_told_at_the_next_line(project: Project) -> None:
    project.write("rbsync.yaml", "version:1\ndatapoints: []\n")
    ran = project.run("validate")
    assert ran.code == 65
    assert "rbsync.yaml:2:11: no key can end here, with a colon" in ran.err
    assert "write a space after the colon: `version: 1`" in ran.err
