"""A repository of git with locks in it, and no files of data."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from rbsync.locks.folder import FOLDER

_WHO = ["-c", "user.name=a", "-c", "user.email=a@example.org"]


class Revisions:
    """A repository; each commit has one lock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.root = str(folder)
        self._git("init", "-q", "-b", "main")

    def commit(self, files: dict[str, bytes]) -> None:
        """Commits a lock of these files."""
        lock = os.path.join(self.root, FOLDER)
        shutil.rmtree(lock, ignore_errors=True)
        os.mkdir(lock)
        for name, text in files.items():
            Path(lock, name).write_bytes(text)
        # An empty lock is a folder too.
        Path(lock, ".gitattributes").write_text("* -text\n")
        self._git("add", "-A")
        self._git("commit", "-q", "--allow-empty", "-m", "next")

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *_WHO, *arguments], cwd=self.root, check=True, capture_output=True)
