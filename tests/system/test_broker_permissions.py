"""Broker permissions of each service, as deployed and as embedded.

Everything else is rejected, gets no reply and leaves the streams unchanged.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping

import msgspec
import pytest

from chassis.db.database import Database
from chassis.journal.inbox import Inbox
from chassis.journal.streams import ensure_streams, stream_states
from chassis.parts import parts
from chassis.runtime import topology
from chassis.settings import Settings
from chassis.supervise import cancel
from contracts.facts import subject_of
from services.composition import NAMES, SERVICES, all_services
from tests.system.deployed_broker import LEAVING_CONNECTIONS, USERS, an_event, connected, deployed, spoken, violations
from tests.system.deployment import folder

OWNERS, CONSUMERS = topology(all_services())
pytestmark = LEAVING_CONNECTIONS

STREAM_APIS = (
    *("CREATE", "UPDATE", "DELETE", "INFO", "PURGE", "SNAPSHOT", "RESTORE", "MSG.GET", "MSG.DELETE"),
    *("PEER.REMOVE", "LEADER.STEPDOWN"),
)
CONSUMER_APIS = ("CREATE", "DURABLE.CREATE", "DELETE", "INFO", "PAUSE", "UNPIN", "LEADER.STEPDOWN", "MSG.NEXT")
OF_NO_STREAM = (
    *("$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.CREATE.MINE"),
    *("$JS.API.META.LEADER.STEPDOWN", "$JS.API.SERVER.REMOVE", "$JS.API.ACCOUNT.PURGE.ENTRAIDE"),
    *("$SYS.REQ.SERVER.PING", "$SYS.REQ.USER.INFO", "$SYS.ACCOUNT.ENTRAIDE.CLAIMS.UPDATE"),
    *("$JS.FC.REQUESTS.matching.x", "$KV.bucket.key", "$O.bucket.C.key", "ta", "ta.unknown.thing.happened.v1", "x"),
)
SNOOPING = (
    *(">", "*", "*.>", "ta.>", "ta.*.*.*.*", "_INBOX.>", "_INBOX_admin.>", "$JS.>", "$JS.API.>", "$JS.ACK.>"),
    *("$JS.EVENT.>", "$SYS.>", "$SYS.ACCOUNT.*.CONNECT"),
)


@pytest.fixture(params=[pytest.param("deployed", marks=pytest.mark.soak), "embedded"])
def urls(request: pytest.FixtureRequest) -> Iterator[Mapping[str, str]]:
    """The address of each user, at the broker of deploy/ and at the one that is started if no address is given."""
    if request.param == "deployed":
        with deployed() as broker:
            yield {user: broker.url(user) for user in USERS}
    else:
        with (
            folder() as place,
            parts(Settings(state=place, database_url="postgresql://elsewhere"), all_services()) as (found, _),
        ):
            assert found.nats_url is not None
            yield {"streams": found.nats_url, **found.nats_urls}


def all_subjects() -> set[str]:
    """Return a subject for everything that JetStream and the server can be asked, and for every kind of event."""
    said = {*OF_NO_STREAM, *(f"ta.{name}.thing.happened.v1" for name in NAMES)}
    for owner in OWNERS:
        stream = owner.upper()
        said |= {f"$JS.API.STREAM.{api}.{stream}" for api in STREAM_APIS}
        said |= {f"$JS.API.DIRECT.GET.{stream}", f"$JS.API.DIRECT.GET.{stream}.ta.{owner}.thing.happened.v1"}
        said |= {f"$JS.API.CONSUMER.{api}.{stream}" for api in ("CREATE", "NAMES", "LIST")}
        for durable in (*NAMES, "mine"):
            said |= {f"$JS.API.CONSUMER.{api}.{stream}.{durable}" for api in CONSUMER_APIS}
            said |= {f"$JS.API.CONSUMER.CREATE.{stream}.{durable}.ta.{owner}.thing.happened.v1"}
            said |= {f"$JS.ACK.{stream}.{durable}.1.1.1.1.0"}
    return said | {f"_INBOX_{name}.forged" for name in (*NAMES, "admin")} | {"_INBOX.forged"}


def needed(name: str) -> tuple[set[str], set[str]]:
    """Return the subjects a service needs: its own facts, its consumers in the streams it listens to, its own inbox."""
    service = SERVICES[name]()
    listens_to = service.listens_to
    places = {f"$JS.API.CONSUMER.MSG.NEXT.{owner.upper()}.{name}" for owner in listens_to}
    answers = {f"$JS.ACK.{owner.upper()}.{name}.1.1.1.1.0" for owner in listens_to}
    own = {f"ta.{name}.thing.happened.v1"} if service.publishes else set()
    return {*own, *places, *answers}, {f"_INBOX_{name}.>", *service.follows}


async def test_service_may_publish_and_subscribe_only_to_its_subjects(urls: Mapping[str, str]) -> None:
    say = all_subjects()
    hear = {*SNOOPING, *(f"ta.{owner}.>" for owner in OWNERS), *(f"_INBOX_{name}.>" for name in NAMES)}
    hear |= {f"ta.{owner}.{aggregate}.>" for owner in OWNERS for aggregate in ("request", "public_summary", "offering")}
    assert len(say) > 300
    for name in NAMES:
        may_say, may_hear = needed(name)
        refused = {f"Publish {one}" for one in say - may_say} | {f"Subscription {one}" for one in hear - may_hear}

        assert may_say <= say
        assert refused == await violations(urls[name], publish=say, subscribe=hear), name


async def test_rejected_broker_request_has_no_effect(urls: Mapping[str, str]) -> None:
    await ensure_streams(urls["streams"], OWNERS, CONSUMERS)
    for owner in OWNERS:
        async with connected(urls[owner], owner) as bus:
            assert await bus.publish(an_event(owner))
    before = await state_of(urls["streams"])
    assert len(before) == len(OWNERS) + len(CONSUMERS)
    bodies = (
        "",
        '{"seq": 1}',
        '{"last_by_subj": "ta.requests.thing.happened.v1"}',
        '{"config": {"durable_name": "mine"}}',
    )

    async def try_all(name: str) -> None:
        refused = all_subjects() - needed(name)[0]
        lines = [f"SUB _INBOX_{name}.> 1"]
        lines += [f"PUB {one} _INBOX_{name}.answer {len(body)}\r\n{body}" for one in sorted(refused) for body in bodies]

        said = await spoken(urls[name], lines, patience_seconds=1.5)

        assert "\nMSG " not in said, name
        assert said.count("Permissions Violation") == len(lines) - 1

    await asyncio.gather(*map(try_all, NAMES))
    assert before == await state_of(urls["streams"])


async def state_of(url: str) -> Mapping[str, object]:
    """Return configuration and content of every stream and consumer, as the administrator sees them."""
    found: dict[str, object] = {}
    for owner in OWNERS:
        found[owner] = await asked(url, f"$JS.API.STREAM.INFO.{owner.upper()}")
    for consumer in CONSUMERS:
        found[f"{consumer}"] = await asked(url, f"$JS.API.CONSUMER.INFO.{consumer.stream}.{consumer.durable}")
    return found


async def asked(url: str, subject: str) -> object:
    lines = ["SUB _INBOX_admin.> 1", f"PUB {subject} _INBOX_admin.answer 0\r\n"]
    for patience_seconds in (0.1, 1.0, 10.0):
        said = await spoken(url, lines, patience_seconds=patience_seconds)
        if found := [line for line in said.splitlines() if line.startswith("{")]:
            break
    answer = json.loads(found[0])
    return {
        name: answer[name] for name in ("config", "state", "delivered", "ack_floor", "num_pending") if name in answer
    }


async def test_broker_reply_into_another_stream_is_not_accepted_as_a_fact(
    urls: Mapping[str, str], databases: Mapping[str, Database]
) -> None:
    """The server sends replies and pulled messages to any reply subject, without checking permissions.

    So a service can put what it has published, and what it may read, into a subject to which it may not publish. None
    of it can be something that the stream's owner might have stated.
    """
    await ensure_streams(urls["streams"], OWNERS, CONSUMERS)
    event, into = an_event("matching", "match"), "ta.requests.request.submitted.v1"
    body = msgspec.json.encode(event).decode()

    lines = [f"PUB {subject_of(event.type)} {into} {len(body)}\r\n{body}"]
    await spoken(urls["matching"], lines, patience_seconds=0.2)
    await spoken(
        urls["pledges"], [f"PUB $JS.API.CONSUMER.MSG.NEXT.MATCHING.pledges {into} 0\r\n"], patience_seconds=0.2
    )

    # What was pulled is in the stream under its own subject, which no consumer of that stream filters for.
    stored = (await stream_states(urls["streams"], ["requests"]))["requests"]
    assert stored is not None
    assert stored["messages"] == 2
    (parked,) = await parked_of(urls["matching"], databases["matching"])
    assert str(event.id) not in parked, "it is an acknowledgement"


async def parked_of(url: str, db: Database) -> list[str]:
    """Return what matching parks of the stream REQUESTS, and check that nothing else takes effect."""
    inbox = Inbox(db, "matching", ["requests"], {})
    async with connected(url, "matching") as bus, asyncio.timeout(20):
        listening = asyncio.create_task(inbox.listen(bus, "requests"))
        found: list[str] = []
        while not found:
            await asyncio.sleep(1.0)
            async with db.transaction() as tx:
                rows = await tx.fetch("SELECT event, status, reason FROM inbox ORDER BY received_at")
            found = [str(row["event"]) for row in rows]
        await cancel({listening})
    assert {"parked"} == {row["status"] for row in rows}
    return found
