"""Files arrive whole or not at all, and only where they were meant to."""

from __future__ import annotations

import gzip
import json
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rbsync.backends.base import LabelFile, LabelText
from rbsync.backends.redbrick.api.request_batching import RequestBatcher
from rbsync.backends.redbrick.backend import RedbrickBackend
from rbsync.errors import BackendError
from rbsync.files.body import FileBody
from rbsync.model.datapoint import SeriesSettings
from rbsync.model.fingerprint import digest
from tests.backends.redbrick.samples import PNG, draft
from tests.backends.redbrick.wire import SIGNATURE, Request, Wire, data, reply
from tests.hints.following import follows

MakeBody = Callable[..., FileBody]


def refused(backend: RedbrickBackend, body: FileBody) -> BackendError:
    with pytest.raises(BackendError) as raised:
        backend.upload(body, storage="redbrick")
    return raised.value


def test_a_file_is_put_where_the_service_says(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    content = PNG + os.urandom(3_000_000)
    opened = body(content)
    ref = backend.upload(opened, storage="redbrick")
    (presign,), (put,) = wire.of("itemsUploadPresignSDK"), wire.of("PUT")
    assert presign.variables["files"] == ["one.png"]
    assert presign.variables["fileType"] == ["image/png"]
    assert put.target == f"/put/0/one.png?X-Amz-Signature={SIGNATURE}&at=0"
    assert put.body == content
    assert put.headers["content-length"] == str(len(content))
    assert put.headers["content-type"] == "image/png"
    assert "content-encoding" not in put.headers
    assert "transfer-encoding" not in put.headers
    assert "apikey" not in put.headers
    assert opened.content() == digest(content)
    assert ref.endswith("/one.png")


@pytest.mark.parametrize(
    ("content", "name", "mime"),
    [
        (PNG, "a.png", "image/png"),
        (b"\xff\xd8\xff", "A.JPG", "image/jpeg"),
        (b"?", "a.dcm", "application/dicom"),
        (b"?", "a.nii", "application/octet-stream"),
        (b"\x1f\x8b", "a.nii.gz", "application/octet-stream"),
        (b"....ftypisom", "a.mp4", "video/mp4"),
        (b"?", "a.BMP", "image/bmp"),
        (b"?", "png", "image/png"),
    ],
)
def test_a_file_is_of_the_type_that_its_content_says(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, content: bytes, name: str, mime: str
) -> None:
    backend.upload(body(content, name), storage="redbrick")
    assert wire.of("itemsUploadPresignSDK")[0].variables["fileType"] == [mime]


@follows("files are sent to `storage: redbrick`; others take URLs or keys")
def test_a_file_is_sent_to_the_services_own_storage_alone(
    backend: RedbrickBackend, body: MakeBody
) -> None:
    with pytest.raises(BackendError) as raised:
        backend.upload(body(), storage="public")
    assert raised.value.hint == "files are sent to `storage: redbrick`; others take URLs or keys"
    assert backend.upload(body(), storage="redbrick")


def test_201_is_success_too(wire: Wire, backend: RedbrickBackend, body: MakeBody) -> None:
    wire.puts = [reply("", "201 Created")]
    assert backend.upload(body(), storage="redbrick")


def test_a_url_that_has_expired_is_replaced_once(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    wire.puts = [reply("<Error><Code>AccessDenied</Code></Error>", "403 Forbidden")]
    content = PNG + os.urandom(100_000)
    backend.upload(body(content), storage="redbrick")
    assert wire.operations() == ["itemsUploadPresignSDK", "PUT"] * 2
    assert wire.of("PUT")[1].body == content


def test_a_url_that_is_refused_twice_is_no_matter_of_the_key(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    wire.puts = [reply("", "403 Forbidden")] * 3
    error = refused(backend, body())
    assert (error.kind, error.status) == ("transient", 403)
    assert "clock" in error.hint
    assert len(wire.of("PUT")) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("400 Bad", "invalid"),
        ("401 No", "transient"),
        ("404 Not Found", "transient"),
        ("413 Large", "quota"),
        ("429 Slow", "throttled"),
        ("500 Oops", "transient"),
        ("503 Slow", "throttled"),
        ("302 Found", "transient"),
    ],
)
def test_a_storage_that_says_no(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, status: str, kind: str
) -> None:
    wire.puts = [reply("", status)]
    error = refused(backend, body())
    assert (error.kind, error.status) == (kind, int(status[:3]))
    assert len(wire.of("PUT")) == 1


@pytest.mark.parametrize(
    ("status", "code", "kind", "hint"),
    [
        ("400 Bad", "RequestTimeout", "transient", "the line is too slow"),
        ("503 Slow", "SlowDown", "throttled", "use fewer --jobs"),
        ("503 No", "ServiceUnavailable", "throttled", "use fewer --jobs"),
        ("400 Bad", "EntityTooLarge", "quota", "5 GB in one request"),
        ("200 OK", "InternalError", "transient", "try again later"),
        ("200 OK", "SlowDown", "throttled", "use fewer --jobs"),
        ("403 No", "RequestTimeTooSkewed", "transient", "set this machine's clock"),
        ("403 No", "SignatureDoesNotMatch", "transient", "the storage's region"),
    ],
)
def test_a_storage_that_says_why(
    wire: Wire,
    backend: RedbrickBackend,
    body: MakeBody,
    status: str,
    code: str,
    kind: str,
    hint: str,
) -> None:
    said = f"<Error><Code>{code}</Code></Error>"
    wire.puts = [reply(said, status, x_amz_request_id="4F")] * 2
    error = refused(backend, body())
    assert error.kind == kind
    assert f"{code}, x-amz-request-id 4F" in str(error)
    assert hint in error.hint


def test_a_bucket_that_is_in_another_region_is_followed_there_once(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    content = PNG + os.urandom(100_000)
    place = {
        "presignedUrl": f"{wire.url}/put/1?sig=1",
        "filePath": "o/1/a.png",
        "fileName": "a.png",
    }
    wire.answers["itemsUploadPresignSDK"] = {"itemsUploadPresign": {"items": [place]}}
    wire.puts = [reply("", "307 T", Location=f"{wire.url}/put/1?sig=1")]
    backend.upload(body(content), storage="redbrick")
    assert wire.operations() == ["itemsUploadPresignSDK", "PUT", "PUT"]
    assert [one.body == content for one in wire.of("PUT")] == [True, True]
    assert all("ApiKey" not in one.headers for one in wire.of("PUT"))


def test_a_storage_that_fails_with_200_is_no_success(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    wire.puts = [reply("<?xml version='1.0'?><Error><Code>InternalError</Code></Error>")]
    error = refused(backend, body())
    assert (error.kind, error.sent) == ("transient", True)
    assert str(error) == "localhost: the storage reports an error (HTTP 200, InternalError)"


@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
@pytest.mark.parametrize("start", ["", " \r\n\t", "\ufeff"])
def test_a_page_in_place_of_the_storages_answer_is_no_success(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, status: str, start: str
) -> None:
    wire.puts = [reply(f"{start}<!doctype html><title>Sign in</title>", status)]
    error = refused(backend, body())
    assert (error.kind, error.sent, error.status) == ("transient", True, int(status[:3]))
    assert str(error) == (
        "localhost: what came back is a web page, not the answer of a storage "
        f"(HTTP {error.status})"
    )
    assert error.hint == "a proxy or a login page may have answered instead"


@pytest.mark.parametrize("text", ["", " ", "OK", '{"etag": "<1>"}'])
def test_a_storage_may_say_something_with_its_success(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, text: str
) -> None:
    wire.puts = [reply(text)]
    assert backend.upload(body(), storage="redbrick")


def test_a_body_that_is_half_sent_is_never_sent_on(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    """The connection breaks within the body: one PUT, a failure, and a whole new one later."""
    taken: list[int] = []

    def early(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        taken.append(1)
        connection.close()

    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=lambda: early(listener.accept()[0]))
    thread.start()
    port = listener.getsockname()[1]
    place = {"presignedUrl": f"http://localhost:{port}/x?s=1", "filePath": "p", "fileName": "n"}
    wire.answers["itemsUploadPresignSDK"] = {"itemsUploadPresign": {"items": [place]}}
    content = PNG + os.urandom(20_000_000)
    opened = body(content)
    error = refused(backend, opened)
    thread.join()
    listener.close()
    assert (error.kind, error.sent, taken) == ("transient", True, [1])
    del wire.answers["itemsUploadPresignSDK"]
    backend.upload(opened, storage="redbrick")
    assert wire.of("PUT")[0].body == content
    assert opened.content() == digest(content)


def test_a_storage_that_answers_early_has_not_got_the_file(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        connection.recv(1000)
        connection.sendall(reply("", "413 Too Large"))
        time.sleep(0.3)
        connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"http://localhost:{listener.getsockname()[1]}/x"
    place = {"presignedUrl": url, "filePath": "p", "fileName": "n"}
    wire.answers["itemsUploadPresignSDK"] = {"itemsUploadPresign": {"items": [place]}}
    error = refused(backend, body(PNG + bytes(30_000_000)))
    thread.join()
    listener.close()
    assert error.kind in ("quota", "transient")


def test_a_file_that_shrinks_while_it_is_sent_is_changed(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, tmp_path: Path
) -> None:
    opened = body(PNG + bytes(5_000_000), "shrinks.png")
    (path,) = tmp_path.glob("*shrinks.png")
    os.truncate(path, 2_000_000)
    error = refused(backend, opened)
    assert (error.kind, error.sent) == ("changed", False)
    assert "shorter" in str(error)


def test_a_file_that_grows_is_sent_at_its_size(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, tmp_path: Path
) -> None:
    opened = body(PNG, "grows.png")
    (path,) = tmp_path.glob("*grows.png")
    path.write_bytes(PNG + b"more")
    backend.upload(opened, storage="redbrick")
    assert wire.of("PUT")[0].body == PNG


def test_a_file_that_cannot_be_read_is_no_failure_of_the_network(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = body()

    def broken(_: int = -1, /) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(opened, "read", broken)
    error = refused(backend, opened)
    assert str(error) == "one.png cannot be read: Input/output error"


def test_only_files_for_the_services_own_storage_are_uploaded(
    wire: Wire, backend: RedbrickBackend, body: MakeBody
) -> None:
    with pytest.raises(BackendError) as raised:
        backend.upload(body(), storage="public")
    assert raised.value.kind == "invalid"
    assert wire.requests == []


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://localhost/x", "x", "https://"])
def test_a_file_is_not_sent_to_an_unsafe_url(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, url: str
) -> None:
    place = {"presignedUrl": url, "filePath": "p", "fileName": "n"}
    wire.answers["itemsUploadPresignSDK"] = {"itemsUploadPresign": {"items": [place]}}
    refused(backend, body())
    assert wire.of("PUT") == []


@pytest.mark.parametrize("count", [0, 2])
def test_a_wrong_number_of_urls_is_refused(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, count: int
) -> None:
    place = {"presignedUrl": f"{wire.url}/x", "filePath": "p", "fileName": "n"}
    wire.answers["itemsUploadPresignSDK"] = {"itemsUploadPresign": {"items": [place] * count}}
    assert refused(backend, body()).kind == "transient"
    assert wire.of("PUT") == []


def test_presigns_of_many_threads_share_requests(
    wire: Wire, backend: RedbrickBackend, body: MakeBody, monkeypatch: pytest.MonkeyPatch
) -> None:
    normal = wire._pick
    all_ask = threading.Event()
    waiting = threading.Barrier(32, all_ask.set)

    def upload(one: FileBody) -> str:
        waiting.wait(60)
        return backend.upload(one, storage="redbrick")

    def slow(request: Request) -> object:
        if request.operation == "itemsUploadPresignSDK":
            all_ask.wait(60)
            time.sleep(0.05)
        return normal(request)

    monkeypatch.setattr(wire, "_pick", slow)
    bodies = [body(PNG + bytes([at]), f"{at}.png") for at in range(32)]
    with ThreadPoolExecutor(32) as pool:
        refs = list(pool.map(upload, bodies))
    assert len(set(refs)) == 32
    assert [ref.rpartition("/")[2] for ref in refs] == [f"{at}.png" for at in range(32)]
    assert len(wire.of("itemsUploadPresignSDK")) <= 12
    received = {one.target.split("?")[0].rpartition("/")[2]: one.body for one in wire.of("PUT")}
    assert received == {f"{at}.png": PNG + bytes([at]) for at in range(32)}


def test_equal_names_never_share_a_request() -> None:
    asked: list[Sequence[tuple[str, str]]] = []

    def ask(files: Sequence[tuple[str, str]]) -> list[str]:
        asked.append(files)
        time.sleep(0.01)
        return [name for name, _ in files]

    with ThreadPoolExecutor(16) as pool:
        batcher = RequestBatcher[str](ask)
        names = ["same", "other"] * 20
        assert list(pool.map(lambda name: batcher.get(name, "image/png"), names)) == names
    assert all(len({name for name, _ in files}) == len(files) for files in asked)


def test_equal_names_are_asked_for_side_by_side_and_others_gather_all_the_same() -> None:
    """Scans are often called alike: a question a file, but not one after another."""
    asked: list[int] = []
    under_way, eight = threading.Semaphore(7), threading.Event()

    def ask(files: Sequence[tuple[str, str]]) -> list[str]:
        asked.append(len(files))
        # Nobody gets an answer before eight questions are under way.
        if not under_way.acquire(blocking=False):
            eight.set()
        eight.wait(60)
        time.sleep(0.05)
        return [f"place of {name}" for name, _ in files]

    batcher = RequestBatcher[str](ask)
    names = ["same"] * 64 + [f"{at}" for at in range(64)]
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda name: batcher.get(name, "image/png"), names))
    assert answers == [f"place of {name}" for name in names]
    assert sum(asked) == 128
    assert len(asked) < 64 + 32
    assert eight.is_set()


def test_a_failed_presign_fails_all_that_asked_and_no_others() -> None:
    def ask(files: Sequence[tuple[str, str]]) -> list[str]:
        if files[0][0] == "bad":
            raise BackendError("no")
        return [name for name, _ in files]

    batcher = RequestBatcher[str](ask)
    for _ in range(3):
        with pytest.raises(BackendError, match="no"):
            batcher.get("bad", "")
        assert batcher.get("good", "") == "good"


def test_every_one_of_many_threads_gets_its_own_answer() -> None:
    asked: list[int] = []

    def ask(files: Sequence[tuple[str, str]]) -> list[str]:
        asked.append(len(files))
        if files[0][0].endswith("7"):
            raise BackendError("no")
        return [f"place of {name}" for name, _ in files]

    def get(at: int) -> bool:
        try:
            return batcher.get(f"{at}", "") == f"place of {at}"
        except BackendError:
            return True

    batcher = RequestBatcher[str](ask)
    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(get, range(5000)))
    assert sum(asked) == 5000


def test_more_than_a_thousand_labels_go_as_a_file(wire: Wire, backend: RedbrickBackend) -> None:
    label = {"category": [["object", "liver"]], "dicom": {"instanceid": 1}}
    for count in (1000, 1001):
        text = json.dumps([{**label, "volumeindex": 0} for _ in range(count)])
        backend.create([draft(str(count), labels=LabelText(text, count))])
    inline, beside = wire.of("createDatapointSDK")
    assert len(json.loads(inline.variables["labelsData"])) == 1000
    assert inline.variables["labelsDataPath"] is None
    (put,), (presign,) = wire.of("PUT"), wire.of("presignUploadsSDK")
    assert beside.variables["labelsData"] == "[]"
    assert beside.variables["labelsDataPath"].endswith(presign.variables["filesData"][0])
    assert len(json.loads(gzip.decompress(put.body))) == 1001
    assert put.headers["content-type"] == "application/json"
    assert put.headers["content-encoding"] == "gzip"
    assert put.headers["x-ms-blob-type"] == "BlockBlob"


def test_labels_of_a_megabyte_are_sent_as_a_file_however_few_they_are(
    wire: Wire, backend: RedbrickBackend
) -> None:
    long = [{"name": "note", "value": "x" * (1 << 20)}]
    text = json.dumps([{"attributes": long, "tasklevelclassify": True}])
    backend.create([draft(labels=LabelText(text, 1))])
    (create,) = wire.of("createDatapointSDK")
    assert create.variables["labelsData"] == "[]"
    (put,) = wire.of("PUT")
    assert gzip.decompress(put.body).decode() == text


def test_a_label_map_that_cannot_be_uploaded_leaves_nothing_created(
    wire: Wire, backend: RedbrickBackend
) -> None:
    label = {"category": [["object", "liver"]], "dicom": {"instanceid": 1}}
    text = LabelText(json.dumps([label]), 1, files=(LabelFile(0, b"map"),))
    wire.puts = [lambda request, connection: None]
    with pytest.raises(BackendError) as raised:
        backend.create([draft(labels=text)])
    assert (raised.value.kind, raised.value.sent) == ("transient", False)
    assert wire.of("createDatapointSDK") == []


def test_a_label_map_and_more_than_a_thousand_labels_are_two_files(
    wire: Wire, backend: RedbrickBackend
) -> None:
    label = {"category": [["object", "liver"]]}
    labels = [{**label, "dicom": {"instanceid": number}} for number in range(1, 1002)]
    text = LabelText(json.dumps(labels), len(labels), files=(LabelFile(0, b"map"),))
    backend.create([draft(labels=text)])
    (created,) = wire.of("createDatapointSDK")
    assert created.variables["labelsDataPath"].endswith("/data.json")
    assert created.variables["labelsMap"][0]["labelName"].endswith("/0.nii.gz")
    assert [put.body == b"map" for put in wire.of("PUT")] == [True, False]


def test_a_video_file_that_is_segmented_is_refused_before_anything_is_sent(
    wire: Wire, backend: RedbrickBackend
) -> None:
    label = {"category": [["object", "liver"]], "dicom": {"instanceid": 1}}
    labels = LabelText(json.dumps([label]), 1, files=(LabelFile(0, b"map"),))
    video = draft("vid", items=(("clip.mp4", "o/images/1/clip.mp4"),), storage="redbrick")
    two = video._replace(items=video.items * 2, series=(1, 1))
    for one in (video._replace(labels=labels), two):
        with pytest.raises(BackendError) as raised:
            backend.create([one])
        assert (raised.value.kind, raised.value.sent) == ("invalid", False)
        assert "a video file has neither series nor label maps" in str(raised.value)
    assert wire.of("PUT") == wire.of("itemListUploadPresignSDK") == []


@follows("give them to the datapoint, which has a name and metadata of its own")
def test_a_video_file_has_no_series_to_be_named(wire: Wire, backend: RedbrickBackend) -> None:
    video = draft("vid", items=(("clip.mp4", "o/images/1/clip.mp4"),), storage="redbrick")
    own = video.settings
    said = (SeriesSettings("arm", {"side": "left"}),)
    with pytest.raises(BackendError) as raised:
        backend.create([video._replace(settings=own._replace(series=said), series=(1,))])
    assert raised.value.kind == "invalid"
    assert raised.value.hint.startswith("give them to the datapoint, which has a name")
    assert wire.of("itemListUploadPresignSDK") == []
    backend.create([video._replace(settings=own._replace(metadata={"side": "left"}))])
    assert len(wire.of("itemListUploadSuccessSDK")) == 1


def test_labels_that_cannot_be_uploaded_leave_nothing_created(
    wire: Wire, backend: RedbrickBackend
) -> None:
    label = {"category": [["object", "liver"]], "dicom": {"instanceid": 1}, "volumeindex": 0}
    wire.puts = [lambda request, connection: None]
    with pytest.raises(BackendError) as raised:
        backend.create([draft(labels=LabelText(json.dumps([label] * 1001), 1001))])
    assert (raised.value.kind, raised.value.sent) == ("transient", False)
    assert wire.of("createDatapointSDK") == []


def test_a_large_file_is_sent_without_being_held_in_memory(
    wire: Wire, backend: RedbrickBackend, tmp_path: Path
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    size = 512 << 20

    def swallow() -> None:
        connection, _ = listener.accept()
        taken = bytearray(1 << 20)
        total = 0
        while total < size:
            count = connection.recv_into(taken)
            if not count:
                return
            total += count
        connection.sendall(reply())
        connection.close()

    thread = threading.Thread(target=swallow)
    thread.start()
    url = f"http://localhost:{listener.getsockname()[1]}/x"
    wire.answers["itemsUploadPresignSDK"] = data(
        itemsUploadPresign={"items": [{"presignedUrl": url, "filePath": "p", "fileName": "n"}]}
    )
    path = tmp_path / "large.nii"
    path.touch()
    os.truncate(path, size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with FileBody(os.open(path, os.O_RDONLY), "large.nii", "xxh3") as opened:
        backend.upload(opened, storage="redbrick")
    thread.join()
    listener.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10
