"""Rate limits per caller, organization and address; forwarded addresses count only from trusted proxies."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import rate_limiter
from chassis.auth.tokens import NoDirectory
from chassis.db.database import Database
from chassis.http.application import application
from chassis.rate_limiter import ORGANIZATION_CALLERS, READS, WRITES, RateLimit, TokenBuckets, address_of
from chassis.runtime import verifier
from chassis.settings import Settings, SettingsError
from services import reference
from tests import builders
from tests.builders import a_request, headers, token
from tests.chassis.steps import check_problem
from tests.conftest import running_of
from tests.personas import appoint_persona

SECOND = 10**9
MINUTE = 60 * SECOND
HERE, THERE = ("198.51.100.7", 40_000), ("203.0.113.9", 40_000)
PROXY = ("10.0.0.2", 40_000)
TRUSTED = (ip_network("10.0.0.0/24"),)

Opened = Callable[..., httpx.AsyncClient]


class FrozenClock:
    """The clock of the rate limiter, which passes only when a test says so."""

    now_ns = 0

    def monotonic_ns(self) -> int:
        return self.now_ns


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> FrozenClock:
    """Without it nothing is refused on a busy machine, where as much is regained as is used."""
    made = FrozenClock()
    monkeypatch.setattr(rate_limiter, "time", made)
    return made


@pytest.fixture
async def opened(settings: Settings, databases: Mapping[str, Database]) -> Any:
    """`opened(peer)` is a client of the requests service with default limits, whose connection comes from `peer`."""
    running = running_of(settings, databases, "requests")
    defaults = replace(settings, writes=WRITES, reads=READS, trusted_proxies=TRUSTED)
    app = application(running, verifier(settings, running[0].callers), routes=reference.ROUTES, settings=defaults)
    clients: list[httpx.AsyncClient] = []

    def opened(peer: tuple[str, int] = HERE) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app, client=peer)
        clients.append(httpx.AsyncClient(transport=transport, base_url="http://test"))
        return clients[-1]

    yield opened
    for client in clients:
        await client.aclose()


async def burst(call: Callable[[], Awaitable[httpx.Response]], times: int) -> list[httpx.Response]:
    return [await call() for _ in range(times)]


def refused(answers: list[httpx.Response]) -> list[int]:
    return [number for number, answer in enumerate(answers) if answer.status_code == 429]


# -- through the edge, with default limits ----------------------------------------------------------------------------


async def test_write_limit_applies_to_one_caller_only(opened: Opened) -> None:
    here = opened()
    held = headers("KEN:focal_point")  # one key, because a repeat is the cheapest write

    answers = await burst(lambda: here.post("/v1/requests", json=a_request(), headers=held), WRITES.burst + 5)

    assert list(range(WRITES.burst, WRITES.burst + 5)) == refused(answers)
    check_problem(answers[-1], 429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 2
    assert "Retry-After" in answers[-1].json()["title"]
    for unaffected in (
        await here.get("/v1/requests", headers=headers("KEN:focal_point")),
        await here.post("/v1/requests", json=a_request(), headers=headers("NOR:focal_point")),
        await here.get("/health/live"),
        await here.get("/health/ready"),
        await here.get("/metrics"),
    ):
        assert unaffected.status_code != 429


async def test_retry_after_is_long_enough(opened: Opened, frozen_clock: FrozenClock) -> None:
    here, held = opened(), headers("KEN:focal_point")
    answers = await burst(lambda: here.post("/v1/requests", json=a_request(), headers=held), WRITES.burst + 5)

    frozen_clock.now_ns += int(answers[-1].headers["Retry-After"]) * SECOND

    assert (await here.post("/v1/requests", json=a_request(), headers=held)).status_code == 201


async def test_each_answer_says_what_is_left_of_the_limit(opened: Opened, frozen_clock: FrozenClock) -> None:
    here, held = opened(), headers("KEN:focal_point")

    def left(answer: httpx.Response) -> tuple[int, ...]:
        return tuple(int(answer.headers[f"RateLimit-{name}"]) for name in ("Limit", "Remaining", "Reset"))

    first, second = await burst(lambda: here.post("/v1/requests", json=a_request(), headers=held), 2)
    assert (30, 29, 1) == left(first)
    assert (30, 28, 2) == left(second)
    frozen_clock.now_ns += SECOND
    assert (30, 28, 2) == left(await here.post("/v1/requests", json=a_request(), headers=held))
    assert (200, 199, 1) == left(await here.get("/v1/requests", headers=held)), "reading is counted apart"
    assert (200, 199, 1) == left(await here.get("/v1/requests")), "an address is counted, too"
    answers = await burst(lambda: here.post("/v1/requests", json=a_request(), headers=held), WRITES.burst)
    assert (30, 0, 30) == left(answers[-1])
    assert 429 == answers[-1].status_code
    for uncounted in ("/health/live", "/v1/public/requests"):
        assert "RateLimit-Limit" not in (await here.get(uncounted)).headers, "probes, and what caches share"


async def test_read_limit_applies_across_paths(opened: Opened) -> None:
    here, held = opened(), headers("KEN:focal_point")
    paths = ["/v1/nothing", f"/v1/requests/{uuid4()}", "/v1/requests?limit=x"]
    answers = [await here.get(paths[number % 3], headers=held) for number in range(READS.burst + 40)]

    assert list(range(READS.burst, READS.burst + 40)) == refused(answers)


async def test_unauthenticated_calls_are_limited_by_address(opened: Opened) -> None:
    """This includes wrong paths and public routes, but not a caller with a token behind the same address."""
    here = opened()
    wrong = {"Authorization": "Bearer made.up.token"}
    answers = await burst(lambda: here.get("/v1/requests", headers=wrong), READS.burst + 40)

    assert refused(answers)
    assert {401, 429} == {answer.status_code for answer in answers}
    for path in ("/v1/nothing", "/v1/reference/languages"):
        assert (await here.get(path)).status_code in {404, 200, 429}
    assert refused(await burst(lambda: here.get("/v1/reference/languages"), 40))
    assert (await here.get("/v1/requests", headers=headers())).status_code == 200
    assert (await opened(THERE).get("/v1/reference/languages")).status_code == 200


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "CF-Connecting-IP"])
async def test_forwarded_address_from_an_untrusted_peer_is_ignored(opened: Opened, name: str) -> None:
    here = opened()
    numbers = iter(range(10_000))
    answers = await burst(
        lambda: here.post("/v1/requests", headers={name: f"192.0.2.{next(numbers) % 256}"}), WRITES.burst + 5
    )

    assert refused(answers)


async def test_addresses_behind_a_trusted_proxy_are_limited_separately(opened: Opened) -> None:
    proxy = opened(PROXY)

    def call(said: str) -> Callable[[], Awaitable[httpx.Response]]:
        return lambda: proxy.post("/v1/requests", headers={"X-Forwarded-For": said})

    assert refused(await burst(call("198.51.100.7"), WRITES.burst + 5))
    # An address that the client sent before the proxy has no effect.
    assert refused(await burst(call("192.0.2.1, 198.51.100.7"), 1))
    assert not refused(await burst(call("198.51.100.8"), 1))


async def test_service_has_no_rate_limit(opened: Opened) -> None:
    here = opened()

    answers = await burst(lambda: here.get("/v1/requests", headers=headers("service:matching")), READS.burst + 40)

    assert not refused(answers)


async def test_each_appointment_has_its_own_rate_limit(opened: Opened) -> None:
    here = opened()
    both = {"Authorization": f"Bearer {token('NOR:focal_point', 'NOR:donor_officer')}", "Idempotency-Key": "k" * 8}

    spent = await burst(
        lambda: here.post("/v1/requests", headers=both | {"Acting-As": "NOR:focal_point"}), WRITES.burst + 5
    )

    assert refused(spent)
    assert not refused([await here.post("/v1/requests", headers=both | {"Acting-As": "NOR:donor_officer"})])


async def test_one_organization_has_the_rate_limit_of_ten_callers(opened: Opened) -> None:
    here = opened()
    assert builders.issuer is not None
    answers = []
    for _ in range(14):
        person_id = uuid4()
        appoint_persona("KEN:official", person_id=person_id)
        held = headers("KEN:official") | {"Authorization": f"Bearer {builders.issuer.token(person_id)}"}
        answers += await burst(lambda held=held: here.post("/v1/nothing", headers=held), 25)

    assert list(range(WRITES.burst * ORGANIZATION_CALLERS, len(answers))) == refused(answers)
    check_problem(answers[-1], 429, "too-many-requests")
    assert (await here.post("/v1/nothing", headers=headers("NOR:focal_point"))).status_code != 429
    assert (await here.get("/v1/requests", headers=headers("KEN:official"))).status_code == 200


async def test_application_without_settings_has_default_rate_limits() -> None:
    app = application([], NoDirectory())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert refused(await burst(lambda: client.post("/v1/requests"), WRITES.burst + 5))


# -- token buckets ----------------------------------------------------------------------------------------------------


@given(
    st.integers(1, 600),
    st.integers(1, 50),
    st.lists(st.integers(0, 20 * SECOND), min_size=1, max_size=200),
)
def test_calls_never_exceed_burst_plus_rate(per_minute: int, size: int, pauses: list[int]) -> None:
    buckets = TokenBuckets(RateLimit(per_minute=per_minute, burst=size))
    now = MINUTE
    passed: list[int] = []
    for pause in pauses:
        now += pause
        if (wait := buckets.take("somebody", now).wait_seconds) == 0:
            passed.append(now)
        else:
            assert buckets.take("somebody", now + int(wait * SECOND) + 1000).wait_seconds == 0
            now += int(wait * SECOND) + 1000
            passed.append(now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            elapsed = passed[last] - passed[first]
            assert last - first + 1 <= size + elapsed * per_minute // MINUTE + 1


def test_burst_is_full_again_after_a_pause() -> None:
    buckets = TokenBuckets(WRITES)

    def passing(now: int) -> int:
        return sum(buckets.take("somebody", now).wait_seconds == 0 for _ in range(WRITES.burst * 2))

    assert WRITES.burst == passing(MINUTE)
    assert 0 == passing(MINUTE)
    assert WRITES.burst == passing(MINUTE + WRITES.burst * MINUTE // WRITES.per_minute)


def test_number_of_tracked_callers_is_limited() -> None:
    buckets = TokenBuckets(RateLimit(per_minute=1, burst=1), callers_max=100)

    assert not any(buckets.take(who, MINUTE).wait_seconds for who in range(1000))
    assert len(buckets._full_at) == 100
    assert buckets.take(999, MINUTE).wait_seconds
    assert not buckets.take(0, MINUTE).wait_seconds


@pytest.mark.parametrize(
    ("peer", "said", "address"),
    [
        (HERE, None, "198.51.100.7"),
        (HERE, "192.0.2.1", "198.51.100.7"),
        (PROXY, None, "10.0.0.2"),
        (PROXY, "192.0.2.1", "192.0.2.1"),
        (PROXY, "192.0.2.66, 192.0.2.1", "192.0.2.1"),
        (PROXY, "192.0.2.1, 10.0.0.3", "192.0.2.1"),
        (PROXY, "10.0.0.9, 10.0.0.3", "10.0.0.9"),
        (PROXY, "192.0.2.1, unknown", "10.0.0.2"),
        (PROXY, "192.0.2.1:4711", "10.0.0.2"),
        (PROXY, "é", "10.0.0.2"),
        (PROXY, "," * 4000, "10.0.0.2"),
        (PROXY, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (PROXY, "::ffff:192.0.2.1", "192.0.2.1"),
        (("fe80::1%eth0", 1), None, "fe80::/64"),
        (None, "192.0.2.1", "local"),
    ],
)
def test_address_is_the_peers_or_from_a_trusted_proxy(
    peer: tuple[str, int] | None, said: str | None, address: str
) -> None:
    given_headers = {} if said is None else {b"x-forwarded-for": said.encode("latin-1")}

    assert address == address_of(peer, given_headers, TRUSTED)


def test_malformed_rate_limits_and_proxies_are_rejected() -> None:
    def read(**env: str) -> Settings:
        return Settings.from_env(env, (), state=Path())

    assert (WRITES, READS, ()) == (read().writes, read().reads, read().trusted_proxies)
    some = read(ENTRAIDE_WRITES_PER_MINUTE="7", ENTRAIDE_READS_BURST="9", ENTRAIDE_TRUSTED_PROXIES="10.0.0.2, fd00::/8")
    assert (7, 9) == (some.writes.per_minute, some.reads.burst)
    assert (ip_network("10.0.0.2"), ip_network("fd00::/8")) == some.trusted_proxies
    for wrong in ({"ENTRAIDE_TRUSTED_PROXIES": "edge"}, {"ENTRAIDE_WRITES_BURST": "0"}):
        with pytest.raises(SettingsError):
            read(**wrong)
