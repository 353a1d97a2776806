"""Microsoft's own emulator of its storage, from npm, which keeps blobs in its memory.

It is installed once, into the folder that ``RBSYNC_AZURITE`` names, else into pytest's cache. Run
as a program, this file installs it into the folder that is named.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient
from filelock import FileLock

from tests.registries import install, not_reached

REQUIREMENT = "azurite@3.35.0"
KEPT = os.environ.get("RBSYNC_AZURITE")
KEYS = {"hospital": "Y2FuYXJ5LW9mLXRoZS1ob3NwaXRhbA==", "elsewhere": "ZWxzZXdoZXJl"}
"""The keys of the two accounts."""

_SECONDS = 60
_RETRIES = ["--fetch-retries", "1", "--fetch-retry-mintimeout", "500"]
_OUT_OF_REACH = ("ENOTFOUND", "ECONNREFUSED", "ETIMEDOUT", "EAI_AGAIN", "network request")
_ADDRESS = re.compile(r"listens on (http://\S+)")


class Azurite:
    """A running emulator."""

    def __init__(self, url: str) -> None:
        self.url = url

    def environment(self, account: str = "hospital") -> dict[str, str]:
        """The variables by which a client finds an account."""
        return {
            "AZURE_STORAGE_ACCOUNT_NAME": account,
            "AZURE_STORAGE_ACCOUNT_KEY": KEYS[account],
            "AZURE_STORAGE_ENDPOINT": f"{self.url}/{account}",
        }

    def put(self, container: str, blobs: Mapping[str, str], account: str = "hospital") -> None:
        """Writes blobs by their keys; makes the container."""
        with self._client(account) as client:
            into = client.get_container_client(container)
            if not into.exists():
                into.create_container()
            for key, content in blobs.items():
                into.upload_blob(key, content, overwrite=True)

    def delete(self, container: str, keys: Iterable[str]) -> None:
        with self._client("hospital") as client:
            for key in keys:
                client.get_blob_client(container, key).delete_blob()

    def _client(self, account: str) -> BlobServiceClient:
        given = {"account_name": account, "account_key": KEYS[account]}
        return BlobServiceClient(f"{self.url}/{account}", credential=given)


@contextmanager
def started(config: pytest.Config) -> Iterator[Azurite]:
    """An emulator that ends with the block."""
    program = _installed(Path(KEPT) if KEPT else config.cache.mkdir("azurite-3.35.0"))
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    accounts = ";".join(f"{name}:{key}" for name, key in KEYS.items())
    with subprocess.Popen(
        ["node", program, "--blobPort", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "AZURITE_ACCOUNTS": accounts},
    ) as process:
        try:
            yield Azurite(_address(process))
        finally:
            process.kill()


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    told = b""
    while select.select([process.stdout], [], [], _SECONDS)[0]:
        piece = os.read(process.stdout.fileno(), 4096)
        told += piece
        if found := _ADDRESS.search(told.decode()):
            return found[1]
        if not piece:
            break
    raise AssertionError(f"the emulator does not start: {told.decode()}")


def _installed(folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    ready = folder / "ready"
    with FileLock(folder / "lock"):
        if not ready.exists():
            _install(folder)
            ready.write_text(REQUIREMENT)
    return str(folder / "node_modules/azurite/dist/src/blob/main.js")


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    # All that is tested with it is tested with the simulator of Azure too, which no registry has to
    # give: whoever is without npm's one can still land a change.
    if not npm:
        not_reached(
            "install Debian's packages `nodejs` and `npm`, as .ci/run does", is_needed=False
        )
    options = ["--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"]
    command = [npm, "install", *options, *_RETRIES, REQUIREMENT]
    reason = f"npm cannot reach its registry, so {REQUIREMENT} was not run"
    install(command, _OUT_OF_REACH, reason, is_needed=False)


if __name__ == "__main__":
    assert KEPT, "RBSYNC_AZURITE names no folder"
    _installed(Path(KEPT))
