"""Which URLs are talked to."""

from __future__ import annotations

import pytest

from rbsync.backends.redbrick.api.address import is_safe_upload, read_address
from rbsync.errors import UserError

LOCAL = read_address("http://localhost:8000")
REMOTE = read_address("")


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("", "https://api.redbrickai.com/graphql/"),
        ("https://api.redbrickai.com", "https://api.redbrickai.com/graphql/"),
        ("https://api.redbrickai.com/", "https://api.redbrickai.com/graphql/"),
        ("API.RedbrickAI.com", "https://api.redbrickai.com/graphql/"),
        ("https://api.redbrickai.com/some/path", "https://api.redbrickai.com/graphql/"),
        ("https://own.example.org", "https://own.example.org/api/graphql/"),
        ("https://own.example.org:8443/x/", "https://own.example.org:8443/api/graphql/"),
        ("own.example.org", "https://own.example.org/api/graphql/"),
        ("https://x.amazonaws.com/Stage", "https://x.amazonaws.com/stage/graphql/"),
        ("http://localhost:8000", "http://localhost:8000/graphql/"),
        ("http://localhost:8000/a/", "http://localhost:8000/a/graphql/"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/graphql/"),
        ("http://[::1]:8000", "http://[::1]:8000/graphql/"),
        ("https://localhost-evil.example.org/x", "https://localhost-evil.example.org/api/graphql/"),
        ("https://amazonaws.com.example.org/x", "https://amazonaws.com.example.org/api/graphql/"),
    ],
)
def test_a_url_is_rewritten_as_the_services_client_does(url: str, endpoint: str) -> None:
    assert read_address(url).endpoint == endpoint


@pytest.mark.parametrize(
    "url",
    [
        "http://api.redbrickai.com",
        "http://example.org",
        "http://localhost.example.org",
        "http://localhost-evil.example",
        "http://127.0.0.1.example.org",
        "http://127.0.0.2",
        "http://evil.example/?localhost",
        "http://user@localhost:8000",
        "https://localhost@evil.example",
        "https://key:secret@api.redbrickai.com",
        "https://api.redbrickai.com/?a=b",
        "https://api.redbrickai.com/#x",
        "ftp://localhost",
        "https://",
        "https://x:99999",
        "https://[::1",
    ],
)
def test_an_unsafe_url_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="cannot be used") as raised:
        read_address(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "from_local", "from_remote"),
    [
        ("https://bucket.s3.amazonaws.com/k?sig=1", True, True),
        ("http://localhost:9000/k", True, False),
        ("http://127.0.0.1/k", True, False),
        ("http://bucket.example/k", False, False),
        ("file:///etc/passwd", False, False),
        ("https:///k", False, False),
        ("http://[", False, False),
    ],
)
def test_bytes_are_sent_to_safe_places_only(url: str, from_local: bool, from_remote: bool) -> None:
    assert is_safe_upload(url, LOCAL) is from_local
    assert is_safe_upload(url, REMOTE) is from_remote
