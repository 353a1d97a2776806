"""Versions of a lock file that a stranger's branch brought: merged, or told, and nothing else."""

from __future__ import annotations

from pathlib import Path

from rbsync.errors import ExitCode
from tests.scenarios.pictures import png
from tests.trust.site import Site, contents


def locked(site: Site) -> bytes:
    """The text of the lock's file of datapoints, as `rbsync lock` writes it."""
    assert site.run("lock").code == ExitCode.DONE
    files = [one for one in (site.project.folder / "rbsync.lock").rglob("*") if one.is_file()]
    (text,) = (one for one in map(Path.read_bytes, files) if b"images/a.png" in one)
    return text


def test_links_in_place_of_the_versions_are_neither_read_nor_written(site: Site) -> None:
    text = locked(site)
    target = site.outside / "mine.lock"
    for base, ours, theirs in (("b", "o", "t"), ("t", "b", "o"), ("o", "t", "b")):
        for name in (base, ours, theirs):
            (site.project.folder / name).unlink(missing_ok=True)
            site.project.write(name, text)
        (site.project.folder / ours).unlink()
        site.link(ours, str(target))
        target.write_bytes(text)
        ran = site.run("merge-driver", base, ours, theirs, "rbsync.lock")
        assert (ran.code, "cannot be read" in ran.err) == (ExitCode.ERROR, True), ran
        assert contents(site.outside)["mine.lock"] == text
        (site.project.folder / ours).unlink()
    target.unlink()
    site.link("secret", str(site.outside / "secret.txt"))
    ran = site.run("merge-driver", "secret", "secret", "secret", "rbsync.lock")
    assert site.leaks(ran) == []


def test_what_a_branch_calls_its_datapoints_drives_no_terminal(site: Site) -> None:
    before = locked(site)
    name = "a.png"
    for side, number in (("ours", 1), ("theirs", 3)):
        site.project.write(f"images/{name}", png(number))
        site.project.write(side, locked(site).replace(b"a.png", b"a\x1b[2J.png"))
    site.project.write("base", before.replace(b"a.png", b"a\x1b[2J.png"))
    ran = site.run("merge-driver", "base", "ours", "theirs", "::error::x\nrbsync.lock")
    assert ran.code != ExitCode.DONE
    assert "\x1b" not in ran.err + ran.out
    assert not any(line.startswith("::") for line in (ran.err + ran.out).splitlines())
    assert "Traceback" not in ran.err
