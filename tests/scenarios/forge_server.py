"""The part of GitHub's and GitLab's interfaces that jobs use, on loopback."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "forge-token"
STRANGER = 7
BOT = 1


@dataclass
class ForgeServer:
    """``comments`` are (author, body) by number; ``merged`` the pull requests of commits."""

    url: str = ""
    comments: dict[int, tuple[int, str]] = field(default_factory=dict)
    merged: dict[str, list[int]] = field(default_factory=dict)
    opened: list[dict[str, Any]] = field(default_factory=list)

    def of_jobs(self) -> list[str]:
        """The comments that jobs wrote."""
        return [body for author, body in self.comments.values() if author == BOT]

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Returns what is answered, None for what is not there."""
        path, _, query = path.partition("?")
        if path == "/user":
            return {"id": BOT}
        if found := re.search(r"/commits/(\w+)/(pulls|merge_requests)$", path):
            numbers = self.merged.get(found[1], [])
            known = {"merged_at": "now", "state": "merged"}
            return [{"number": one, "iid": one, **known} for one in numbers]
        if re.search(r"/(issues|merge_requests)/\d+/(comments|notes)$", path):
            return self._write(None, body) if method == "POST" else self._listed()
        if found := re.search(r"/(?:comments|notes)/(\d+)$", path):
            return self._write(int(found[1]), body)
        if re.search(r"/(pulls|merge_requests)$", path):
            return self._requests(method, query, body)
        return None

    def _listed(self) -> list[dict[str, Any]]:
        return [
            {
                "id": number,
                "body": body,
                "user": {"type": "Bot" if author == BOT else "User"},
                "author": {"id": author},
            }
            for number, (author, body) in self.comments.items()
        ]

    def _write(self, number: int | None, body: dict[str, Any]) -> Any:
        if number is None:
            number = len(self.comments) + 1
        assert len(body["body"]) <= 65_536, "GitHub answers 422"
        self.comments[number] = (BOT, body["body"])
        return {"id": number}

    def _requests(self, method: str, query: str, body: dict[str, Any]) -> Any:
        if method == "POST":
            self.opened.append(body)
            return body
        return self.opened


@contextmanager
def forge_server() -> Iterator[ForgeServer]:
    """Runs until the block ends."""
    forge = ForgeServer()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            tokens = (self.headers.get("Authorization"), self.headers.get("PRIVATE-TOKEN"))
            allowed = f"Bearer {TOKEN}" in tokens or TOKEN in tokens
            found = forge.answer(self.command, self.path, body) if allowed else None
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        do_GET = do_POST = do_PATCH = do_PUT = _do  # noqa: N815  (as the library has it)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        forge.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield forge
        server.shutdown()
