"""What stands before and behind the service: each answer has a class, a hint, and its trace."""

from __future__ import annotations

import pytest

from rbsync.backends.redbrick.http.bucket_redirects import elsewhere
from rbsync.backends.redbrick.http.network_errors import status_failure
from rbsync.backends.redbrick.http.transport import Reply

PAGE = b"<!DOCTYPE html><title>Blocked</title><script>x()</script><h1>Web Filter</h1>"
CLOUDFLARE = {"Server": "cloudflare", "cf-ray": "8a1b-FRA"}


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "sent", "words"),
    [
        (403, {}, b'{"message": "no"}', "auth", False, "the key is not allowed"),
        (403, {"Server": "AkamaiGHost"}, PAGE, "quota", False, 'page: "Blocked Web Filter"'),
        (403, {"Server": "AkamaiGHost"}, PAGE, "quota", False, "server: AkamaiGHost"),
        (403, {**CLOUDFLARE, "cf-mitigated": "challenge"}, PAGE, "quota", False, "a browser"),
        (403, CLOUDFLARE, b"error code: 1015", "throttled", False, "limits the rate"),
        (429, CLOUDFLARE, b"error code: 1015", "throttled", False, "cf-ray 8a1b-FRA"),
        (413, {}, PAGE, "quota", False, "too large for a gateway"),
        (460, {"Server": "awselb/2.0"}, b"", "transient", True, "server: awselb/2.0"),
        (502, {}, PAGE, "transient", True, "the service failed, or its gateway"),
        (504, {"x-amzn-requestid": "7"}, b"{}", "transient", True, "x-amzn-requestid 7"),
        *[(one, CLOUDFLARE, PAGE, "transient", True, "cf-ray") for one in (520, 524)],
        *[(one, CLOUDFLARE, PAGE, "transient", False, "cf-ray") for one in (521, 522, 523, 525)],
        (526, CLOUDFLARE, PAGE, "transient", False, "does not trust"),
        (500, {}, b"{}", "transient", True, "the service failed"),
    ],
)
def test_each_has_its_class_and_says_who_answered(
    status: int, headers: dict[str, str], body: bytes, kind: str, sent: bool, words: str
) -> None:
    found = status_failure(status, "api.example.org", headers, body=body)
    assert (found.kind, found.sent, found.status) == (kind, sent, status)
    assert words in str(found)
    traces = [one for one in headers if one in ("cf-ray", "x-amzn-requestid")]
    assert str(found).endswith("]") == bool(traces)
    assert found.hint
    assert "x()" not in str(found)


S3 = "https://b.s3.amazonaws.com/k/one.png?X-Amz-Signature=1"
FRANKFURT = "https://b.s3.eu-central-1.amazonaws.com/k/one.png?X-Amz-Signature=1"


@pytest.mark.parametrize(
    ("target", "is_followed"),
    [
        (FRANKFURT, True),
        ("https://s3.eu-central-1.amazonaws.com/b/k/one.png?X-Amz-Signature=1", True),
        ("https://b.s3-eu-west-1.amazonaws.com/k/one.png", True),
        (FRANKFURT.replace("https", "http"), False),
        (FRANKFURT.replace("//b.", "//c."), False),
        (FRANKFURT.replace("one", "two"), False),
        ("https://b.s3.eu-central-1.amazonaws.com.evil.example/k/one.png", False),
        ("https://evil.example/b.s3.amazonaws.com/k/one.png", False),
        ("https://me:you@b.s3.eu-central-1.amazonaws.com/k/one.png", False),
        ("http://localhost/k/one.png", False),
        ("", False),
        ("https://[", False),
    ],
)
def test_a_bucket_is_followed_to_its_region_and_nowhere_else(
    target: str, is_followed: bool
) -> None:
    for status in (307, 308):
        reply = Reply(status, {"Location": target}, b"")
        assert elsewhere(S3, reply) == (target if is_followed else None)
    assert elsewhere(S3, Reply(302, {"Location": FRANKFURT}, b"")) is None
