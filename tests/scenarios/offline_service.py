"""`rbsync serve` as a process of its own, and projects whose manifests name it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.scenarios.forking import Forked, fork
from tests.scenarios.project import Project, Ran
from tests.scenarios.started import Started
from tests.service.serving import KEY, ORG, PROJECT, Client
from tests.states import written_anew


class RemoteProject(Project):
    """A folder whose manifest names a service; every command gets the key."""

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.url = url

    def manifest(self, text: str) -> None:
        """Writes the manifest; its version and backend are put in front."""
        backend = f"{{kind: redbrick, url: {self.url}, org_id: {ORG}, project_id: {PROJECT}}}"
        super().manifest(f"backend: {backend}\n{text}")

    def run(self, *arguments: str, **environment: str) -> Ran:
        return super().run(*arguments, **{"RBSYNC_API_KEY": KEY, **environment})

    def start(self, *arguments: str, **environment: str) -> Started:
        return super().start(*arguments, **{"RBSYNC_API_KEY": KEY, **environment})


@dataclass
class Served:
    """A service that runs. ``others`` is what everybody else uses it with."""

    url: str
    log: Path
    process: Forked
    others: Client

    def count(self, method: str) -> int:
        """How many requests it has answered, by its journal."""
        return sum(f" {method} /" in line for line in self.log.read_text().splitlines())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def task(self, name: str) -> dict[str, Any]:
        return self.others.task(name)

    def delete(self, *names: str) -> None:
        ids = [self.task(name)["taskId"] for name in names]
        assert self.others.ask("deleteTasks", taskIds=ids)["ok"]

    def relabel(self, name: str, *labels: dict[str, Any]) -> None:
        task_id = self.task(name)["taskId"]
        assert self.others.ask("putLabels", taskId=task_id, labelsData=json.dumps(labels))["ok"]


def left_open(project: RemoteProject) -> None:
    """Makes the state one whose run was killed long ago, before it knew a result."""
    with written_anew(project.folder / ".rbsync/state.db") as state:
        state.execute(
            "INSERT INTO intent (name, operation, items, labels, settings, sent_at) SELECT name,"
            " 'create', items, labels, settings, 0 FROM record"
        )
        state.execute("DELETE FROM record")


@contextmanager
def served(folder: Path, *options: str, faults: Sequence[dict[str, Any]] = ()) -> Iterator[Served]:
    """Runs the service of the project in a folder until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    script, log = folder / "faults.json", folder / "service.log"
    script.write_text(json.dumps(list(faults)))
    known = ["--org-id", ORG, "--project-id", PROJECT, "--api-key", KEY]
    command = ["serve", "--json", "-v", "--port", "0", "--path", str(folder / "project")]
    reader, writer = os.pipe()
    with open(reader) as printed:
        with log.open("wb") as errors, open(writer, "wb") as out:
            arguments = [*command, *known, "--faults", str(script), *options]
            process = fork(arguments, stdout=out, stderr=errors)
        url = json.loads(printed.readline())["url"]
        one = Served(url, log, process, Client(url))
        try:
            yield one
        finally:
            one.others.session.close()
            one.stop()
