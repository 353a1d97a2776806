"""The manifest by which a watch works: the last good one stays in force while it is broken."""

from __future__ import annotations

from collections.abc import Callable

from rbsync.errors import UserError
from rbsync.manifest.manifest import Manifest
from rbsync.watcher.announcing import Announcer
from rbsync.watcher.telling import Message, Teller


class ManifestInForce:
    """Reads a manifest again and again. Raises UserError when it is wrong from the start."""

    def __init__(self, load: Callable[[], Manifest], announcer: Announcer, teller: Teller) -> None:
        self._load, self._announcer, self._teller = load, announcer, teller
        self.now = load()
        self.is_in_order = True
        """What is in force is what is written: False while the manifest is broken or away."""

    def take(self) -> None:
        """Reads it anew, and says when it is broken and when it is in order again."""
        try:
            found = self._load()
        # An editor saves in steps: a watch must not end by a manifest that is half written.
        except (UserError, OSError) as error:
            self.is_in_order = False
            text = f"the manifest is broken, and the last good one stays in force: {error}"
            self._announcer.say("manifest", text)
        else:
            # What was read of the same text is kept: a look for one file that came would read and
            # check all of it again.
            if found.digest != self.now.digest:
                self.now = found
            self.is_in_order = True
            if self._announcer.over("manifest"):
                self._teller.message(Message("manifest-mended", "the manifest is in order again"))
