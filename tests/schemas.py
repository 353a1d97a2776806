"""The schemas that are shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "schemas"


def schema(name: str) -> dict[str, Any]:
    """One of `schemas/`: manifest, plan or report."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_text())
    return found
