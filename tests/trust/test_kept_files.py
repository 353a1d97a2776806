"""Files of rbsync's own that came with a branch: they cost little, reach nothing and move nothing.

``RBSYNC_KEPT=all`` tries each in every command, and not only in those that are made to read it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from rbsync.errors import ExitCode
from rbsync.watcher.supervision import Supervision
from tests.scenarios.pictures import png
from tests.scenarios.project import BOX
from tests.trust.commands import arguments_of, commands
from tests.trust.kept_attacks import HISTORIES, OTHERS
from tests.trust.listening import Ears
from tests.trust.site import Site, build
from tests.trust.slow_inputs import SECONDS

MANIFEST = (
    "project: {type: IMAGE_BBOX, taxonomy: [car]}\n"
    "datapoints:\n  - {glob: images/*.png, labels: 'labels/{stem}.json?'}\n"
)
READERS = ("log images/a.png", "undo --yes")
EVERY = os.environ.get("RBSYNC_KEPT") == "all"
CODES = frozenset(ExitCode) - {ExitCode.INTERRUPTED}


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory, ears: Ears) -> Site:
    """A machine on which several runs were made: two updates of labels, one of items, a delete."""
    folder = tmp_path_factory.mktemp("applied") / "machine"
    site = build(folder, ears)
    site.manifest(MANIFEST)
    for at, name in enumerate("abc"):
        site.project.write(f"images/{name}.png", png(at))
        site.project.write(f"labels/{name}.json", [BOX] * (at + 1))
    assert site.run("apply", "--yes").code == 0
    assert site.run("lock").code == 0
    assert site.run("release", "v1").code == 0
    site.project.write("labels/a.json", [BOX] * 5)
    site.project.write("images/b.png", png(9))
    (site.project.folder / "images/c.png").unlink()
    assert site.run("apply", "--yes", "--prune").code == 0
    site.project.write("images/d.png", png(10))
    return site


@pytest.fixture
def kept(applied: Site, tmp_path: Path, ears: Ears) -> Site:
    """A machine of the test's own."""
    folder, before = str(tmp_path / "machine"), str(applied.folder)
    shutil.copytree(before, folder, symlinks=True)
    ears.heard.forget()
    environment = {key: one.replace(before, folder) for key, one in applied.environment.items()}
    return Site(Path(folder), ears, environment)


def tried(site: Site, readers: tuple[str, ...]) -> None:
    every = [" ".join(arguments_of(one)) for one in commands()] if EVERY else []
    for words in (*readers, *every):
        began = time.process_time()
        ran = site.run(*words.split())
        assert site.leaks(ran) == [], (words, ran)
        assert ran.code in CODES, (words, ran)
        assert "Traceback" not in ran.err, (words, ran)
        assert not any(one in ran.err + ran.out for one in ("\x1b", "\n::error::")), (words, ran)
        assert time.process_time() - began < SECONDS, words


@pytest.mark.parametrize("attack", HISTORIES)
def test_a_history_costs_little_and_reaches_nothing(kept: Site, attack: str) -> None:
    HISTORIES[attack](kept)
    tried(kept, READERS)


@pytest.mark.parametrize("attack", OTHERS)
def test_what_is_kept_costs_little_and_reaches_nothing(kept: Site, attack: str) -> None:
    make, readers = OTHERS[attack]
    make(kept)
    tried(kept, readers)
    assert not (kept.outside / "project").exists()


def test_a_change_of_another_name_is_told_and_nothing_is_put_back(kept: Site) -> None:
    before = kept.run("ls", "--json").out
    HISTORIES["a change of another name"](kept)
    ran = kept.run("undo", "--yes")
    assert (ran.code, "not what was written" in ran.err) == (ExitCode.ERROR, True), ran
    assert kept.run("ls", "--json").out == before


def test_an_undo_does_not_send_the_service_to_inner_addresses(kept: Site) -> None:
    HISTORIES["items at inner addresses"](kept)
    ran = kept.run("undo", "--yes")
    assert "169.254" not in kept.run("ls", "--json").out
    assert "which nobody may be sent to" in ran.out + ran.err


def test_a_link_in_place_of_the_draft_of_a_health_file_leads_nowhere(tmp_path: Path) -> None:
    """In a container everybody knows the number of the process, and so the name of the draft."""
    outside, health = tmp_path / "outside", tmp_path / "health"
    outside.write_text("mine")
    (tmp_path / f"health.{os.getpid()}").symlink_to(outside)
    Supervision(str(health)).tell({"done": 1})
    assert outside.read_text() == "mine"
    assert json.loads(health.read_text())["done"] == 1


@pytest.mark.parametrize("name", ["secret.txt", "secret.json", "secret.png", "/dev/zero"])
def test_what_is_no_key_of_a_service_is_told_without_a_letter_of_it(kept: Site, name: str) -> None:
    kept.link("key", str(kept.outside / name))
    ran = kept.run("serve", "--api-key-file", "key")
    assert (ran.code, kept.leaks(ran)) == (ExitCode.USAGE, []), ran
