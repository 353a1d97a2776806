"""The words on which decisions depend: each stands in one place, and each is said by somebody."""

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from rbsync import reasons
from rbsync.reasons import FAILURE_KINDS, OPERATIONS, FailureKind, Operation, Reason

ROOM = Path(__file__).parent.parent / "rbsync"


def test_every_reason_is_a_constant() -> None:
    constants = {one for name, one in vars(reasons).items() if name.isupper()}
    assert set(get_args(Reason)) <= constants


def test_every_reason_is_given_by_somebody() -> None:
    names = {
        value: name
        for name, value in vars(reasons).items()
        if name.isupper() and isinstance(value, str)
    }
    text = "\n".join(path.read_text() for path in ROOM.rglob("*.py") if path != ROOM / "reasons.py")
    said = set(re.findall(r"\b[A-Z_]{3,}\b", text))
    assert [one for one in get_args(Reason) if names[one] not in said] == []


def test_the_lists_are_those_of_the_types() -> None:
    assert get_args(FailureKind) == FAILURE_KINDS
    assert get_args(Operation) == OPERATIONS


WRONG = {
    "a reason that nobody gives": "Blocked('a', 'unsetled', '')",
    "a kind of failure that there is not": "BackendError('no', kind='auht')",
    "a phase that there is not": "Failure('auth', 'sending', '')",
    "an operation that there is not": "Intent('a', 'replace', None)",
    "a comparison with a kind that there is not": "failure.kind == 'auht'",
    "a comparison with a phase that there is not": "failure.phase == 'taken in'",
    "a blocked reason that nobody gives": "plan.has_blocked('unsetled')",
}
HEAD = """\
from rbsync.errors import BackendError
from rbsync.model.outcome import Failure
from rbsync.model.plan import Blocked, Plan
from rbsync.model.record import Intent


def wrong(failure: Failure, plan: Plan) -> object:
    return {}
"""


def test_a_word_that_nobody_says_is_a_type_error(tmp_path: Path) -> None:
    files = {what: tmp_path / f"wrong_{number}.py" for number, what in enumerate(WRONG)}
    for what, file in files.items():
        file.write_text(HEAD.format(WRONG[what]))
    right = tmp_path / "right.py"
    right.write_text(HEAD.format("Blocked('a', 'unsettled', ''), failure.kind == 'auth'"))
    # Of rbsync, what says these words; all the rest, and its packages, take ten times as long. No
    # cache: one that another environment has made is read and thrown away.
    shut = [
        "--config-file=",
        "--cache-dir=/dev/null",
        "--no-site-packages",
        "--follow-imports=skip",
    ]
    read = ["rbsync/model", "rbsync/errors.py", "rbsync/reasons.py"]
    command = [sys.executable, "-m", "mypy", "--strict", "--ignore-missing-imports", *shut, *read]
    told = subprocess.run(
        [*command, *map(str, files.values()), str(right)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOM.parent,
    )
    assert [what for what, file in files.items() if file.name not in told.stdout] == []
    assert right.name not in told.stdout
