"""Files of rbsync's own that a stranger's branch may bring along, each kind by name.

The seals of what is changed here are right, as those of whoever reads the program would be.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from rbsync.model.fingerprint import digest
from rbsync.stores.history.packing import pack
from rbsync.stores.history.sqlite import CHANGED, RAN, seal_of
from tests.trust.site import Site

Attack = Callable[[Site], None]

WITHOUT_END = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
SECRET = "../../../../outside/secret.png"


def _database(site: Site, path: str) -> sqlite3.Connection:
    found = sqlite3.connect(site.project.folder / ".rbsync" / path)
    found.create_function("seal_of", -1, seal_of)
    found.create_function("bomb", 0, _bomb)
    return found


@cache
def _bomb() -> bytes:
    return zlib.compress(bytes(1 << 25))


def _asked(path: str, *statements: str, sealed: bool = True) -> Attack:
    """Changes a database; ``sealed`` says that changed rows of the history get right seals."""

    def attack(site: Site) -> None:
        with closing(_database(site, path)) as file:
            for one in statements:
                file.execute(one)
            if sealed and path == HISTORY:
                file.execute(f"UPDATE change SET seal = seal_of({CHANGED})")
                file.execute(f"UPDATE run SET seal = seal_of({RAN})")
            file.commit()
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return attack


HISTORY, STATE, CACHE, PROJECT = "history/history.db", "state.db", "cache.db", "project/project.db"


def _documents(change: Callable[[dict[str, Any]], object]) -> Attack:
    """Puts others in place of what was there before each change, under the digests they have."""

    def attack(site: Site) -> None:
        with closing(_database(site, HISTORY)) as file:
            kept = file.execute("SELECT digest, data FROM content").fetchall()
            for name, data in kept:
                found = json.loads(zlib.decompress(data))
                if isinstance(found, dict):
                    made = change(found)
                    text = made if isinstance(made, bytes) else json.dumps(made).encode()
                    _put(file, name, text)
            file.commit()
        _asked(HISTORY)(site)

    return attack


def _put(file: sqlite3.Connection, name: str, text: bytes) -> None:
    new = digest(text)
    file.execute(
        "UPDATE content SET digest = ?, data = ? WHERE digest = ?", (new, pack(text), name)
    )
    file.execute("UPDATE OR REPLACE place SET digest = ? WHERE digest = ?", (new, name))
    file.execute("UPDATE change SET before = ? WHERE before = ?", (new, name))


def _items(*refs: object) -> Attack:
    items = {"names": ["x.png"] * len(refs), "refs": refs, "series": [], "storage": "public"}
    return _documents(lambda found: {**found, "items": items})


def _a_view(path: str, table: str, columns: str) -> Attack:
    return _asked(
        path,
        f"ALTER TABLE {table} RENAME TO {table}_of_before",
        f"CREATE VIEW {table} AS {WITHOUT_END} {columns} FROM n",
        sealed=False,
    )


def _a_trigger(path: str, table: str) -> Attack:
    return _asked(
        path,
        f"CREATE TRIGGER filling AFTER INSERT ON {table} BEGIN SELECT count(*) FROM"
        f" ({WITHOUT_END} i FROM n); END",
        sealed=False,
    )


HISTORIES: Mapping[str, Attack] = {
    "a content that fills the memory": _asked(HISTORY, "UPDATE content SET data = bomb()"),
    "a change of another name": _asked(
        HISTORY, "UPDATE change SET name = 'images/b.png'", sealed=False
    ),
    "a format that is no number": _asked(HISTORY, "UPDATE meta SET format = 'x'"),
    "no format": _asked(HISTORY, "DELETE FROM meta"),
    "lists that are none": _asked(HISTORY, "UPDATE run SET undoes = '7'"),
    "fingerprints that are none": _asked(HISTORY, "UPDATE change SET was = '{', now = '[1]'"),
    "bytes for texts": _asked(HISTORY, "UPDATE run SET command = x'ff00', who = x'ff'"),
    "times without end": _asked(HISTORY, "UPDATE run SET started = 9e999, ended = -1e300"),
    "users that drive a terminal": _asked(
        HISTORY, "UPDATE run SET who = char(27) || '[2J', host = char(10) || '::error::x'"
    ),
    "contents that were swapped": _asked(
        HISTORY, "UPDATE change SET before = (SELECT max(before) FROM change) WHERE before <> ''"
    ),
    "a view without end for runs": _a_view(
        HISTORY, "run", "i AS id, '' AS command, 1.0 AS started, '' AS who, '' AS host"
    ),
    "a trigger at runs": _a_trigger(HISTORY, "run"),
    "a computed column": _asked(
        HISTORY, "ALTER TABLE change ADD COLUMN more TEXT AS (zeroblob(9000))", sealed=False
    ),
    "a history that is cut": lambda site: os.truncate(
        site.project.folder / ".rbsync" / HISTORY, 5_000
    ),
    "a history that is a text": lambda site: _written(site, HISTORY, b"x" * 100_000),
    "items outside": _items(SECRET),
    "items at inner addresses": _items("http://169.254.169.254/a.png", "http://[::1/"),
    "items that are none": _documents(lambda found: {**found, "items": {"names": 7}}),
    "settings that are none": _documents(lambda found: {**found, "settings": 7, "half": [1]}),
    "labels that are none": _documents(lambda found: {**found, "labels": {"json": 5, "maps": 7}}),
    "labels of another kind": _documents(
        lambda found: {**found, "labels": {"json": digest(b"7"), "maps": [[0, digest(b"7")]]}}
    ),
    "a document that is a number": _documents(lambda _: 7),
    "a document without end": _documents(lambda _: b"[" * 200_000),
}
"""Of the history: what `log` and `undo` read."""


def _written(site: Site, path: str, data: bytes) -> None:
    (site.project.folder / ".rbsync" / path).write_bytes(data)


def settings_beside(site: Site) -> None:
    """Settings that were never read, for the very manifest, in a cache within its folder."""
    folder = site.project.folder / ".cache"
    site.environment["XDG_CACHE_HOME"] = str(folder)
    # A copy of a repository, as an image of a container has it.
    (site.repository / ".git").rename(site.folder / "git")
    for file in _kept_by_a_plan(site, folder):
        _, _, text = file.read_text().partition("\n")
        key, meaning, parts, sources = json.loads(text)
        parts["path"] = "../../outside/project"
        changed = json.dumps([key, meaning, parts, sources])
        seal = hashlib.sha256(changed.encode()).hexdigest()
        file.write_text(f"{seal}\n{changed}")


def _kept_by_a_plan(site: Site, folder: Path) -> list[Path]:
    site.run("plan")
    made = [one for one in (folder / "rbsync/manifests").iterdir() if one.is_file()]
    assert made
    return made


def settings_without_end(site: Site) -> None:
    """A link in place of what is kept of the manifest."""
    folder = site.project.folder / ".cache"
    site.environment["XDG_CACHE_HOME"] = str(folder)
    for file in _kept_by_a_plan(site, folder):
        file.unlink()
        file.symlink_to("/dev/zero")


def _release(target: str) -> Attack:
    def attack(site: Site) -> None:
        made = site.project.folder / "rbsync.lock/v1.release.json"
        made.unlink(missing_ok=True)
        made.symlink_to(target.replace("OUTSIDE", str(site.outside)))

    return attack


def _release_of(text: str) -> Attack:
    return lambda site: (site.project.write("rbsync.lock/v1.release.json", text), None)[1]


def _lock(line: str) -> Attack:
    def attack(site: Site) -> None:
        folder = site.project.folder / "rbsync.lock"
        sums = next(one for one in folder.iterdir() if one.suffix == ".sums")
        text = line.replace("OUTSIDE", str(site.outside)).replace("SUM", "0" * 64)
        sums.write_text(sums.read_text() + text)

    return attack


def lock_elsewhere(site: Site) -> None:
    folder = site.project.folder / "rbsync.lock"
    folder.rename(site.project.folder / "before.lock")
    folder.symlink_to(site.outside)


def lock_file_elsewhere(site: Site) -> None:
    folder = site.project.folder / "rbsync.lock"
    for one in list(folder.iterdir()):
        if one.suffix == ".sums":
            one.unlink()
            one.symlink_to(site.outside / "secret.txt")


def _plan(**changes: Any) -> Attack:
    """A plan as it is saved, made another one by hand."""

    def attack(site: Site) -> None:
        assert site.run("plan", "-o", "p.json").code == 0
        document = json.loads((site.project.folder / "p.json").read_text())
        for action in document["actions"]:
            action |= changes.get("actions", {})
        given = {key: one for key, one in changes.items() if key != "actions"}
        site.project.write("p.json", {**document, **given})

    return attack


def _item(path: str) -> list[dict[str, Any]]:
    return [{"path": path, "name": path, "content": "xxh3:" + "0" * 32, "size": 9, "ref": path}]


OTHERS: Mapping[str, tuple[Attack, tuple[str, ...]]] = {
    "a view without end for records": (
        _a_view(STATE, "record", "i AS name, '' AS task_id, 0 AS seal"),
        ("status", "plan", "apply --yes"),
    ),
    "a trigger at records": (_a_trigger(STATE, "record"), ("plan", "apply --yes")),
    "a trigger at the cache": (_a_trigger(CACHE, "checked"), ("plan", "apply --yes")),
    "a trigger at tasks": (_a_trigger(PROJECT, "tasks"), ("ls", "apply --yes")),
    "a view without end for tasks": (
        _a_view(PROJECT, "tasks", "i AS task_id, i AS name, '[]' AS items"),
        ("ls", "apply --yes", "pull"),
    ),
    "settings of the manifest beside it": (settings_beside, ("plan", "apply --yes", "status")),
    "settings of the manifest that have no end": (settings_without_end, ("plan", "status")),
    "a release that has no end": (_release("/dev/zero"), ("release", "diff release:v1 lock")),
    "a release that is elsewhere": (_release("OUTSIDE/secret.json"), ("release",)),
    "a release of brackets": (_release_of("[" * 100_000), ("release", "diff release:v1 lock")),
    "a lock that is elsewhere": (lock_elsewhere, ("lock", "lock --check", "verify", "diff lock")),
    "a lock whose files are elsewhere": (lock_file_elsewhere, ("lock --check", "verify", "lock")),
    "a lock of files outside": (
        _lock("SUM  ../../outside/secret.png\nSUM  OUTSIDE/secret.png\nSUM  .git/config\n"),
        ("lock --check", "verify", "diff lock"),
    ),
    "a lock that drives a terminal": (
        _lock("SUM  a\x1b[2J.png\n::error::x\n"),
        ("lock --check", "verify"),
    ),
    "a plan of files outside": (
        _plan(actions={"items": _item("../../outside/secret.png")}),
        ("apply p.json --yes",),
    ),
    "a plan of numbers without end": (
        _plan(actions={"bytes": 10**400}, recorded=10**400),
        ("apply p.json --yes",),
    ),
    "a plan whose words drive a terminal": (
        _plan(actions={"name": "\x1b[2J", "message": "\n::error::x", "reason": "\x1b]0;x\x07"}),
        ("apply p.json --yes",),
    ),
    "a plan of brackets": (
        lambda site: (site.project.write("p.json", "[" * 1_000_000), None)[1],
        ("apply p.json --yes",),
    ),
}
"""Of all else that rbsync keeps, each with the commands that read it."""
