"""Files at presigned addresses: what is allowed, what is not, and in bounded memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from rbsync.service.refusal import RefusalError
from rbsync.service.signing import Permission, Signer
from tests.service import documents
from tests.service.serving import KEY, REDBRICK, SMALL, Client, NearClient, serving

MIB = 1 << 20
ROOT = Path(__file__).parents[2]


def test_a_file_is_put_and_got(client: Client) -> None:
    path = client.upload(b"some bytes")
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[path])
    answer = requests.get(address, timeout=20)
    assert (answer.status_code, answer.content) == (200, b"some bytes")
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_empty_file_is_a_file(client: Client) -> None:
    path = client.upload(b"")
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[path])
    assert requests.get(address, timeout=20).content == b""


def test_a_body_may_come_in_chunks(client: NearClient) -> None:
    place = client.place()
    headers = {"Content-Type": "image/png"}
    pieces = iter([b"a" * MIB, b"b" * MIB])
    sent = requests.put(place["presignedUrl"], pieces, headers=headers, timeout=20)
    assert sent.status_code == 200
    assert client.service.uploads.find([place["filePath"]])[place["filePath"]].size == 2 * MIB


def test_what_was_packed_is_given_back_packed(client: Client) -> None:
    place = client.place()
    client.put(place, b"packed", **{"Content-Encoding": "gzip"})
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[place["filePath"]])
    answer = requests.get(address, timeout=20, stream=True)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.raw.read(decode_content=False) == b"packed"


def test_azure_headers_are_no_matter(client: Client) -> None:
    assert client.put(client.place(), b"x", **{"x-ms-blob-type": "BlockBlob"}).status_code == 200


def test_a_second_put_takes_the_place_of_the_first(client: Client) -> None:
    place = client.place()
    client.put(place, b"first")
    client.put(place, b"second")
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[place["filePath"]])
    assert requests.get(address, timeout=20).content == b"second"


@pytest.mark.parametrize("name", ["a b.png", "größe?.png", "100%25.png", "日本.png", "a#b&c=d.png"])
def test_names_need_no_care(client: Client, name: str) -> None:
    path = client.upload(b"named", name)
    assert path.endswith("/" + name)
    (address,) = client.ask("presignItems", storageId=REDBRICK, items=[path])
    assert requests.get(address, timeout=20).content == b"named"


def test_names_lead_nowhere(client: Client) -> None:
    place = client.place("../../../etc/passwd")
    assert place["filePath"].count("/") == 3
    assert ".." not in place["filePath"]
    assert client.put(place, b"x").status_code == 200


def test_equal_names_get_different_paths(client: Client) -> None:
    types = ["image/png"] * 2
    items = client.ask("itemsUploadPresign", files=["a.png", "a.png"], fileType=types)["items"]
    assert items[0]["filePath"] != items[1]["filePath"]
    assert [one["fileName"] for one in items] == ["a.png", "a.png"]


def test_there_is_no_address_for_what_is_not_there(client: Client) -> None:
    path = client.upload(b"x")
    items = [None, "no/such.png", path, "https://example.org/a.png"]
    found = client.ask("presignItems", storageId=REDBRICK, items=items)
    assert [one is None for one in found] == [True, True, False, False]
    assert found[3] == items[3]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda url: url.replace("signature=", "signature=0"), "signature"),
        (lambda url: url.split("&signature=")[0], "signature"),
        (lambda url: url.replace("expires=", "expires=9"), "signature"),
        (lambda url: url.replace("image%2Fpng", "text%2Fhtml"), "signature"),
        (lambda url: url.replace("one.png", "two.png"), "signature"),
        (lambda url: url.split("?")[0], "signature"),
        (lambda url: url.replace("expires=", "expires=x"), "signature"),
    ],
)
def test_a_changed_address_is_worth_nothing(
    client: Client, change: Callable[[str], str], reason: str
) -> None:
    place = client.place()
    place["presignedUrl"] = change(place["presignedUrl"])
    type_ = "text/html" if "text%2Fhtml" in place["presignedUrl"] else "image/png"
    answer = client.put(place, b"x", **{"Content-Type": type_})
    assert answer.status_code == 403
    assert reason in answer.text


def test_an_address_to_put_is_not_one_to_get(client: Client) -> None:
    place = client.place()
    client.put(place, b"x")
    assert requests.get(place["presignedUrl"], timeout=20).status_code == 403


@pytest.mark.parametrize("given", ["text/html", "image/jpeg", ""])
def test_the_type_is_the_presigned_one(client: Client, given: str) -> None:
    answer = client.put(client.place(), b"x", **{"Content-Type": given})
    assert answer.status_code == 403
    assert "image/png" in answer.text


def test_an_address_expires(folder: Path) -> None:
    with serving(folder, address_seconds=-1) as client:
        answer = client.put(client.place(), b"x")
    assert (answer.status_code, answer.text) == (403, "the address has expired\n")


def test_addresses_of_another_service_are_worth_nothing() -> None:
    permission = Permission("PUT", "a/b.png", "image/png")
    address = Signer(60).address("http://localhost:1", permission)
    query = dict(pair.split("=") for pair in address.split("?")[1].split("&"))
    query["type"] = "image/png"
    with pytest.raises(RefusalError):
        Signer(60).check("PUT", "a/b.png", query)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_file_over_the_limit_is_refused_and_gone(folder: Path, chunked: bool) -> None:
    with serving(folder, limits=SMALL) as client:
        place = client.place()
        body = b"x" * (SMALL.file + MIB)
        try:
            sent = requests.put(
                place["presignedUrl"],
                iter([body]) if chunked else body,
                headers={"Content-Type": "image/png"},
                timeout=20,
            )
            assert sent.status_code == 413
        except requests.ConnectionError:
            pass  # the service stopped listening before all was sent
        _eventually(lambda: not stored(folder))
        assert client.ask("presignItems", storageId=REDBRICK, items=[place["filePath"]]) == [None]


def test_half_a_file_is_no_file(client: Client, folder: Path) -> None:
    place = client.place()

    def half() -> Iterator[bytes]:
        yield b"x" * MIB
        raise InterruptedError

    with pytest.raises(requests.ConnectionError):
        client.put(place, half())
    _eventually(lambda: not stored(folder))
    assert client.ask("presignItems", storageId=REDBRICK, items=[place["filePath"]]) == [None]


def test_large_files_pass_through_in_little_memory(tmp_path: Path) -> None:
    """In a process of its own, whose memory is looked at from outside."""
    size = 192 * MIB
    block = bytes(range(256)) * 4096
    command = [sys.executable, "-m", "tests.service.serve_here"]
    with subprocess.Popen(
        [*command, str(tmp_path / "project")], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            known = json.loads(process.stdout.readline())
            before = _peak(process.pid)
            client = _Asking(known)
            place = client.ask("itemsUploadPresign", files=["a.png"], fileType=["image/png"])
            url, path = place["items"][0]["presignedUrl"], place["items"][0]["filePath"]
            blocks = (block for _ in range(size // len(block)))
            headers = {"Content-Type": "image/png"}
            assert requests.put(url, blocks, headers=headers, timeout=60).status_code == 200
            (address,) = client.ask("presignItems", storageId=REDBRICK, items=[path])
            assert _sha(address) == hashlib.sha256(block * (size // len(block))).hexdigest()
            assert _peak(process.pid) - before < 48 * MIB
        finally:
            process.terminate()


class _Asking:
    def __init__(self, known: dict[str, str]) -> None:
        self._known = known

    def ask(self, name: str, **variables: object) -> Any:
        text = documents.text(name)
        ids = {"orgId": self._known["org_id"], "projectId": self._known["project_id"]}
        given = {key: value for key, value in ids.items() if f"${key}:" in text} | variables
        body = {"query": text, "variables": given}
        url, headers = self._known["url"] + "/graphql/", {"ApiKey": KEY}
        return requests.post(url, json=body, headers=headers, timeout=20).json()["data"][name]


def _sha(address: str) -> str:
    found = hashlib.sha256()
    with requests.get(address, stream=True, timeout=60) as answer:
        for piece in answer.iter_content(MIB):
            found.update(piece)
    return found.hexdigest()


def _peak(pid: int) -> int:
    """The most memory that a process had, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    raise AssertionError


def stored(folder: Path) -> list[Path]:
    return [one for one in (folder / "blobs").rglob("*") if one.is_file()]


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
