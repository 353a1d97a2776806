"""The person who runs rbsync allows things: by command line, environment, and their own file.

A manifest, and every file that it names, may come from a stranger's pull request. What decides
over keys, programs, other folders and inner networks is therefore read here and nowhere else.
"""

from __future__ import annotations

from rbsync.trust.trusted import Given, Trust, read_trust

__all__ = ["Given", "Trust", "read_trust"]
