"""Hosts of inner networks, in every spelling that some program takes for one."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbsync.trust.hosts import inner_kind

INNER = {
    "a loopback address": [
        "127.0.0.1", "127.255.0.3", "127.1", "127.0.1", "2130706433", "017700000001",
        "0x7f000001", "0x7f.1", "0177.0.0.1", "0177.0x0.0.1", "00000177.1", "127.0.0.1.",
        "::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1",
        "64:ff9b::127.0.0.1", "2002:7f00:1::", "0", "0.0.0.0", "::", "\uff11\uff12\uff17.0.0.1",
        "127\u30020\u30020\u30021", "%31%32%37.0.0.1", "\u2460\u2461\u2466.0.0.1",
        "127.0.0.1\u200b", "127.0\u00ad.0.1", "127.0.0.1%E2%80%8B", "127.0.0.\ufe0f1",
    ],
    "a loopback name": ["localhost", "LOCALHOST", "localhost.", "a.localhost", "ip6-localhost",
        "lo\u00adcalhost", "localhost\u2060", "loc\u034falhost"],
    "a metadata address": [
        "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "0xa9.254.0251.254",
        "169.254.43518", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200",
        "192.0.0.192",
    ],
    "a link-local address": ["169.254.0.1", "fe80::1", "fe80::1%25eth0", "fe80::1%eth0"],
    "a private address": [
        "10.0.0.1", "10.1", "010.0.0.1", "012.0.0.1", "172.16.0.1", "192.168.0.1", "192.168.257",
        "100.64.0.1", "fc00::1", "fd12:3456::1", "224.0.0.1", "255.255.255.255", "198.18.0.1",
    ],
    "a name of an inner network": ["metadata.google.internal", "metadata", "x.localdomain"],
}  # fmt: skip
OUTER = [
    "example.org", "datasets.redbrickai.com", "8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8",
    "10.example.org", "127.0.0.1.example.org", "localhost.example.org", "172.32.0.1", "11.0.0.1",
    "1.2.3.4.5", "4294967296", "0x1ffffffff", "xn--mnchen-3ya.de",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "host"), [(k, h) for k, hosts in INNER.items() for h in hosts])
def test_inside(kind: str, host: str) -> None:
    assert inner_kind(host) == kind


@pytest.mark.parametrize("host", OUTER)
def test_outside(host: str) -> None:
    assert inner_kind(host) == ""


@given(st.integers(0, 2**32 - 1), st.sampled_from(["dotted", "decimal", "hex", "octal", "mapped"]))
def test_every_spelling_of_an_address_means_the_same(number: int, spelling: str) -> None:
    address = ipaddress.IPv4Address(number)
    spelled = {
        "dotted": str(address),
        "decimal": str(number),
        "hex": hex(number),
        "octal": f"0{number:o}",
        "mapped": f"::ffff:{address}",
    }[spelling]
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert inner_kind(spelled)
    elif spelling != "octal":
        assert not inner_kind(spelled)
