"""A real HTTP server on loopback whose every byte the test decides."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ORG = "aaaaaaaa-0000-4000-8000-000000000001"
PROJECT = "bbbbbbbb-0000-4000-8000-000000000002"
KEY = "CANARYkeyCANARYkeyCANARYkeyCANARYkeyCANARYk"
SIGNATURE = "CANARYsignature"


@dataclass
class Request:
    """A request as it came in. ``operation`` and ``variables`` are those of an operation."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    operation: str = ""
    variables: dict[str, Any] = field(default_factory=dict)
    document: str = ""


Raw = bytes
Answer = Raw | Mapping[str, Any] | Callable[[Request, socket.socket], "Answer | None"] | None


def reply(body: bytes | str = b"", status: str = "200 OK", **headers: str) -> bytes:
    """The bytes of a whole answer."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + data


def until_closed(port: int) -> None:
    """Waits until the end at a port has closed a connection that is still open at ours."""
    closing = "08"
    while True:
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, _, there, state, *_ = line.split()
            if (there, state) == (f"0100007F:{port:04X}", closing):
                return
        time.sleep(0.001)


def data(**roots: Any) -> bytes:
    return reply(json.dumps({"data": roots}), Content_Type="application/json")


class Wire:
    """Answers operations by ``answers[NAME]``, PUTs by ``puts`` in turn, then with 200.

    An answer is raw bytes, a mapping of root fields, or a function that gets the request and the
    socket, and may write to it and answer None.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[str, Answer] = {}
        self.puts: list[Answer] = []
        self.gets: Answer = reply(b"[]")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        self._connections = 0
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def operations(self) -> list[str]:
        return [one.operation or one.method for one in self.requests]

    def of(self, operation: str) -> list[Request]:
        return [one for one in self.requests if operation in (one.operation, one.method)]

    def close(self) -> None:
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._connections += 1
                self._open.append(connection)
                threading.Thread(
                    target=self._serve, args=(connection, self._connections), daemon=True
                ).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        file = connection.makefile("rb")
        with contextlib.suppress(OSError, ValueError), connection:
            while head := self._head(file):
                method, target, headers = head
                request = Request(method, target, headers, b"", number)
                request.body = file.read(int(headers.get("content-length", 0)))
                _unpack(request)
                with self._lock:
                    self.requests.append(request)
                if not self._answer(request, connection):
                    return

    @staticmethod
    def _head(file: Any) -> tuple[str, str, dict[str, str]] | None:
        line = file.readline().decode()
        if not line:
            return None
        method, target, _ = line.split(" ")
        headers = {}
        while line := file.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return method, target, headers

    def _answer(self, request: Request, connection: socket.socket) -> bool:
        """Sends the answer; False when the connection is to be closed."""
        answer: Answer = self._pick(request)
        while callable(answer):
            answer = answer(request, connection)
        if answer is None:
            return False
        connection.sendall(answer if isinstance(answer, bytes) else data(**answer))
        return True

    def _pick(self, request: Request) -> Answer:
        if request.method == "PUT":
            return self.puts.pop(0) if self.puts else reply()
        if request.method == "GET":
            return self.gets
        if request.operation in self.answers:
            return self.answers[request.operation]
        return DEFAULTS[request.operation](self, request.variables)


def _unpack(request: Request) -> None:
    if request.method != "POST":
        return
    sent = json.loads(gzip.decompress(base64.b64decode(request.body)))
    request.document = sent["query"]
    request.variables = sent["variables"]
    request.operation = sent["query"].split("(")[0].split()[1]


def _places(wire: Wire, names: list[str]) -> list[dict[str, str]]:
    return [
        {
            "presignedUrl": f"{wire.url}/put/{at}/{name}?X-Amz-Signature={SIGNATURE}&at={at}",
            "filePath": f"{ORG}/images/{len(wire.requests)}-{at}/{name}",
            "fileName": name,
        }
        for at, name in enumerate(names)
    ]


