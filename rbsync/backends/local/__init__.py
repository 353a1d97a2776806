"""The embedded project: a folder with a database of tasks and a store of files."""

from rbsync.backends.local.backend import LocalBackend

__all__ = ["LocalBackend"]
