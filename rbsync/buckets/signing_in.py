"""The credentials and endpoints of buckets, from where each vendor's own tools have them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from rbsync.files.bucket_listings import BucketSetupError

Environ = Mapping[str, str]

_NONE = "no credentials for it were found"
_SIGN_IN = {
    "s3": "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws configure` makes "
    "a profile. For a public bucket: AWS_SKIP_SIGNATURE=true",
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`. For "
    "a public bucket: GOOGLE_SKIP_SIGNATURE=true",
    "az": "set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or another of its "
    "variables (AZURE_CLIENT_ID for a managed identity). For a public container: "
    "AZURE_SKIP_SIGNATURE=true",
}
_WAIT = 1.0
"""Seconds for the machine's own service of credentials, which is at hand or not there."""


def s3_options(root: str, endpoints: Mapping[str, str], environ: Environ) -> dict[str, Any]:
    """As `botocore` finds them: environment, profiles, sign-ins, roles, the machine's own.

    Raises BucketSetupError.
    """
    try:
        import botocore.session
    except ImportError:
        hint = "pip install 'rbsync[buckets]'"
        raise BucketSetupError(root, "botocore is not installed", hint) from None
    session = botocore.session.Session()
    profile: dict[str, Any] = {}
    try:
        profile = session.get_scoped_config()
    except Exception as error:
        raise BucketSetupError(root, f"{_NONE}: {type(error).__name__}", _SIGN_IN["s3"]) from None
    found = (
        endpoints.get("s3")
        or environ.get("AWS_ENDPOINT_URL_S3")
        or environ.get("AWS_ENDPOINT_URL")
        or profile.get("endpoint_url", "")
    )
    region = session.get_config_variable("region") or environ.get("AWS_REGION") or "us-east-1"
    options: dict[str, Any] = {"region": region}
    if found:
        options |= {"endpoint": found, "virtual_hosted_style_request": False}
    if _is_on(environ, "AWS_SKIP_SIGNATURE"):
        return {**options, "skip_signature": True}
    return {**options, "credential_provider": _provider(root, session)}


def _provider(root: str, session: Any) -> Any:
    """Gives the credentials of a session each time that they are asked for."""
    try:
        credentials = session.get_credentials()
    except Exception as error:
        raise BucketSetupError(root, f"{_NONE}: {type(error).__name__}", _SIGN_IN["s3"]) from None
    if credentials is None:
        raise BucketSetupError(root, _NONE, _SIGN_IN["s3"])

    def give() -> dict[str, Any]:
        from datetime import UTC, datetime, timedelta

        frozen = credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            # It asks again then, and botocore knows whether they are to be renewed.
            "expires_at": datetime.now(UTC) + timedelta(minutes=10),
        }

    return give


_ADC = ".config/gcloud/application_default_credentials.json"
_GOOGLE = ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH", "GOOGLE_SERVICE_ACCOUNT_KEY")


def google_options(root: str, endpoints: Mapping[str, str], environ: Environ) -> dict[str, Any]:
    """As Google's tools find them. Raises BucketSetupError."""
    found = endpoints.get("gs") or environ.get("STORAGE_EMULATOR_HOST", "")
    options: dict[str, Any] = {"base_url": found} if found else {}
    if _is_on(environ, "GOOGLE_SKIP_SIGNATURE"):
        return {**options, "skip_signature": True}
    named = (*_GOOGLE, "GOOGLE_APPLICATION_CREDENTIALS")
    own = os.path.join(environ.get("HOME") or os.path.expanduser("~"), _ADC)
    if any(map(environ.get, named)) or os.path.exists(own):
        return options
    if not _is_on(environ, "NO_GCE_CHECK") and _answers("metadata.google.internal"):
        return options
    raise BucketSetupError(root, _NONE, _SIGN_IN["gs"])


_MICROSOFT = (
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_MASTER_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_TOKEN",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_USE_AZURE_CLI",
    "AZURE_CLIENT_ID",
    "AZURE_STORAGE_CLIENT_ID",
    "IDENTITY_ENDPOINT",
    "MSI_ENDPOINT",
)


def microsoft_options(root: str, endpoints: Mapping[str, str], environ: Environ) -> dict[str, Any]:
    """As the library finds them in the environment. Raises BucketSetupError."""
    found = endpoints.get("az") or environ.get("AZURE_STORAGE_ENDPOINT", "")
    options: dict[str, Any] = {"endpoint": found} if found else {}
    if not environ.get("AZURE_STORAGE_ACCOUNT_NAME"):
        raise BucketSetupError(root, "no storage account is named", _SIGN_IN["az"])
    if _is_on(environ, "AZURE_SKIP_SIGNATURE"):
        return {**options, "skip_signature": True}
    # Many machines answer where Azure's identity service would be: one is used where it is named.
    if any(map(environ.get, _MICROSOFT)):
        return options
    raise BucketSetupError(root, _NONE, _SIGN_IN["az"])


def _answers(host: str) -> bool:
    """Tells whether the machine has a service of credentials."""
    try:
        socket.create_connection((host, 80), _WAIT).close()
    except OSError:
        return False
    return True


def _is_on(environ: Environ, name: str) -> bool:
    return environ.get(name, "").strip().lower() in ("1", "true", "yes", "on")
