"""What stands between rbsync and the service is found, and told with the next step."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rbsync.backends.redbrick.api.credentials import read_credentials
from rbsync.backends.redbrick.checkup import Checkup
from rbsync.backends.redbrick.http.transport import Transport
from rbsync.checks import Check
from rbsync.errors import BackendError
from tests.proxies import forget_proxies
from tests.service.serving import KEY, ORG, PROJECT

Answer = Callable[[socket.socket], None]
DATE = b"Date: Mon, 02 Jan 2023 03:04:05 GMT\r\n"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_proxies(monkeypatch)


@contextmanager
def host(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A host that answers everything alike; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with contextlib.suppress(OSError):
                        secure = context and context.wrap_socket(connection, server_side=True)
                        one = secure or connection
                        one.recv(1 << 16)
                        one.sendall(answer)
                        one.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def http(status: str, body: bytes = b"{}", *more: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nServer: a firewall\r\n".encode()
    return head + b"".join(more) + b"\r\n" + body


def last(url: str, environment: dict[str, str] | None = None) -> Check:
    """The check at which it ends."""
    known = {"RBSYNC_API_KEY": KEY} if environment is None else environment
    checkup = Checkup(url, ORG, PROJECT, lambda: read_credentials(environment=known, url=url))
    *_, found = checkup.checks()
    return found


@pytest.mark.parametrize(
    ("answer", "found", "hint"),
    [
        (
            http("200 OK", b"<html><h1>Sign in</h1>"),
            "a web page, '<html><h1>Sign in</h1>'",
            "proxy",
        ),
        (http("403 Forbidden", b" <p>blocked by policy"), "HTTP 403", "login page"),
        (
            http("302 Found", b"", b"Location: http://portal/\r\n"),
            "leads on to http://portal/",
            "url",
        ),
        (http("407 Proxy", b"no"), "wants a user and a password", "HTTPS_PROXY"),
        (http("404 Not Found", b"nothing here"), "'nothing here'", "url"),
        (http("502 Bad Gateway", b"upstream"), "HTTP 502", "url"),
        (b"SSH-2.0-OpenSSH\r\n", "the answer is not HTTP", ""),
    ],
)
def test_what_answers_in_place_of_the_service_is_told(answer: bytes, found: str, hint: str) -> None:
    with host(answer) as port:
        one = last(f"http://localhost:{port}")
    assert (one.name, one.verdict) == ("line", "failed")
    assert found in one.found
    assert hint in one.hint
    if answer.startswith(b"HTTP") and b"407" not in answer:
        assert "from a firewall" in one.found


def test_a_closed_port_and_a_wrong_host_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert last(f"http://localhost:{port}").found == "localhost: nothing answers there"
    assert "cannot be resolved" in last("https://nowhere.invalid").found
    assert last("http://example.org").name == "address"


def certificate(authority: trustme.CA, name: str, **options: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **options).configure_cert(context)  # type: ignore[arg-type]
    return context


@pytest.mark.parametrize(
    ("name", "options", "known", "found"),
    [
        ("localhost", {}, False, "unable to get local issuer certificate"),
        ("other.example", {}, True, "Hostname mismatch"),
        ("localhost", {"not_after": dt.datetime(2020, 1, 1)}, True, "has expired"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told(
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    options: dict[str, object],
    known: bool,
    found: str,
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "authorities.pem")
    if known:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authorities.pem"))
    with host(http("200 OK"), certificate(authority, name, **options)) as port:
        one = last(f"https://localhost:{port}")
    assert (one.name, one.verdict) == ("line", "failed")
    assert found in one.found
    assert "REQUESTS_CA_BUNDLE" in one.hint


def test_a_certificate_that_signs_itself_is_told(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "both.pem").write_bytes(private + made.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with host(http("200 OK"), context) as port:
        one = last(f"https://localhost:{port}")
    assert (one.name, one.verdict) == ("line", "failed")
    assert "self-signed certificate" in one.found
    assert "REQUESTS_CA_BUNDLE" in one.hint


@pytest.mark.parametrize(("apart", "way"), [(3600, "ahead of"), (-3600, "behind")])
def test_a_clock_that_is_off_by_an_hour_is_told_with_the_next_step(apart: int, way: str) -> None:
    date = formatdate(time.time() - apart, usegmt=True).encode()
    with host(http("200 OK", b"{}", b"Date: " + date + b"\r\n")) as port:
        url, known = f"http://localhost:{port}", {"RBSYNC_API_KEY": KEY}
        checkup = Checkup(url, ORG, PROJECT, lambda: read_credentials(environment=known, url=url))
        (found,) = [one for one in checkup.checks() if one.name == "clock"]
    assert found.verdict == "warning"
    assert found.found == f"this machine is 60 minutes {way} the service"
    assert found.hint.startswith("set the clock")


def test_authorities_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/file.pem")
    one = last("https://localhost:1")
    assert (one.name, one.found) == (
        "certificates",
        "REQUESTS_CA_BUNDLE names /no/such/file.pem, which is not there",
    )


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (http("407 Proxy Authentication Required"), "HTTP 407: it wants a user name"),
        (http("403 Forbidden"), "(HTTP 403)"),
    ],
)
def test_a_proxy_that_refuses_a_tunnel_says_why(
    monkeypatch: pytest.MonkeyPatch, answer: bytes, found: str
) -> None:
    with host(answer) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:passw0rd@127.0.0.1:{port}")
        url = "https://api.example.org"
        checkup = Checkup(url, ORG, PROJECT, lambda: read_credentials(environment={}))
        checks = list(checkup.checks())
    assert checks[1].found == f"127.0.0.1:{port}"
    assert (checks[-1].name, checks[-1].verdict) == ("line", "failed")
    assert found in checks[-1].found
    assert "passw0rd" not in str(checks)


def test_a_closed_proxy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    one = last("https://api.example.org")
    assert "does not let us through (nothing answers at its address)" in one.found
    assert "HTTPS_PROXY" in one.hint
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    assert "(its own name cannot be resolved)" in last("https://api.example.org").found


@pytest.mark.parametrize(
    ("key", "found"),
    [("", "no API key"), ("short", "this one has 5 characters")],
)
def test_a_key_that_is_none_is_told_before_it_is_sent(key: str, found: str) -> None:
    environment = {"RBSYNC_API_KEY": key, "HOME": "/nowhere"}
    with host(http("200 OK", b"{}", DATE)) as port:
        one = last(f"http://localhost:{port}", environment)
    assert (one.name, one.verdict) == ("API key", "failed")
    assert found in one.found or found in one.hint


def test_a_clock_that_differs_is_a_warning_and_of_a_key_two_letters_are_told() -> None:
    with host(http("200 OK", b"{}", DATE)) as port:
        url = f"http://localhost:{port}"
        known = {"RBSYNC_API_KEY": KEY}
        checkup = Checkup(url, ORG, PROJECT, lambda: read_credentials(environment=known, url=url))
        checks = {one.name: one for one in checkup.checks()}
    assert checks["clock"].verdict == "warning"
    assert "ahead of the service" in checks["clock"].found
    assert checks["API key"].found.startswith(f"43 characters, …{KEY[-2:]}, from ")
    assert KEY not in str(checks)


def test_a_host_that_takes_no_connection_has_a_deadline_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A firewall that drops packets says nothing, however long it is waited for."""
    monkeypatch.setattr("rbsync.backends.redbrick.http.transport.CONNECT_SECONDS", 0.2)
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # Nobody accepts: once the queue is full, further connections are not even refused.
        for _ in range(4):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        transport = Transport()
        url = f"http://127.0.0.1:{full.getsockname()[1]}/"
        with pytest.raises(BackendError, match="it cannot be reached in time") as caught:
            transport.send("GET", url, {}, seconds=3600.0)
        assert not caught.value.sent
        transport.close()
