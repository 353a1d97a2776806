"""A file system in user space with one folder of files, as sshfs and its like are to the kernel.

Source: the kernel's include/uapi/linux/fuse.h, protocol 7.31.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

DEVICE = Path("/dev/fuse")
_IN, _OUT = struct.Struct("<IIQQIIII"), struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<6Q10I")
_ROOT = 1


class _Op(IntEnum):
    """What the kernel asks for."""

    LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE = 1, 2, 3, 14, 15, 17, 18
    FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR, BATCH_FORGET = 25, 26, 27, 28, 29, 42


class UserFolder:
    """Serves files by name; they may be added while it is mounted."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self._since = int(time.time()) - 60

    def serve(self, device: int) -> None:
        """Answers the kernel until the folder is unmounted."""
        while True:
            try:
                request = os.read(device, 1 << 20)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                continue
            _, opcode, unique, node, *_ = _IN.unpack_from(request)
            if opcode in (_Op.FORGET, _Op.BATCH_FORGET):
                continue
            answer = self._answer(opcode, node, request[_IN.size :])
            failed = -answer if isinstance(answer, int) else 0
            data = b"" if isinstance(answer, int) else answer
            os.write(device, _OUT.pack(_OUT.size + len(data), failed, unique) + data)

    def _answer(self, opcode: int, node: int, body: bytes) -> bytes | int:
        """The bytes of an answer, or the number of an error."""
        names = sorted(self.files)
        match opcode:
            case _Op.INIT:
                limits = (1 << 16, 0, 16, 12, 1 << 16, 1, 16, 0, 0)
                return struct.pack("<IIIIHHIIHHI28x", 7, 31, *limits)
            case _Op.LOOKUP:
                name = body.rstrip(b"\0").decode()
                if name not in self.files:
                    return errno.ENOENT
                found = names.index(name) + 2
                return struct.pack("<QQQQII", found, 0, 0, 0, 0, 0) + self._attributes(found)
            case _Op.GETATTR:
                return struct.pack("<QII", 0, 0, 0) + self._attributes(node)
            case _Op.OPEN | _Op.OPENDIR:
                return struct.pack("<QII", 0, 0, 0)
            case _Op.READ:
                _, offset, size = struct.unpack_from("<QQI", body)
                return self.files[names[node - 2]][offset : offset + size]
            case _Op.READDIR:
                _, offset, _ = struct.unpack_from("<QQI", body)
                return b"" if offset else b"".join(map(_entry, range(2, 2 + len(names)), names))
            case _Op.STATFS:
                return struct.pack("<5QIIII24x", 0, 0, 0, 0, 0, 4096, 255, 4096, 0)
            case _Op.RELEASE | _Op.FLUSH | _Op.RELEASEDIR:
                return b""
            case _:
                return errno.ENOSYS

    def _attributes(self, node: int) -> bytes:
        is_root = node == _ROOT
        size = 0 if is_root else len(self.files[sorted(self.files)[node - 2]])
        mode = stat.S_IFDIR | 0o755 if is_root else stat.S_IFREG | 0o644
        times = [self._since] * 3
        return _ATTRIBUTES.pack(node, size, 0, *times, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def _entry(node: int, name: str) -> bytes:
    data = name.encode()
    head = struct.pack("<QQII", node, node, len(data), stat.S_IFREG >> 12)
    return head + data.ljust(-(-len(data) // 8) * 8, b"\0")


@contextmanager
def mounted(place: Path, files: Mapping[str, bytes]) -> Iterator[None]:
    """Mounts files at a folder while the block runs. Raises OSError where that is not allowed."""
    device = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"rbsync", bytes(place), b"fuse", 0, options.encode()):
        number = ctypes.get_errno()
        os.close(device)
        raise OSError(number, os.strerror(number))
    server = threading.Thread(target=UserFolder(files).serve, args=(device,), daemon=True)
    server.start()
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        server.join()
        os.close(device)
