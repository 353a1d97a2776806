"""Runs the vendor's command line, unchanged, as its users do. Arguments: commands as JSON.

Stands alone, as ``vendor_client`` does: a process for each command would take most of the time to
import the SDK. A command is the folder that it runs in, then its words. Writes what each ended
with, and what it said, to ``commands.json``.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import json
import os
import sys
import traceback
from pathlib import Path

os.environ["REDBRICK_DISABLE_VERSION_CHECK"] = "1"

(entry,) = importlib.metadata.entry_points(group="console_scripts", name="redbrick")
main = entry.load()
home = Path.cwd()
ended: list[list[object]] = []


def run(folder: str, words: list[str]) -> int:
    (home / folder).mkdir(exist_ok=True)
    os.chdir(home / folder)
    sys.argv = ["redbrick", *words]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


for folder, *words in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = run(folder, words)
    ended.append([code, said.getvalue()])
(home / "commands.json").write_text(json.dumps(ended), encoding="utf-8")
