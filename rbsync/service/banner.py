"""The address and key of the service, ready to be pasted."""

from __future__ import annotations

from typing import Any

from rbsync.service.service import Service


def url_of(host: str, port: int) -> str:
    """The service's address. The vendor's SDK takes plain HTTP from ``localhost`` only."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{'localhost' if host in ('127.0.0.1', '::1', '0.0.0.0') else shown}:{port}"  # noqa: S104  (it is only shown)


def manifest_block(service: Service, url: str) -> str:
    """The ``backend:`` of a manifest."""
    # Without the key: a manifest is committed, and everybody reads it.
    return "\n".join(
        (
            "backend:",
            "  kind: redbrick",
            f"  url: {url}",
            f"  org_id: {service.org_id}",
            f"  project_id: {service.project_id}",
        )
    )


def as_json(service: Service, url: str, *, with_key: bool) -> dict[str, Any]:
    """The same for programs, with the key where it is not known yet."""
    place = {"url": url, "org_id": service.org_id, "project_id": service.project_id}
    return {**place, "api_key": service.settings.api_key} if with_key else place
