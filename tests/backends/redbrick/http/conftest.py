"""Certificates for hosts on this machine."""

from __future__ import annotations

import ssl

import pytest
import trustme


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """One that no system knows."""
    return trustme.CA()


@pytest.fixture
def certificate(authority: trustme.CA) -> ssl.SSLContext:
    """Of localhost; the authority's own certificate is sent with it."""
    issued = authority.issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain = b"".join(one.bytes() for one in [*issued.cert_chain_pems, authority.cert_pem])
    with trustme.Blob(issued.private_key_pem.bytes() + chain).tempfile() as path:
        context.load_cert_chain(path)
    return context