TAXONOMY = {
    "orgId": ORG,
    "name": "tax-a",
    "version": 1,
    "categories": [],
    "objectTypes": [
        {"category": "liver", "classId": 0, "labelType": "SEGMENTATION", "attributes": []},
        {"category": "tumor", "classId": 1, "labelType": "SEGMENTATION", "attributes": []},
    ],
}
STAGES = [
    {"stageName": "Input", "brickName": "labelset-input"},
    {"stageName": "Label", "brickName": "manual-labeling"},
    {"stageName": "Output", "brickName": "labelset-output"},
]
PROJECT_ANSWER = {
    "project": {
        "orgId": ORG,
        "projectId": PROJECT,
        "name": "proj-a",
        "status": "CREATION_SUCCESS",
        "tdType": "DICOM_SEGMENTATION",
        "taxonomy": TAXONOMY,
        "stages": STAGES,
    }
}
DEFAULTS: dict[str, Callable[[Wire, dict[str, Any]], Mapping[str, Any]]] = {
    "getProjectSDK": lambda wire, _: PROJECT_ANSWER,
    "itemsUploadPresignSDK": lambda wire, v: {
        "itemsUploadPresign": {"items": _places(wire, v["files"])}
    },
    "presignUploadsSDK": lambda wire, v: {
        "presignData": _places(wire, v["filesData"]),
        "presignSeg": _places(wire, v["filesSeg"]),
    },
    "itemListUploadPresignSDK": lambda wire, v: {
        "itemListUploadPresign": {**_places(wire, [v["fileName"]])[0], "uploadId": PROJECT}
    },
    "itemListUploadSuccessSDK": lambda wire, _: {"itemListUploadSuccess": {"ok": True}},
    "presignItemsSDK": lambda wire, v: {
        "presignItems": [f"{wire.url}/get?sig={SIGNATURE}" for _ in v["items"]]
    },
    "createDatapointSDK": lambda wire, v: {
        "createDatapoint": {"dpId": "d", "taskId": f"id of {v['name']}", "taskIds": []}
    },
    "tasksListSDK": lambda wire, _: {"genericTasks": {"entries": [], "cursor": None}},
    "tasksPagedSDK": lambda wire, _: {"tasksPaged": {"entries": [], "cursor": None, "count": 0}},
    "taskSDK": lambda wire, v: {"task": task(v["taskId"], v["taskId"].removeprefix("id of "))},
    "updateTaskItemsSDK": lambda wire, _: {"updateTaskItems": {"ok": True, "message": None}},
    "updateTasksLabelsSDK": lambda wire, _: {"putLabels": {"ok": True, "message": None}},
    "updateTasksPrioritiesSDK": lambda wire, _: {
        "updateTasksPriorities": {"ok": True, "message": None}
    },
    "moveTasksSDK": lambda wire, _: {"moveTasks": {"ok": True, "message": None}},
    "moveTaskToStartSDK": lambda wire, _: {"moveTaskToStart": {"ok": True, "message": None}},
    "deleteTasksSDK": lambda wire, _: {"deleteTasks": {"ok": True}},
}


def task(task_id: str, name: str, **others: Any) -> dict[str, Any]:
    """A task as a listing has it."""
    facts: dict[str, Any] = {
        "taskId": task_id,
        "currentStageName": "Label",
        "priority": None,
        "datapoint": {
            "dpId": "d",
            "name": name,
            "items": ["a/b/one.png"],
            "metaData": None,
            "storageMethod": {"storageId": "22222222-2222-2222-2222-222222222222"},
        },
        "latestTaskData": {"labelsData": "[]", "labelsDataPath": None, "labelsStorage": None},
    }
    for key, value in others.items():
        home = facts["datapoint"] if key in facts["datapoint"] else facts
        home = facts["latestTaskData"] if key in facts["latestTaskData"] else home
        home[key] = value
    return facts
