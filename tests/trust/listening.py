"""A service and a resolver that only listen: whatever reaches them has left."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme

ANSWER = b"HTTP/1.1 500 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@dataclass
class Heard:
    """What came: whole requests, over TLS or plain, and the names that were looked up."""

    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    lookups: list[str] = field(default_factory=list)

    @property
    def is_silent(self) -> bool:
        return not (self.requests or self.connections or self.lookups)

    def text(self) -> str:
        """All that was heard, to be looked through for what must not be in it."""
        return b"\n".join(self.requests).decode("latin-1") + "\n".join(self.lookups)

    def forget(self) -> None:
        self.requests.clear()
        self.lookups.clear()
        self.connections = 0


@dataclass
class Ears:
    """The ports of what listens; ``authority`` is the file of the certificates that it has."""

    heard: Heard
    plain: int
    secure: int
    resolver: int
    authority: str


@contextlib.contextmanager
def listening(folder: Path, names: list[str]) -> Iterator[Ears]:
    """Listens until the block ends, over TLS as any of ``names``."""
    heard = Heard()
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    file = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    with (
        socket.create_server(("127.0.0.1", 0)) as plain,
        socket.create_server(("127.0.0.1", 0)) as secure,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as resolver,
    ):
        resolver.bind(("127.0.0.1", 0))
        for target, arguments in (
            (_serve, (plain, None, heard)),
            (_serve, (secure, context, heard)),
            (_resolve, (resolver, heard)),
        ):
            threading.Thread(target=target, args=arguments, daemon=True).start()
        ports = [one.getsockname()[1] for one in (plain, secure, resolver)]
        yield Ears(heard, ports[0], ports[1], ports[2], str(file))
        for one in (plain, secure, resolver):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _serve(listener: socket.socket, context: ssl.SSLContext | None, heard: Heard) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listener.accept()
            heard.connections += 1
            with contextlib.suppress(OSError), connection:
                connection.settimeout(5)
                _answer(connection, context, heard)


def _answer(connection: socket.socket, context: ssl.SSLContext | None, heard: Heard) -> None:
    with contextlib.ExitStack() as stack:
        if context is not None:
            connection = stack.enter_context(context.wrap_socket(connection, server_side=True))
        heard.requests.append(connection.recv(1 << 20))
        connection.sendall(ANSWER)


def _resolve(resolver: socket.socket, heard: Heard) -> None:
    """Says of every name that it is 127.0.0.1."""
    with contextlib.suppress(OSError):
        while True:
            query, asker = resolver.recvfrom(2048)
            if not query:
                return
            heard.lookups.append(_name_in(query))
            head = query[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
            record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x7f\x00\x00\x01"
            resolver.sendto(head + query[12:] + record, asker)


def _name_in(query: bytes) -> str:
    labels, at = [], 12
    while size := query[at]:
        labels.append(query[at + 1 : at + 1 + size].decode("latin-1"))
        at += size + 1
    return ".".join(labels)


def asking(resolver: int) -> Any:
    """A ``getaddrinfo`` that asks the resolver for every name that is no address."""
    own = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *others: Any, **more: Any) -> Any:
        with contextlib.suppress(OSError, ValueError):
            socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
            return own(host, port, *others, **more)
        if host in (None, "localhost"):
            return own("127.0.0.1", port, *others, **more)
        address = look_up(host if isinstance(host, str) else host.decode(), resolver)
        return own(address, port, *others, **more)

    return getaddrinfo


def look_up(host: str, resolver: int) -> str:
    """The address of a name, by the resolver."""
    labels = host.encode("idna").rstrip(b".").split(b".")
    question = b"".join(bytes([len(one)]) + one for one in labels) + b"\0\0\x01\0\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(5)
        asker.sendto(b"rb\x01\0\0\x01\0\0\0\0\0\0" + question, ("127.0.0.1", resolver))
        answer = asker.recv(2048)
    return ".".join(map(str, struct.unpack("4B", answer[-4:])))
