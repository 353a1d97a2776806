"""Fixed values of the service's interface, as its client of version 2.35.4 uses them."""

from __future__ import annotations

DEFAULT_URL = "https://api.redbrickai.com"
DIALECT = "2.35.4"
"""The version of the service's own client whose requests ours are like."""

END = "END"
"""The stage behind the last one: where ground truth is."""

# The stage of tasks that were put away: nobody can work on them.
ARCHIVED = "ARCHIVED"

INPUT_BRICK = "labelset-input"
OUTPUT_BRICK = "labelset-output"
# Through it passes what a review refused; nobody works there.
FEEDBACK_BRICK = "feedback"
# Above it the client of the service sends labels as a file, which is what the service has seen. A
# mask of many rings would be megabytes in a request that has seconds.
MOST_INLINE_LABELS = 1000
MOST_INLINE_BYTES = 1 << 20
"""Of labels in a request: gateways take 10 MB, and a listing has a page of them."""

AZURE = "AZURE_BLOB"
"""The provider of storages that lead to an account, each of whose keys begins with a container."""

MOST_IDS = 50
"""Ids that one delete, move or priority request may have."""

# A key that was cut off when it was copied is found out here. The service answers such a key with a
# server error, which looks like an outage.
KEY_LENGTH = 43
