"""The things that the organization has beside the tasks of its one project, kept in a file.

Buckets, taxonomies, workspaces, invitations, projects that were made, and of each project members,
settings and comments. The clients of the service make them and read them back.
"""

from __future__ import annotations

import json
import os
from typing import Any

from rbsync.errors import RbsyncError
from rbsync.service.refusal import RefusalError
from rbsync.written_files import write_whole

FILE = "account.json"


class Account:
    """Sections of JSON, each a dict of what it has by its id."""

    def __init__(self, folder: str, home: Account | None = None) -> None:
        """The account of a folder; what is the organization's is in ``home``, where there is one.

        Raises RbsyncError for a file that is no account.
        """
        self._home = home
        self._path = os.path.join(folder, FILE)
        self._sections: dict[str, dict[str, Any]] = {}
        try:
            with open(self._path, encoding="utf-8") as file:
                self._sections = dict(json.load(file))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError) as error:
            raise RbsyncError(
                f"{self._path} cannot be read: {getattr(error, 'strerror', None) or error}"
            ) from error

    def all(self, section: str) -> dict[str, Any]:
        """All that a section has, by its id."""
        if self._home and section not in _OF_PROJECT:
            return self._home.all(section)
        return self._sections.get(section, {})

    def get(self, section: str, key: str) -> Any:
        """One of a section; None where it has none of this id."""
        return self.all(section).get(_key(section, key))

    def put(self, section: str, key: str, value: Any) -> Any:
        """Keeps one of a section, and returns it."""
        if self._home and section not in _OF_PROJECT:
            return self._home.put(section, key, value)
        self._sections.setdefault(section, {})[_key(section, key)] = value
        self._save()
        return value

    def take(self, section: str, key: str, what: str) -> Any:
        """Removes one of a section, and returns it. Raises RefusalError where it has none."""
        if self._home and section not in _OF_PROJECT:
            return self._home.take(section, key, what)
        if _key(section, key) not in self.all(section):
            raise RefusalError(f"there is no such {what} in the organization")
        found = self._sections[section].pop(_key(section, key))
        self._save()
        return found

    def _save(self) -> None:
        # Whole or not at all: a file that was cut off would keep the service from starting.
        write_whole(self._path, json.dumps(self._sections, indent=1))


_OF_PROJECT = ("settings", "stages", "references", "members", "comments")
_OF_WORDS = ("settings", "stages")


def _key(section: str, key: str) -> str:
    """Ids are the same in either case; words are not."""
    return key if section in _OF_WORDS else key.lower()
