"""The example of a team runs, and each of its steps does as it says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.example_scripts import run_script

EXAMPLE = Path(__file__).parents[1] / "examples/team-small"


def test_two_clones_and_a_job_share_a_project() -> None:
    ran = run_script(EXAMPLE, together=False)
    told = ran.stdout + ran.stderr
    assert "No state here yet: read 2 datapoints of the project." in told
    assert "  ! frame 20  (labels changed here and at the project (1 bus there)" in told
    assert "(exit code 3)" in told
    assert "  ~ frame 20  (labels stay as others made them)" in told
    assert "  ! frame 20  (labels taken back; it stays so until what is declared changes" in told
    assert (
        re.findall(r"^Pulled: 1 .*", told, re.MULTILINE)
        == ["Pulled: 1 datapoints into 1 files, 0 conflicts, 0 left at the project."] * 2
    )
    assert ran.stdout.rstrip().endswith("No changes. The project matches the manifest.")
