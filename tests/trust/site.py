"""A machine with secrets, on which a stranger's repository is checked out and rbsync is run."""

from __future__ import annotations

import errno
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

from tests.scenarios.pictures import png
from tests.scenarios.project import Project, Ran
from tests.trust.listening import Ears, asking

KEY = "cana" + "ryk" * 13
SAVED_KEY = "cana" + "rys" * 13
CANARIES = {
    "RBSYNC_API_KEY": KEY,
    "AWS_SECRET_ACCESS_KEY": "canaryawssecretvalue0123456789",
    "HARMLESS": "canaryofharmlessname42",
}
FILE_CANARY = "canaryinafile4711"
GIT_CANARY = "canaryingitstoken0815"
SECONDS = 30
_STARTS = frozenset({"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system", "os.spawn"})
_watched: list[list[str]] = []


GIT = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit")
"""With these git asks for a revision, and runs nothing that a repository names."""


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if not _watched or event not in _STARTS:
        return
    words = arguments[1] if event == "subprocess.Popen" else ()
    if arguments[0] == "git" and set(GIT) <= set(words) and "rev-parse" in words:
        return
    _watched[-1].append(f"{event} {arguments[0]!r} {words}")


sys.addaudithook(_watch)


@dataclass
class Site:
    """``outside`` is what the repository must not reach; ``started`` are programs that were."""

    folder: Path
    ears: Ears
    environment: dict[str, str]
    started: list[str] = field(default_factory=list)
    seen: dict[tuple[str, int, int, int], frozenset[str]] = field(default_factory=dict)
    """The canaries in files of the project, as they were when they were read last."""

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    @property
    def outside(self) -> Path:
        return self.folder / "outside"

    @property
    def marker(self) -> Path:
        return self.folder / "a-program-was-run"

    @property
    def project(self) -> Project:
        return Project(self.repository / "data")

    def manifest(self, text: str) -> None:
        self.project.manifest(text)

    def link(self, path: str, target: str) -> None:
        """A link in the project, as git keeps them."""
        link = self.project.folder / path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)

    def run(self, *arguments: str, **environment: str) -> Ran:
        """Runs a command with all secrets around it, for so long at most."""

        def too_long(*_: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, too_long)
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        _watched.append(self.started)
        try:
            with mock.patch.object(socket, "getaddrinfo", asking(self.ears.resolver)):
                return self.project.run(*arguments, **{**self.environment, **environment})
        finally:
            _watched.pop()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def leaks(self, ran: Ran) -> list[str]:
        """What a command did that it must not, in words; nothing when it kept to its place."""
        return list(self._leaks(ran))

    def _leaks(self, ran: Ran) -> Iterator[str]:
        printed, sent = (ran.out + ran.err).lower(), self.ears.heard.text().lower()
        for what, canary in HIDDEN.items():
            if canary in printed:
                yield f"{what} was printed"
            if canary in sent:
                yield f"{what} was sent"
        yield from (f"{what} was written to {path}" for path, what in self._written())
        if not self.ears.heard.is_silent:
            yield f"somebody was asked: {self.ears.heard}"
        if self.started or self.marker.exists():
            yield f"a program was run: {self.started}"
        found = contents(self.outside)
        if found != OUTSIDE:
            yield f"outside changed: {sorted(found.items() ^ OUTSIDE.items())}"

    def _written(self) -> Iterator[tuple[str, str]]:
        """Files of the project with a canary in them; links are the stranger's, and not read.

        A file is read again once it has changed: a command changes few of them.
        """
        for folder, folders, names in os.walk(self.project.folder):
            folders[:] = [one for one in folders if one != ".git"]
            for name in names:
                path = os.path.join(folder, name)
                # Where somebody swaps files all the time, one may be gone by now.
                try:
                    status = os.lstat(path)
                    if not stat.S_ISREG(status.st_mode):
                        continue
                    version = (path, status.st_ino, status.st_size, status.st_ctime_ns)
                    if version not in self.seen:
                        # It may be a link by now, and would be read as what that leads to.
                        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
                        with open(opened, "rb") as file:
                            self.seen[version] = canaries_in(file.read())
                except OSError as error:
                    if error.errno not in (errno.ENOENT, errno.ELOOP):
                        raise
                    continue
                yield from ((path, what) for what in sorted(self.seen[version]))


HIDDEN = {
    **{name: value.lower() for name, value in CANARIES.items()},
    "the saved key": SAVED_KEY.lower(),
    "a file from outside": FILE_CANARY,
    "git's token": GIT_CANARY,
}
"""What must not be had, each by what it is called."""


def canaries_in(content: bytes) -> frozenset[str]:
    """What of it is in a file."""
    small = content.lower()
    return frozenset(what for what, canary in HIDDEN.items() if canary.encode() in small)


def secret_png() -> bytes:
    """A picture that is right, with a canary behind its end."""
    return png(1) + FILE_CANARY.encode()


OUTSIDE = {
    "secret.png": secret_png(),
    "secret.txt": f"key: [{FILE_CANARY}\n{FILE_CANARY}: {{\n".encode(),
    "secret.json": f'{{"{FILE_CANARY}": [1, 2, "{FILE_CANARY}"]}}'.encode(),
    "secret.csv": f"{FILE_CANARY},{FILE_CANARY}\n".encode(),
    "folder/b.png": secret_png(),
}


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder by their paths in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def build(folder: Path, ears: Ears) -> Site:
    """The machine, with a repository that is as it should be yet."""
    home = folder / "home"
    environment = {
        **CANARIES,
        "HOME": str(home),
        # The service of an attack does not answer, and nobody waits for it.
        "RBSYNC_GIVE_UP_AFTER": "0",
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_STATE_HOME": str(home / ".state"),
        "VIRTUAL_ENV": "",
        "REQUESTS_CA_BUNDLE": ears.authority,
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), ""),
    }
    site = Site(folder, ears, environment)
    for path, content in OUTSIDE.items():
        (site.outside / path).parent.mkdir(parents=True, exist_ok=True)
        (site.outside / path).write_bytes(content)
    (home / ".redbrickai").mkdir(parents=True)
    (home / ".redbrickai/credentials").write_text(f"[saved]\nkey = {SAVED_KEY}\n")
    git = site.repository / ".git"
    git.mkdir(parents=True)
    (git / "config").write_text(f"[http]\n\textraheader = {GIT_CANARY}: [\n")
    site.project.write("images/a.png", png(2))
    site.manifest("datapoints: [{glob: images/*.png}]\n")
    ears.heard.forget()
    return site
