"""Over the proxies of the environment: what the proxy sees, and what the host behind it gets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from rbsync.backends.redbrick.http.transport import Transport
from rbsync.errors import BackendError
from tests.backends.redbrick.http.test_redbrick_pool import Host
from tests.proxies import forget_proxies

PASSWORD = "proxy-authorization: Basic c29tZW9uZTpwYXNzdzByZA=="


class SecureHost(Host):
    """A host that speaks TLS."""

    def __init__(self, certificate: ssl.SSLContext) -> None:
        self._certificate = certificate
        super().__init__()
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            super()._serve(self._certificate.wrap_socket(connection, server_side=True))


def tunnel(connection: socket.socket, head: bytes) -> None:
    """Carries bytes both ways, as a proxy does after CONNECT."""
    host, _, port = head.split(b" ")[1].decode().rpartition(":")
    with socket.create_connection((host, int(port)), 5) as there:
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        back = threading.Thread(target=carry, args=(there, connection))
        back.start()
        carry(connection, there)
        back.join()


def carry(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(autouse=True)
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forget_proxies(monkeypatch)
    authority.cert_pem.write_to_path(tmp_path / "authorities.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authorities.pem"))


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


@pytest.fixture
def hosts(certificate: ssl.SSLContext) -> Iterator[Callable[..., Host]]:
    made: list[Host] = []

    def host(*, secure: bool = False) -> Host:
        made.append(SecureHost(certificate) if secure else Host())
        return made[-1]

    yield host
    for one in made:
        one.close()


def with_password(url: str) -> str:
    return url.replace("://", "://someone:passw0rd@")


def lines(head: bytes) -> list[str]:
    return head.decode().split("\r\n")


def get(transport: Transport, url: str) -> bytes:
    return transport.send("GET", url, {}, seconds=5).body


@pytest.mark.parametrize("secure", [False, True])
def test_a_signed_address_passes_a_proxy_byte_for_byte(
    hosts: Callable[..., Host],
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    secure: bool,
) -> None:
    proxy = hosts(secure=secure)
    monkeypatch.setenv("http_proxy", with_password(proxy.url))
    assert [get(transport, "http://h.example:81/a%2fb?sig=%2b+") for _ in range(2)] == [b"ok"] * 2
    first, *others = lines(proxy.heads[0])
    assert first == "GET http://h.example:81/a%2fb?sig=%2b+ HTTP/1.1"
    assert "Host: h.example:81" in others
    assert PASSWORD in others
    assert proxy.connections == 1


@pytest.mark.parametrize("secure", [False, True])
def test_over_a_tunnel_the_host_gets_the_request_and_the_proxy_its_password(
    hosts: Callable[..., Host],
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    secure: bool,
) -> None:
    host, proxy = hosts(secure=True), hosts(secure=secure)
    proxy.answers = [tunnel]
    monkeypatch.setenv("https_proxy", with_password(proxy.url))
    assert [get(transport, f"{host.url}/a%2fb?sig=%2b") for _ in range(2)] == [b"ok"] * 2
    (asked,) = map(lines, proxy.heads)
    assert asked[0].startswith(f"CONNECT {host.url.removeprefix('https://')} HTTP/1.")
    assert PASSWORD in asked
    for head in host.heads:
        assert head.startswith(b"GET /a%2fb?sig=%2b HTTP/1.1\r\n")
        assert b"passw0rd" not in head
        assert b"proxy-authorization" not in head.lower()
    assert host.connections == 1


def test_a_tunnel_that_is_refused_is_said_of_the_proxy(
    hosts: Callable[..., Host], transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = hosts()
    proxy.answers = [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"]
    monkeypatch.setenv("https_proxy", with_password(proxy.url))
    with pytest.raises(BackendError) as raised:
        get(transport, "https://h.example/a?sig=1")
    assert str(raised.value) == (
        "h.example: the proxy does not let us through "
        "(HTTP 407: it wants a user name and a password)"
    )
    assert not raised.value.sent


def test_a_host_that_nobody_vouches_for_is_refused_behind_a_tunnel_too(
    hosts: Callable[..., Host], transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, proxy = hosts(secure=True), hosts()
    proxy.answers = [tunnel]
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(BackendError, match="no secure connection") as raised:
        get(transport, f"{host.url}/a?sig=1")
    assert not raised.value.sent
    assert host.heads == []


def test_a_proxy_that_nobody_vouches_for_is_told_nothing(
    hosts: Callable[..., Host], transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = hosts(secure=True)
    monkeypatch.setenv("http_proxy", with_password(proxy.url))
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(BackendError, match="the proxy does not let us through") as raised:
        get(transport, "http://h.example/a?sig=1")
    assert not raised.value.sent
    assert proxy.heads == []


def test_a_tunnel_has_the_deadline_of_the_request(
    hosts: Callable[..., Host], transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    proxy = hosts()

    def wait(*_: object) -> None:
        over.wait(20)

    proxy.answers = [wait]
    monkeypatch.setenv("https_proxy", proxy.url)
    with pytest.raises(BackendError, match="no answer in time") as raised:
        transport.send("GET", "https://h.example/a", {}, seconds=0.3)
    over.set()
    assert not raised.value.sent
