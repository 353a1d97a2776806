"""Many clients at a time: their changes share commits, and nobody notices."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import requests

from rbsync.backends.local import LocalBackend
from tests.service import documents
from tests.service.serve_here import KEY
from tests.service.serving import COMPRESSED, Client, packed, serving, task

ROOT = Path(__file__).parents[2]


def test_of_many_that_want_a_name_one_gets_it(client: Client) -> None:
    start = Barrier(8)

    def create(number: int) -> list[bool]:
        one = Client(client.url)
        start.wait()
        answers = [one.whole("createDatapoint", **task(f"{name}")) for name in range(20)]
        return ["errors" not in answer for answer in answers]

    with ThreadPoolExecutor(8) as executor:
        made = list(executor.map(create, range(8)))
    assert [sum(one) for one in zip(*made, strict=True)] == [1] * 20
    assert sorted(client.names()) == sorted(map(str, range(20)))


def test_a_refused_one_does_not_touch_those_beside_it(folder: Path) -> None:
    """The wrong ones are refused in the same moment in which the others are created."""
    with serving(folder) as client, ThreadPoolExecutor(8) as executor:

        def create(number: int) -> bool:
            metadata = json.dumps({"n": number} if number % 3 == 0 else {"n": "text"})
            one = Client(client.url)
            made = one.whole("createDatapoint", **task(f"{number}", metaData=metadata))
            return "errors" not in made

        fine = list(executor.map(create, range(60)))
    assert fine == [number % 3 != 0 for number in range(60)]
    backend = LocalBackend(folder)
    assert sorted(int(one.name) for one in backend.list()) == [n for n in range(60) if n % 3]
    backend.close()


def test_what_was_answered_is_there_after_a_kill(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.service.serve_here", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        where = json.loads(process.stdout.readline())
        answered: list[str] = []

        def create(worker: int) -> None:
            session = requests.Session()
            session.headers["ApiKey"] = KEY
            for number in range(10_000):
                name = f"{worker}/{number}"
                body = packed(
                    {
                        "query": documents.text("createDatapoint"),
                        "variables": task(name)
                        | {"orgId": where["org_id"], "projectId": where["project_id"]},
                    }
                )
                try:
                    answer = session.post(
                        where["url"] + "/graphql/", body, headers=COMPRESSED, timeout=20
                    )
                except requests.RequestException:
                    return
                assert answer.json()["data"]["createDatapoint"]["taskId"]
                answered.append(name)
                if len(answered) == 300:
                    process.kill()

        with ThreadPoolExecutor(8) as executor:
            list(executor.map(create, range(8)))
    backend = LocalBackend(folder)
    found = [one.name for one in backend.list()]
    backend.close()
    assert len(answered) >= 300
    assert set(answered) <= set(found)
    assert len(found) == len(set(found))
