"""A service that really runs, on a free port of loopback, and a client that asks it plainly."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from rbsync.labels.taxonomy import Taxonomy
from rbsync.labels.taxonomy_json import read_taxonomy
from rbsync.service.app import make_app
from rbsync.service.configuration import LOOPBACK, Limits, ServiceSettings
from rbsync.service.faults.player import Player
from rbsync.service.faults.script import parse_faults
from rbsync.service.quirks import checked_quirks
from rbsync.service.server import listen, make_server
from rbsync.service.service import Service, open_service
from tests.service import documents

KEY = "k" * 43
PUBLIC = "11111111-1111-1111-1111-111111111111"
REDBRICK = "22222222-2222-2222-2222-222222222222"
ORG = "aaaaaaaa-0000-4000-8000-000000000001"
PROJECT = "bbbbbbbb-0000-4000-8000-000000000002"
URL = "https://example.org/a.png"
SMALL = Limits(request=64 << 10, unpacked=256 << 10, file=1 << 20)


class Client:
    """Asks as the vendor's SDK does: named documents, in a compressed body."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["ApiKey"] = KEY

    def post(self, body: bytes | Iterable[bytes], **headers: str) -> requests.Response:
        """The answer to a body as it is."""
        return self.session.post(f"{self.url}/graphql/", body, headers=headers, timeout=20)

    def send(self, name: str, /, **variables: Any) -> requests.Response:
        """The answer to one of the documents; organization and project are filled in."""
        known = {"orgId": ORG, "projectId": PROJECT}
        text = documents.text(name)
        given = {key: value for key, value in known.items() if f"${key}:" in text} | variables
        return self.post(packed({"query": text, "variables": given}), **COMPRESSED)

    def whole(self, name: str, /, **variables: Any) -> dict[str, Any]:
        """The JSON of the answer, which has status 200."""
        answer = self.send(name, **variables)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json()

    def ask(self, name: str, /, **variables: Any) -> Any:
        """What the root field of a document is answered with; there are no errors."""
        answer = self.whole(name, **variables)
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    def error(self, name: str, /, **variables: Any) -> str:
        """The message of the one error."""
        (error,) = self.whole(name, **variables)["errors"]
        return str(error["message"])

    def place(self, name: str = "one.png", type_: str = "image/png") -> dict[str, str]:
        """Where to put a file."""
        answer = self.ask("itemsUploadPresign", files=[name], fileType=[type_])
        return dict(answer["items"][0])

    def put(
        self, place: dict[str, str], data: bytes | Iterable[bytes], **headers: str
    ) -> requests.Response:
        headers = {"Content-Type": "image/png"} | headers
        return requests.put(place["presignedUrl"], data, headers=headers, timeout=20)

    def upload(self, data: bytes, name: str = "one.png") -> str:
        """Stores a picture and returns its path."""
        place = self.place(name)
        assert self.put(place, data).status_code == 200
        return place["filePath"]

    def create(self, name: str, /, **variables: Any) -> dict[str, Any]:
        return dict(self.ask("createDatapoint", **task(name, **variables)))

    def names(self, **variables: Any) -> list[str]:
        """The names of the tasks on the first page of a search."""
        page = self.ask("genericTasks", **variables)
        return [one["datapoint"]["name"] for one in page["entries"]]

    def task(self, name: str) -> dict[str, Any]:
        """The one task of this name, with its labels."""
        (found,) = self.ask("genericTasks", taskSearch=f'"{name}"')["entries"]
        return dict(self.ask("task", taskId=found["taskId"]))


class NearClient(Client):
    """One whose service runs in this process."""

    def __init__(self, service: Service, url: str, player: Player) -> None:
        super().__init__(url)
        self.service = service
        self.player = player


COMPRESSED = {"Content-Encoding-RB": "gzip", "Content-Type": "application/json"}


def packed(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0))


def task(name: str, **variables: Any) -> dict[str, Any]:
    """The variables of a create of one public address, unless told otherwise."""
    plain = {"items": [URL], "name": name, "storageId": PUBLIC, "isGroundTruth": False}
    return plain | variables


@contextmanager
def serving(
    folder: Path,
    faults: Sequence[dict[str, Any]] = (),
    player: Player | None = None,
    **settings: Any,
) -> Iterator[NearClient]:
    """Runs a service in a thread until the block ends; ``player`` stands for ``faults``."""
    known: dict[str, Any] = {"api_key": KEY, "org_id": ORG, "project_id": PROJECT}
    if "quirks" in settings:
        settings["quirks"] = checked_quirks(settings["quirks"])
    service = open_service(ServiceSettings(path=str(folder), **(known | settings)))
    player = player or Player(parse_faults(list(faults)))
    sockets = listen(LOOPBACK, 0)
    server = make_server(make_app(service, player))
    thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
    thread.start()
    client = NearClient(service, f"http://localhost:{sockets[0].getsockname()[1]}", player)
    try:
        yield client
    finally:
        client.session.close()
        server.should_exit = True
        thread.join(20)
        service.close()


def taxonomy(*names: str) -> Taxonomy:
    return read_taxonomy(list(names))
