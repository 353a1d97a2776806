"""Extension points: what is built in, one line each, and what installed distributions add."""

from rbsync.plugins.point import ExtensionPoint, incomplete

__all__ = ["ExtensionPoint", "incomplete"]
