"""The words for what went wrong at a bucket, without what a library says of it.

Its messages have whole addresses, and those of Azure have signatures that open a container.
"""

from __future__ import annotations

import re

from rbsync.files.bucket_listings import BucketError

_STATUS = re.compile(r"(?:status(?: code)?:?|error) (\d{3})\b", re.IGNORECASE)
_CODE = re.compile(r"<Code>([A-Za-z]{1,60})</Code>")
_STATUSES = {"PermissionDeniedError": "403", "UnauthenticatedError": "401", "NotFoundError": "404"}
_REFUSED = "the service refuses to list it"
_REFUSED_HINT = "ask whose bucket it is for the right to list it, or use other credentials"
_LATER = "nothing of it is deleted; plan again when it answers"


def fault_of(error: Exception, prefix: str) -> BucketError:
    """An exception of the library as what is told of a prefix."""
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    said = ", ".join([*(status.groups() if status else ()), *(code.groups() if code else ())])
    beside = f" ({said})" if said else ""
    number = status[1] if status else _STATUSES.get(type(error).__name__, "")
    if number in ("401", "403"):
        return BucketError(prefix, _REFUSED + beside, _REFUSED_HINT)
    if number == "404":
        return BucketError(prefix, f"there is no such bucket{beside}", "check the bucket's name")
    if "credential" in text.lower():
        return BucketError(prefix, "the credentials could not be had", _REFUSED_HINT)
    if status:
        return BucketError(prefix, f"a page of the listing failed{beside}", _LATER)
    if "timed out" in text:
        return BucketError(prefix, "it does not answer in time", _LATER)
    if "Path " in text and ("segment" in text or "parse" in text.lower()):
        hint = "a key has an empty part, as in `a//b`, or `.` or `..`: list prefixes without it"
        return BucketError(prefix, "a key of it is no path", hint)
    if type(error).__name__ == "PreconditionError":
        return BucketError(prefix, "it was written anew while it was read", _LATER)
    return BucketError(prefix, "its service could not be reached", _LATER)
