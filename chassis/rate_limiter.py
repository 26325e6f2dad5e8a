"""Rate limits per caller and per organization, and per address for calls without a token.

Each process counts on its own. The limit protects the process's own connections to PostgreSQL; a shared counter would
cost a write per read there. With N replicas of a service a caller has up to N times the limit.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Protocol

from contracts.refusals import Refusal
from contracts.values import Caller, Role

CALLERS_MAX = 20_000
"""Maximum number of remembered callers of each kind. The least recently seen one is forgotten: its bucket is full."""

HOPS_MAX = 10
ADDRESSES_KEPT_MAX = 10_000
IPV6_PREFIX = 64
"""Prefix by which IPv6 addresses are counted, because a subscriber has a whole /64 and could change addresses."""

READING = {"GET", "HEAD", "OPTIONS"}
UNCOUNTED = {"/health/live", "/health/ready", "/metrics"}
"""Paths of probes, which are not counted: they are called every few seconds and most needed under load."""

IDENTITY = "entraide.identity"
"""Scope key of the Caller, or of the Refusal to raise on a route that requires one."""

_MINUTE_NS = 60 * 10**9

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class RateLimit:
    """Calls per minute on average, and the burst after a pause."""

    per_minute: int
    burst: int

    def times(self, callers: int) -> "RateLimit":
        return RateLimit(per_minute=self.per_minute * callers, burst=self.burst * callers)


WRITES = RateLimit(per_minute=60, burst=30)
READS = RateLimit(per_minute=600, burst=200)

ORGANIZATION_CALLERS = 10
"""The limit of an organization is that of this number of callers."""


@dataclass(frozen=True)
class Allowance:
    """What a bucket had for one call: the seconds to wait, 0 if it may be made, and what is left for others."""

    wait_seconds: float
    limit: int
    remaining: int
    full_seconds: float

    def headers(self) -> dict[bytes, bytes]:
        """The headers in which a caller sees its limit, the calls left, and after how many seconds it has all."""
        return {
            b"ratelimit-limit": b"%d" % self.limit,
            b"ratelimit-remaining": b"%d" % self.remaining,
            b"ratelimit-reset": b"%d" % math.ceil(self.full_seconds),
        }


class TokenBuckets:
    """A token bucket per caller, stored as the time at which it is full again (GCRA, ITU-T I.371)."""

    def __init__(self, allowance: RateLimit, *, callers_max: int = CALLERS_MAX) -> None:
        self._each_ns = _MINUTE_NS // allowance.per_minute
        self._burst = allowance.burst
        self._ahead_ns = self._each_ns * (allowance.burst - 1)
        self._callers_max = callers_max
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()

    def take(self, who: Hashable, now_ns: int) -> Allowance:
        """Take one token, if there is one."""
        full_at = max(self._full_at.get(who, 0), now_ns)
        early_ns = max(full_at - now_ns - self._ahead_ns, 0)
        if not early_ns:
            self._full_at[who] = full_at = full_at + self._each_ns
            self._full_at.move_to_end(who)
            if len(self._full_at) > self._callers_max:
                self._full_at.popitem(last=False)
        used_ns = full_at - now_ns
        remaining = max(self._burst - -(-used_ns // self._each_ns), 0)
        return Allowance(early_ns / 10**9, self._burst, remaining, used_ns / 10**9)


class TokenVerifier(Protocol):
    async def caller(self, authorization: str | None, acting: str | None) -> Caller: ...


class RateLimiter:
    """Identifies and counts callers. Calls without a valid token never delay or evict a caller."""

    def __init__(
        self,
        verifier: TokenVerifier,
        *,
        writes: RateLimit = WRITES,
        reads: RateLimit = READS,
        trusted_proxies: Sequence[Network] = (),
    ) -> None:
        self._verifier = verifier
        self._trusted_proxies = trusted_proxies
        self._callers = {True: TokenBuckets(reads), False: TokenBuckets(writes)}
        self._organizations = {
            True: TokenBuckets(reads.times(ORGANIZATION_CALLERS)),
            False: TokenBuckets(writes.times(ORGANIZATION_CALLERS)),
        }
        self._addresses = {True: TokenBuckets(reads), False: TokenBuckets(writes)}

    async def take(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> tuple[object, Allowance | None]:
        """Count a call; return the caller (or the Refusal that explains why there is none), and what it has left.

        Services are not counted: their loops limit their own calls, and a fact must not wait. Probes are neither
        identified nor counted.
        """
        if scope["path"] in UNCOUNTED:
            return None, None
        who = await self._identified(headers)
        reading = scope["method"] in READING
        if isinstance(who, Caller):
            return who, None if who.role is Role.SERVICE else self._allowance_of(who, reading, time.monotonic_ns())
        return who, self._addresses[reading].take(self.address(scope, headers), time.monotonic_ns())

    def _allowance_of(self, who: Caller, reading: bool, now_ns: int) -> Allowance:
        """The narrower one of the caller and its organization."""
        own = self._callers[reading].take((who.person_id, who.organization, who.role), now_ns)
        if own.wait_seconds:
            return own
        shared = self._organizations[reading].take(who.organization, now_ns)
        return shared if shared.wait_seconds or shared.remaining < own.remaining else own

    def address(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> str:
        """The client address of a call."""
        return address_of(scope.get("client"), headers, self._trusted_proxies)

    async def _identified(self, headers: Mapping[bytes, bytes]) -> Caller | Refusal:
        authorization, acting = headers.get(b"authorization"), headers.get(b"acting-as")
        try:
            return await self._verifier.caller(
                None if authorization is None else str(authorization, "latin-1"),
                None if acting is None else str(acting, "latin-1"),
            )
        except Refusal as refusal:
            return refusal


def address_of(peer: Sequence[Any] | None, headers: Mapping[bytes, bytes], trusted: Sequence[Network]) -> str:
    """The client address: that of the peer, or the nearest hop that a trusted proxy names in `X-Forwarded-For`.

    Headers from untrusted addresses are ignored. IPv6 addresses are reduced to their /64.
    """
    if not peer:
        return "local"
    said = headers.get(b"x-forwarded-for")
    if said is None:
        return _counted(str(peer[0]))
    address = _parsed(str(peer[0]))
    hops = said.decode("latin-1").split(",")[-HOPS_MAX:]
    while hops and any(address in network for network in trusted):
        try:
            address = ip_address(hops.pop().strip())
        except ValueError:
            break
    return _counted(str(address))


def _parsed(host: str) -> IPv4Address | IPv6Address:
    return ip_address(host.partition("%")[0])


@lru_cache(ADDRESSES_KEPT_MAX)
def _counted(host: str) -> str:
    """The address or /64 under which a host is counted."""
    address = _parsed(host)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, IPV6_PREFIX), strict=False))
