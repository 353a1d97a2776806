"""The file of the compiled kernel: that of this package, or one that this package hides."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from importlib.machinery import EXTENSION_SUFFIXES

_NAME = "_kernel"
_FOLDER = os.path.join("rbsync", "masks", "kernel")


def find() -> str:
    """The path of the compiled kernel; empty when this package was installed without one."""
    spec = importlib.util.find_spec(f"{__package__}.{_NAME}")
    return spec.origin or "" if spec else ""


def hidden() -> str:
    """The compiled kernel of another rbsync, installed where Python looks later; empty for none.

    Python finds the first package of a name. A source tree that one stands in is found before
    the installed package, and has no kernel unless it was built there.
    """
    if find():
        return ""
    own = os.path.dirname(os.path.abspath(__file__))
    folders = (os.path.abspath(os.path.join(one, _FOLDER)) for one in sys.path)
    others = (one for one in folders if one != own)
    files = (os.path.join(one, _NAME + suffix) for one in others for suffix in EXTENSION_SUFFIXES)
    return next(filter(os.path.isfile, files), "")


def warn_when_hidden() -> None:
    """Says once that masks take longer than they must; workers leave it to the main process."""
    from multiprocessing import parent_process

    # One warning and not one for each worker.
    if (file := hidden()) and parent_process() is None:
        here = os.path.dirname(os.path.abspath(__file__))
        message = (
            f"masks are read without the compiled kernel: {here} has none, and is found before "
            f"{os.path.dirname(file)}. Start rbsync in another folder, or run `pip install -e .` "
            "in this one"
        )
        warnings.warn(message, RuntimeWarning, stacklevel=2)
