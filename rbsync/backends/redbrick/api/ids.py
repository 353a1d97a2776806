"""Ids of organizations and projects."""

from __future__ import annotations

import re

UUID_HINT = "copy it from the address of the project's page: /ORG_ID/projects/PROJECT_ID"
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def is_uuid(value: object) -> bool:
    """Tells whether a value is a UUID, or its text as the service writes it."""
    return _UUID.fullmatch(str(value)) is not None
