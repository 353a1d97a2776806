"""Exports with the vendor's SDK, unchanged. Arguments: url, organization, project, key.

Stands alone: it runs in an environment that has the SDK and nothing of ours. Writes what the two
exports answered, with pictures and without, to ``results.json`` in the folder that it works in.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["REDBRICK_DISABLE_VERSION_CHECK"] = "1"
os.environ["REDBRICK_SDK_LOG_LEVEL"] = "40"

import redbrick

export = redbrick.get_project(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[1]).export
results = {
    "pictures": list(export.export_tasks(png=True, destination="pictures")),
    "volumes": list(export.export_tasks(destination="volumes")),
}
with open("results.json", "w", encoding="utf-8") as file:
    json.dump(results, file)
