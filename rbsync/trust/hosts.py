"""Hosts as they are written: which of them are this machine, or inside somebody's network.

Nothing is looked up here. A host is judged by its spelling alone, in all the spellings that
programs which fetch URLs are known to accept for an address.
"""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

# The only spellings of this machine that a key may be sent to. Others, such as 127.1 or
# ``localhost.``, mean the same to some programs and something else to others.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

_LOOPBACK_NAMES = ("localhost", "ip6-localhost", "ip6-loopback")
_INNER_NAMES = frozenset({"localdomain", "internal"})
_METADATA_NAMES = frozenset({"metadata", "instance-data"})
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})
_UNSEEN = frozenset({"Cf", "Cc", "Mn", "Me"})
# An IPv6 address in it is carried to an IPv4 one: 64:ff9b::7f00:1 may be this machine.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# They hand out the keys of a cloud machine to whoever asks from the inside.
_METADATA = frozenset(
    map(
        ipaddress.ip_address, ("169.254.169.254", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
    )
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=4096)
def inner_kind(host: str) -> str:
    """The kind of a host that only some network's inside reaches; empty for any other.

    ``host`` is as a URL has it, an IPv6 address without its brackets.
    """
    # Some programs read digits of full width, or in circles, as the plain ones.
    text = unicodedata.normalize("NFKC", unquote(host).translate(_DOTS)).lower()
    # Names of other scripts are looked up without what cannot be seen in them.
    if not text.isascii():
        text = "".join(one for one in text if unicodedata.category(one) not in _UNSEEN)
    text = text.rstrip(".")
    if not text:
        return "an empty host"
    if (text.startswith(_LOOPBACK_NAMES) and "." not in text) or text.endswith(".localhost"):
        return "a loopback name"
    if text in _METADATA_NAMES or text.rpartition(".")[2] in _INNER_NAMES:
        return "a name of an inner network"
    return next(filter(None, map(_kind, _addresses(text))), "")


def _kind(address: Address) -> str:
    if address in _METADATA:
        return "a metadata address"
    if address.is_loopback or address.is_unspecified:
        return "a loopback address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast or address.is_reserved or not address.is_global:
        return "a private address"
    return ""


def _addresses(text: str) -> Iterator[Address]:
    """The addresses that a host may be a spelling of, those inside of an IPv6 one included."""
    if ":" in text:
        try:
            # What follows a % names the interface of a link-local address.
            found = ipaddress.IPv6Address(text.strip("[]").partition("%")[0])
        except ValueError:
            return
        carried = list(_carried(found))
        yield from carried or [found]
        return
    # 010.0.0.1 is 8.0.0.1 to programs that read octal numbers, and 10.0.0.1 to those that do not.
    for octal in (True, False):
        number = _legacy_number(text.split("."), octal)
        if number is not None:
            yield ipaddress.IPv4Address(number)


def _carried(address: ipaddress.IPv6Address) -> Iterator[Address]:
    """The IPv4 addresses that a request to an IPv6 address may be carried to."""
    for one in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
        if one is not None:
            yield one
    if address in _NAT64 or 1 < int(address) < 1 << 32:
        yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def _legacy_number(parts: list[str], octal: bool) -> int | None:
    """The value of 1 to 4 numbers, of which the last fills what is left, as in `inet_aton`."""
    values = [_number(part, octal) for part in parts]
    if len(parts) > 4 or None in values:
        return None
    numbers = [value for value in values if value is not None]
    last = numbers.pop()
    if any(value > 255 for value in numbers) or last >= 256 ** (4 - len(numbers)):
        return None
    return sum(value << (24 - 8 * at) for at, value in enumerate(numbers)) + last


def _number(text: str, octal: bool) -> int | None:
    if not text.isascii() or len(text) > 40:
        return None
    try:
        if text.startswith("0x"):
            return int(text[2:] or "0", 16)
        if octal and text.startswith("0") and text.isdigit():
            return int(text, 8)
    except ValueError:
        return None
    return int(text) if text.isdigit() else None
