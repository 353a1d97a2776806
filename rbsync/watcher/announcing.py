"""Messages that are said once, however often the loop meets their reason."""

from __future__ import annotations

from rbsync.watcher.telling import Message, Teller


class Announcer:
    """Says a thing once: the same again only after something else, or once it was over."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._said: dict[tuple[str, str], str] = {}

    def say(self, code: str, text: str, hint: str = "", about: str = "") -> None:
        """Says something; ``about`` tells apart what one code is said of, such as two files."""
        if self.is_news(code, text, about):
            self._teller.message(Message(code, text, hint))

    def is_news(self, code: str, text: str, about: str = "") -> bool:
        """Tells whether something was not said yet, and counts it as said."""
        is_news = self._said.get((code, about)) != text
        self._said[code, about] = text
        return is_news

    def has_said(self, code: str, about: str = "") -> bool:
        """Tells whether anything was said of this, and is not over."""
        return (code, about) in self._said

    def over(self, code: str, about: str = "") -> bool:
        """Forgets what was said, so that it is news when it comes again; tells whether it was."""
        return self._said.pop((code, about), None) is not None

    def keep(self, code: str, about: set[str]) -> None:
        """Forgets of a code all that is not said of one of these."""
        # A file that waits again next week is news again, and names must not pile up for months.
        gone = [key for key in self._said if key[0] == code and key[1] not in about]
        for key in gone:
            del self._said[key]
