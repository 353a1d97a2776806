"""Exceptions of the libraries that speak to buckets, as what is told of a prefix."""

from __future__ import annotations

import re

from rbsync.files.bucket_listings import BucketError

ENDLESS = "the listing repeats itself and does not end"
SHORT_HINT = "nothing of it is deleted; plan again, and tell whose service it is when it stays so"
_STATUS = re.compile(r"(?:status(?: code)?:?|error) (\d{3})\b", re.IGNORECASE)
_CODE = re.compile(r"(?:<Code>|An error occurred \()([A-Za-z]{1,60})[<)]")
_STATUSES = {"PermissionDeniedError": "403", "UnauthenticatedError": "401", "NotFoundError": "404"}
_REFUSALS = ("AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch")
_REFUSED = "the service refuses to list it"
_REFUSED_HINT = "ask whose bucket it is for the right to list it, or use other credentials"
_LATER = "nothing of it is deleted; plan again when it answers"
_EXPIRED = ("the credentials have expired", "sign in again, and plan again")
_REGION = ("it is in another region", "set AWS_REGION to the region of the bucket")
_CLOCK = ("this machine's clock is wrong", "set the clock, and plan again")
_CODES = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "RequestTimeTooSkewed": _CLOCK,
}


_TYPES = {
    "PaginationError": (ENDLESS, SHORT_HINT),
    "PreconditionError": ("it was written anew while it was read", _LATER),
}


def is_told_by_service(error: Exception) -> bool:
    """Tells whether a refusal is in the words of a service of buckets, and no page of a proxy."""
    return _CODE.search(str(error)) is not None


# Its own words have whole addresses, and those of Azure have signatures that open a container.
def fault_of(error: Exception, prefix: str) -> BucketError:
    """An exception of the library as what is told of a prefix."""
    if type(error).__name__ in _TYPES:
        return BucketError(prefix, *_TYPES[type(error).__name__])
    text = str(error)
    status, code = _STATUS.search(text), _CODE.search(text)
    said = ", ".join([*(status.groups() if status else ()), *(code.groups() if code else ())])
    beside = f" ({said})" if said else ""
    number = status[1] if status else _STATUSES.get(type(error).__name__, "")
    if code and code[1] in _CODES:
        return BucketError(prefix, _CODES[code[1]][0] + beside, _CODES[code[1]][1])
    if "Received redirect" in text:
        return BucketError(prefix, *_CODES["PermanentRedirect"])
    if number in ("401", "403") or (code and code[1] in _REFUSALS):
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
        hint = "a key has an empty part, `.`, `..` or a control character: list prefixes without it"
        return BucketError(prefix, "a key of it is no path", hint)
    return BucketError(prefix, "its service could not be reached", _LATER)
