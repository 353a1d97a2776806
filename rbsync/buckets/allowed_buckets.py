"""Opens buckets with what the trusted side says: which may be asked, where, and as whom."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from rbsync.buckets.exact_keys import exact_pages, nobody
from rbsync.buckets.prefixes import Bucket
from rbsync.buckets.signing_in import google_options, microsoft_options, s3_options
from rbsync.files.bucket_listings import BucketError, BucketSetupError
from rbsync.model.bucket_paths import BucketPath, split
from rbsync.trust import Trust
from rbsync.trust.hosts import LOOPBACK
from rbsync.version import VERSION

_INSTALL = "pip install 'rbsync[buckets]'"
_RETRIES: Any = {
    "max_retries": 4,
    "retry_timeout": timedelta(seconds=60),
    "backoff": {
        "init_backoff": timedelta(milliseconds=200),
        "max_backoff": timedelta(seconds=5),
        "base": 2,
    },
}


def open_bucket(root: str, trust: Trust, environ: Mapping[str, str] = os.environ) -> Bucket:
    """Opens a bucket. Nothing is asked yet.

    Raises BucketSetupError for one that is not allowed, and without credentials or the library;
    BucketError where nobody may be asked.
    """
    place = split(root)
    if trust.untrusted:
        raise BucketError(root, "nobody was asked, for the manifest is a stranger's")
    # Whoever writes a manifest would else have the runner's credentials list any bucket.
    if not trust.allows_bucket(place.bucket):
        raise BucketSetupError(root, "its bucket is not allowed", _allow_hint(place, trust))
    try:
        import obstore.store
    except ImportError:
        reason = "that needs the library obstore, which is not installed"
        raise BucketSetupError(root, reason, _INSTALL) from None
    kind, options = _KINDS[place.scheme]
    given = options(root, trust.endpoints, environ)
    endpoint = given.get("endpoint") or given.get("base_url") or ""
    client = {
        "timeout": timedelta(seconds=60),
        "connect_timeout": timedelta(seconds=10),
        "user_agent": f"rbsync/{VERSION}",
        "allow_http": _may_be_plain(root, endpoint),
    }
    try:
        store = getattr(obstore.store, kind)(
            place.bucket, client_options=client, retry_config=_RETRIES, **given
        )
    except Exception as error:
        # Its words may repeat a key that cannot be read.
        reason = f"its settings in the environment are wrong ({type(error).__name__})"
        raise BucketSetupError(root, reason) from None
    exact = exact_pages(place.bucket, given) if place.scheme == "s3://" else nobody
    return Bucket(store, root, exact)


_Options = Callable[[str, Mapping[str, str], Mapping[str, str]], dict[str, Any]]

_KINDS: Mapping[str, tuple[str, _Options]] = {
    "s3://": ("S3Store", s3_options),
    "gs://": ("GCSStore", google_options),
    "az://": ("AzureStore", microsoft_options),
}


def _allow_hint(place: BucketPath, trust: Trust) -> str:
    name = place.bucket
    return (
        f"if it may be listed as you: --allow-bucket {name}, RBSYNC_BUCKETS={name}, or "
        f'`buckets = ["{name}"]` in {trust.config}'
    )


def _may_be_plain(root: str, endpoint: str) -> bool:
    """Tells whether a bucket is at this machine. Raises BucketSetupError for one that is neither
    there nor reached by https, and for an endpoint that is no address."""
    if endpoint and not _is_address(endpoint):
        # The library ends the whole program for `localhost:9000`, at its first request.
        hint = "write it as https://HOST, or as http://localhost:PORT for one of this machine"
        raise BucketSetupError(root, "its endpoint is not the address of a service", hint)
    if not endpoint.lower().startswith("http://"):
        return False
    if urlsplit(endpoint).hostname in LOOPBACK:
        return True
    hint = "begin it with https://; only this machine may be asked without"
    raise BucketSetupError(root, "its endpoint is not reached by https", hint)


def _is_address(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        # A port that is no number, or too large, raises when it is asked for.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
