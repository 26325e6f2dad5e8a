"""Allowed webhook destinations: https to public addresses only. The module is pure; DNS lookup is done elsewhere.

A URL is matched by a strict pattern and not parsed, so that no later reader can find another host in it. Addresses are
checked at every attempt.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from msgspec import Struct

from contracts.refusals import Invalid

URL_LENGTH_MAX = 500
HTTPS_PORT = 443
NAME_LENGTH_MAX = 253
PORT_MAX = 65_535
LOOPBACK = "localhost"

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# Labels of letters, digits and hyphens (RFC 1123). The last one begins with a letter, because resolvers read names
# such as `0x7f.1` and `2130706433` as numbers.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])?"
# Path and query of RFC 3986: no fragment, user, brackets, backslash or space.
_TARGET = r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*"
_URL = re.compile(rf"https://(?P<host>{_NAME}|{LOOPBACK})(?::(?P<port>[0-9]{{1,5}}))?(?P<target>{_TARGET})?\Z")

# The special-purpose registries of IANA (RFC 6890), with those that `ipaddress.is_global` of some Pythons allows.
DENIED: Sequence[Network] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; metadata at Alibaba
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a public number that is internal on every machine at Azure
        "169.254.0.0/16",  # link-local; metadata at most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata at Oracle
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64: any IPv4 address, also 169.254.169.254
        "64:ff9b:1::/48",  # locally assigned NAT64
        "100::/64",  # discarded
        "100:0:0:1::/64",  # dummy prefix
        "2001::/23",  # Teredo, benchmarks, ORCHID and other protocols
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # private; metadata at AWS
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)
# Used instead of Python's `is_loopback`, which differs between versions of Python.
_LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
# All space allocated to hosts so far; new allocations are added after review.
_UNICAST = IPv6Network("2000::/3")


class Bounds(Struct, frozen=True, kw_only=True):
    """The operator's limits: allowed hosts, denied networks, and for tests loopback.

    If `allowed` is not empty, a host must be in it or a subdomain of one. With `loopback`, the name `localhost`, its
    addresses and every port are also allowed.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[Network, ...] = ()
    loopback: bool = False


class Destination(Struct, frozen=True, kw_only=True):
    """The parts of a URL; `target` is path and query."""

    host: str
    port: int
    target: str


def destination_of(url: str, bounds: Bounds) -> Destination:
    """Return the destination of a URL. Raises Invalid if it is not allowed.

    Only `https://<name>/<path>?<query>` on port 443 is allowed: no user, address, or fragment.
    """
    host_end = url.find("/", len("https://"))
    lowered = url.lower() if host_end < 0 else url[:host_end].lower() + url[host_end:]
    found = _URL.match(lowered) if len(url) <= URL_LENGTH_MAX else None
    if found is None:
        raise Invalid("webhook-url-invalid")
    host, port = found["host"], int(found["port"] or HTTPS_PORT)
    strict = host != LOOPBACK and port == HTTPS_PORT
    if len(host) > NAME_LENGTH_MAX or not (strict or (bounds.loopback and 0 < port <= PORT_MAX)):
        raise Invalid("webhook-url-invalid")
    if bounds.allowed and not any(host == one or host.endswith(f".{one}") for one in bounds.allowed):
        raise Invalid("webhook-host-denied")
    return Destination(host=host, port=port, target=found["target"] or "/")


def may_connect(address: Address, bounds: Bounds) -> bool:
    """Check whether an address is public, in no denied range, and not in the operator's denied networks."""
    if bounds.loopback and _within(address, _LOOPBACK) and not _within(address, bounds.denied):
        return True
    return (
        address.is_global
        and not _within(address, DENIED)
        and not _within(address, bounds.denied)
        and (isinstance(address, IPv4Address) or (address in _UNICAST and address.scope_id is None))
    )


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)
