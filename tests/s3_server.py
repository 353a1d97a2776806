"""An S3 server of the tests' own, moto's, in its own process, that can be filled and disturbed.

``python -m tests.s3_server PORT BUCKET COUNT`` serves a bucket of so many objects till it is ended.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import parse_qs

PAGE = 100
"""Keys of a page: a thousand, as usual, would need ten times as many objects to see the same."""

ACCESS, SECRET, TOKEN = "AKIACANARYOFACCESS", "canary-of-the-secret", "canary-of-the-session"

Fault = Literal[
    "fails",
    "fails later",
    "cut short",
    "refuses",
    "no bucket",
    "endless",
    "web page",
    "guests' page",
    "unreadable",
    "elsewhere",
    "slow down",
    "too many",
    "expires later",
    "clock",
]
_REFUSALS: Mapping[Fault | None, tuple[str, str]] = {
    "fails": ("500 Internal Server Error", "InternalError"),
    "fails later": ("500 Internal Server Error", "InternalError"),
    "refuses": ("403 Forbidden", "AccessDenied"),
    "no bucket": ("404 Not Found", "NoSuchBucket"),
    "elsewhere": ("301 Moved Permanently", "PermanentRedirect"),
    "slow down": ("503 Slow Down", "SlowDown"),
    "too many": ("429 Too Many Requests", "TooManyRequests"),
    "expires later": ("400 Bad Request", "ExpiredToken"),
    "clock": ("403 Forbidden", "RequestTimeTooSkewed"),
}
_ACCOUNT = "123456789012"


class S3Server:
    """A running server, whose objects are written past its HTTP, which takes long."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.url: str = self._answer()["url"]

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which a client finds it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": TOKEN,
            "AWS_REGION": "us-east-1",
        }

    def keep_versions(self, bucket: str) -> None:
        """Has a bucket keep what is deleted or written anew, behind a marker or a new version."""
        self._tell("keep versions", bucket)

    def put(self, bucket: str, objects: Mapping[str, str | bytes]) -> None:
        """Writes objects by their keys; makes the bucket."""
        every = [
            (key, (one.encode() if isinstance(one, str) else one).hex())
            for key, one in objects.items()
        ]
        self._tell("put", bucket, every)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        self._tell("delete", bucket, list(keys))

    def disturb(self, faults: Mapping[str, Fault]) -> None:
        """Has the listings of some prefixes go wrong, and of no others."""
        self._tell("disturb", dict(faults))

    def asked(self) -> list[str]:
        """The requests since it was asked before: method and path with its query."""
        requests: list[str] = self._tell("asked")["asked"]
        return requests

    def _tell(self, *command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the server is gone"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def started() -> Iterator[S3Server]:
    """A server that ends with the block."""
    environment = {**os.environ, "MOTO_S3_DEFAULT_MAX_KEYS": str(PAGE)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.s3_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        try:
            yield S3Server(process)
        finally:
            process.kill()


class _Disturbed:
    """The application, with faults in some of its listings."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.faults: dict[str, Fault] = {}
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        text = environ["QUERY_STRING"]
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{text}")
        query = parse_qs(text)
        prefix = query.get("prefix", [""])[0]
        fault = self.faults.get(prefix if "list-type" in query else environ["PATH_INFO"])
        later = "continuation-token" in query
        page = fault or self._fault_before(environ)
        if page == "unreadable" and "list-type" not in query:
            return _refused(start, *_REFUSALS["refuses"])
        if page in ("web page", "guests' page"):
            status = "200 OK" if fault or page == "web page" else "403 Forbidden"
            body = f"<html><body>Sign in to the guests' network {SECRET}</body></html>"
            return _answered(start, status, "text/html", body.encode())
        if fault in _REFUSALS and (later or "later" not in str(fault)):
            return _refused(start, *_REFUSALS[fault])
        if fault == "cut short":
            return self._cut(environ, start)
        if fault == "endless" and later:
            # A proxy that leaves out what it does not know gives the first page for ever.
            environ["QUERY_STRING"] = re.sub(r"continuation-token=[^&]*&?", "", text)
        answer: Iterable[bytes] = self._app(environ, start)
        return answer

    def _fault_before(self, environ: Mapping[str, str]) -> Fault | None:
        """What goes wrong with a prefix that an object lies below."""
        key = environ["PATH_INFO"].split("/", 2)[-1]
        return next((it for one, it in self.faults.items() if key.startswith(one)), None)

    def _cut(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """A page that does not say how the listing goes on."""
        told: list[Any] = []
        body = b"".join(self._app(environ, lambda *given: told.extend(given[:2])))
        body = re.sub(rb"<NextContinuationToken>.*?</NextContinuationToken>", b"", body)
        headers = [one for one in told[1] if one[0].lower() != "content-length"]
        start(told[0], [*headers, ("Content-Length", str(len(body)))])
        return [body]


def _refused(start: Any, status: str, code: str) -> Iterable[bytes]:
    body = f"<Error><Code>{code}</Code><Message>{SECRET}</Message></Error>".encode()
    return _answered(start, status, "application/xml", body)


def _answered(start: Any, status: str, kind: str, body: bytes) -> Iterable[bytes]:
    start(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def _made(port: int) -> tuple[Any, _Disturbed]:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
            pass

    app = _Disturbed(DomainDispatcherApplication(create_backend_app))
    return make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet), app


def _put(bucket: str, objects: Iterable[tuple[str, str]]) -> None:
    from moto.s3.models import s3_backends

    backend = s3_backends[_ACCOUNT]["aws"]
    if bucket not in backend.buckets:
        backend.create_bucket(bucket, "us-east-1")
    for key, content in objects:
        backend.put_object(bucket, key, bytes.fromhex(content))


def _delete(bucket: str, keys: Iterable[str]) -> None:
    from moto.s3.models import s3_backends

    for key in keys:
        s3_backends[_ACCOUNT]["aws"].delete_object(bucket, key)


def _keep_versions(bucket: str) -> None:
    from moto.s3.models import s3_backends

    s3_backends[_ACCOUNT]["aws"].put_bucket_versioning(bucket, "Enabled")


def _say(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


def _serve(port: int = 0, bucket: str = "", count: str = "0") -> None:
    server, app = _made(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if bucket:
        _put(bucket, ((f"{at // 1000:04d}/{at:07d}.png", f"{at:08x}") for at in range(int(count))))
    _say(url=f"http://127.0.0.1:{server.server_port}")
    for line in sys.stdin:
        answer: dict[str, Any] = {}
        match json.loads(line):
            case ["put", name, objects]:
                _put(name, objects)
            case ["delete", name, keys]:
                _delete(name, keys)
            case ["keep versions", name]:
                _keep_versions(name)
            case ["disturb", faults]:
                app.faults = faults
            case ["asked"]:
                answer, app.asked = {"asked": app.asked}, []
            case unknown:
                answer = {"unknown": unknown}
        _say(**answer)
    # Without anybody at its input it serves until it is ended.
    threading.Event().wait()


if __name__ == "__main__":
    _serve(*(int(one) if at == 0 else one for at, one in enumerate(sys.argv[1:])))  # type: ignore[arg-type]
