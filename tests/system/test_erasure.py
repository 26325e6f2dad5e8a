"""After an erasure no data in the database, the broker or the logs names the person."""

import asyncio
import contextlib
import json
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosmtplib
import asyncpg
import httpx
import pytest

from chassis.embedded import Nats, free_port
from services.composition import NAMES
from services.mailbox import Mailbox
from tests import builders
from tests.builders import a_request
from tests.conftest import Servers
from tests.files import PDF
from tests.matching.builders import an_offering_body
from tests.personas import ISSUER, persona_id
from tests.rules.steps import personal_columns
from tests.system.deployment import environment
from tests.system.platform import Platform, running
from tests.system.steps import program, psql

FIRST, SECOND = (persona_id(f"UNODC:administrator-{n}") for n in (1, 2))
ADMINISTRATOR, KENYA, COORDINATOR = "UNODC:administrator", "KEN:focal_point", "UNODC:coordinator"
UNIT = "UNODC:provider_officer"
PERSON, COLLEAGUE = persona_id(KENYA), persona_id("KEN:colleague")
ADDRESS = "203.0.113.77"
SIGNS_IN_BY = "canary-sub-8841"
CANARIES = ("zebulon", "Зебулон", SIGNS_IN_BY, ADDRESS)
"""Each is in the data entered below, in some case; nothing else here contains them."""

KEPT = "keepsake"
"""What the colleague has, who stays."""

HEARD_SECONDS = 30
OUT_SECONDS = 5


@dataclass
class World:
    """A platform that runs, and those who call it."""

    platform: Platform
    client: httpx.AsyncClient
    database_url: str
    broker: Nats
    mailbox: Mailbox
    state: Path

    async def call(
        self,
        method: str,
        path: str,
        who: str,
        body: Any = None,
        *,
        person: Any = None,
        revision: int | None = None,
        key: str | None = None,
        address: str = "203.0.113.5",
    ) -> Any:
        assert builders.issuer is not None
        token = builders.issuer.token(SIGNS_IN_BY if person == PERSON else person or persona_id(who))
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Forwarded-For": address,
            "X-Correlation-Id": str(uuid4()),
            "Idempotency-Key": key or str(uuid4()),
            **({} if revision is None else {"If-Match": f'"{revision}"'}),
        }
        service = _OWNERS[path.split("/")[2].partition("?")[0]]
        url = self.platform.addresses[service] + path
        deadline = time.monotonic() + HEARD_SECONDS
        while _unheard(answer := await self.client.request(method, url, json=body, headers=headers)):
            # A new appointment is known everywhere within two seconds; so is an opened request.
            assert time.monotonic() < deadline, (method, path, answer.text)
            await asyncio.sleep(0.1)
        assert answer.status_code in {200, 201}, (method, path, answer.text)
        return answer.json()

    async def entraide(self, *words: object) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(self.platform.entraide, *map(str, words))


def _unheard(answer: httpx.Response) -> bool:
    return answer.status_code == 403 or (answer.status_code == 409 and answer.json()["slug"] == "request-not-open")


_OWNERS = {
    "organizations": "directory",
    "people": "directory",
    "appointments": "directory",
    "requests": "requests",
    "views": "requests",
    "offerings": "matching",
    "matches": "matching",
    "deliveries": "delivery",
    "experts": "delivery",
    "effects": "delivery",
    "subscriptions": "notifications",
    "notifications": "notifications",
    "webhooks": "notifications",
    "alerts": "notifications",
    "unsubscribe": "notifications",
    "digests": "notifications",
}


@pytest.fixture
async def world(servers: Servers, database_url: str, own_broker: Nats, state: Path) -> AsyncIterator[World]:
    mailbox = Mailbox(servers.folder / f"mailbox-{free_port()}", "127.0.0.1", free_port())
    await mailbox.start()
    given = {
        "ENTRAIDE_TRUSTED_PROXIES": "127.0.0.1",
        "ENTRAIDE_LOG_LEVEL": "debug",
        "ENTRAIDE_INTAKE_SMTP": f"127.0.0.1:{free_port()}",
    }
    with running(
        "together", database_url=database_url, nats=own_broker, smtp_url=mailbox.url, state=state, **given
    ) as platform:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            yield World(platform, client, database_url, own_broker, mailbox, state)
    await mailbox.stop()


# -- what they do here ------------------------------------------------------------------------------------------------


async def appoint_all(world: World) -> None:
    """Two administrators, a coordinator, the person and a colleague, each appointed by two."""
    words = ["directory", "found", "--issuer", ISSUER]
    for one in (FIRST, SECOND):
        words += ["--subject", str(one), "--name", f"Administrator {one}", "--email", "a@unodc.example"]
    done = await world.entraide(*words)
    assert done.returncode == 0, done.stderr
    await world.call("POST", "/v1/organizations", ADMINISTRATOR, {"code": "KEN"}, person=FIRST)
    people = (
        (PERSON, "KEN", "focal_point", "Zebulon Зебулон", "zebulon@ken.example", SIGNS_IN_BY, "Note on Zebulon"),
        (COLLEAGUE, "KEN", "focal_point", "Keepsake", "keepsake@ken.example", "keepsake", "Note on Keepsake"),
        (persona_id(COORDINATOR), "UNODC", "coordinator", "Coordinator", "c@unodc.example", "coordinator", ""),
        (persona_id(UNIT), "UNODC", "provider_officer", "Unit", "u@unodc.example", "unit", ""),
    )
    for person_id, organization, role, name, email, subject, letter in people:
        named = (subject,) if person_id == PERSON else (subject, str(person_id))
        subjects = [{"issuer": ISSUER, "subject": one} for one in named]
        body = {"organization": organization, "name": name, "email": email, "language": "ru", "subjects": subjects}
        entered = {**body, "person_id": str(person_id)}
        await world.call(
            "POST", "/v1/people", ADMINISTRATOR, entered, person=FIRST, key=f"enter {name[:7]}".replace(" ", "-")
        )
        appointment = {
            "person_id": str(person_id),
            "organization": organization,
            "role": role,
            "from": str(datetime.now(UTC).date()),
            "letter": letter,
        }
        proposed = await world.call("POST", "/v1/appointments", ADMINISTRATOR, appointment, person=FIRST)
        path = f"/v1/appointments/{proposed['appointment_id']}/approve"
        await world.call("POST", path, ADMINISTRATOR, {}, person=SECOND, revision=1)
    # The same once more, which waits for a second person when they are erased.
    again = {"subjects": [{"issuer": ISSUER, "subject": SIGNS_IN_BY}]}
    path = f"/v1/people/{PERSON}/propose-subjects"
    await world.call("POST", path, ADMINISTRATOR, again, person=FIRST, revision=2)


async def create_personal_data(world: World) -> None:
    """The person subscribes, files, gets mail, reads; and so does the colleague, from another address."""
    for person, name, address in ((PERSON, "zebulon", ADDRESS), (COLLEAGUE, "keepsake", "203.0.113.6")):
        subscription = {"email": f"{name}-mail@ken.example", "language": "fr", "channels": ["inbox", "mail"]}
        given = {"person": person, "address": address}
        await world.call("PUT", "/v1/subscriptions", KENYA, subscription, **given)
        webhook = {"url": f"https://{name}.example/hook", "scheme": "v1a"}
        await world.call("POST", "/v1/webhooks", KENYA, webhook, key=f"{name}-hook", **given)
        view = {"name": f"View of {name}", "query": {"q": name}}
        await world.call("POST", "/v1/views", KENYA, view, key=f"{name}-view", **given)
        filed = await world.call("POST", "/v1/requests", KENYA, a_request(), key=f"{name}-request", **given)
        path = f"/v1/requests/{filed['request_id']}/register"
        await world.call("POST", path, COORDINATOR, {}, revision=filed["revision"])
    await name_contacts(world)
    await enter_experts(world)
    await send_mails(world)
    await eventually(lambda: {"zebulon-mail@ken.example", "keepsake-mail@ken.example"} <= recipients(world))
    notice = (await world.call("GET", "/v1/notifications", KENYA, person=PERSON))["notifications"][0]
    path = f"/v1/notifications/{notice['notification_id']}/read"
    await world.call("POST", path, KENYA, {}, person=PERSON, address=ADDRESS)


async def name_contacts(world: World) -> None:
    """Each of the two is a contact for a delivery that a unit of UNODC makes."""
    offering = await world.call("POST", "/v1/offerings", UNIT, an_offering_body())
    path = f"/v1/offerings/{offering['offering_id']}/approve"
    await world.call("POST", path, COORDINATOR, {}, revision=offering["revision"])
    for person, name, address in ((PERSON, "zebulon", ADDRESS), (COLLEAGUE, "keepsake", "203.0.113.6")):
        request = await world.call("POST", "/v1/requests", KENYA, a_request(), person=person, address=address)
        path = f"/v1/requests/{request['request_id']}"
        for move, body in (("register", {}), ("open", {"priority": "normal"})):
            request = await world.call("POST", f"{path}/{move}", COORDINATOR, body, revision=request["revision"])
        match = await first(world, COORDINATOR, f"/v1/matches?request={request['request_id']}", "matches")
        path = f"/v1/matches/{match['match_id']}"
        for who, move, by in ((COORDINATOR, "present", None), (KENYA, "accept", person), (UNIT, "confirm", None)):
            at = {"address": address} if by else {}
            match = await world.call("POST", f"{path}/{move}", who, {}, person=by, revision=match["revision"], **at)
        delivery = await first(world, UNIT, f"/v1/deliveries?match={match['match_id']}", "deliveries")
        contact = {
            "name": f"Contact {name}",
            "email": f"{name}-contact@ken.example",
            "function": f"Office of {name}",
            "telephone": address,
            "person_id": str(person),
        }
        path = f"/v1/deliveries/{delivery['delivery_id']}"
        body = {"contacts": [contact]}
        given = {"person": person, "address": address}
        delivery = await world.call("PUT", f"{path}/contacts", KENYA, body, revision=delivery["revision"], **given)
        await record_effects(world, path, delivery, name, **given)


async def record_effects(world: World, path: str, delivery: Any, name: str, **given: Any) -> None:
    """Two of the State after the delivery has begun: one that names the person is taken back, the other one stays."""
    for who, move, by in ((KENYA, "waive-agreement", given), (UNIT, "waive-agreement", {}), (UNIT, "begin", {})):
        delivery = await world.call("POST", f"{path}/{move}", who, {}, revision=delivery["revision"], **by)
    effect = {"change": "other", "happened_on": "2026-11-01", "language": "en", "address": "https://law.example"}
    for title, is_kept in ((f"Effect of {name}", False), (f"Effect with a {KEPT}", True)):
        made = await world.call("POST", f"{path}/effects", KENYA, {**effect, "title": title, "text": title}, **given)
        if not is_kept:
            at = f"/v1/effects/{made['effect_id']}/withdraw"
            await world.call("POST", at, KENYA, {}, revision=made["revision"], **given)


async def enter_experts(world: World) -> None:
    """Each of the two is on the roster of a unit of UNODC."""
    for person, name in ((PERSON, "zebulon"), (COLLEAGUE, "keepsake")):
        expert = {
            "name": f"Expert {name}",
            "function": f"Office of {name}",
            "biography": f"Life of {name}",
            "email": f"{name}-expert@ken.example",
            "person_id": str(person),
            "topics": ["mutual_legal_assistance"],
            "languages": ["en"],
        }
        await world.call("POST", "/v1/experts", UNIT, expert)


async def first(world: World, who: str, path: str, name: str) -> Any:
    """The first record of a list, once there is one."""
    deadline = time.monotonic() + HEARD_SECONDS
    while not (found := (await world.call("GET", path, who))[name]):
        assert time.monotonic() < deadline, path
        await asyncio.sleep(0.1)
    return found[0]


async def send_mails(world: World) -> None:
    """The person and the colleague write, each with a file."""
    host, _, port = world.platform.environment["ENTRAIDE_INTAKE_SMTP"].partition(":")
    for name in ("zebulon", "keepsake"):
        message = EmailMessage()
        message["From"], message["Subject"] = f"{name}@ken.example", f"Note of {name}"
        message["Message-ID"] = f"<{name}-1@ken.example>"
        message.set_content(f"{name} writes")
        message.add_attachment(PDF, maintype="application", subtype="pdf", filename=f"{name}.pdf")
        to = ["requests@entraide.example"]
        await aiosmtplib.send(message, sender=f"{name}@ken.example", recipients=to, hostname=host, port=int(port))


async def cause_refusals(world: World) -> None:
    """Refusals are logged without input."""
    assert builders.issuer is not None
    token = builders.issuer.token(SIGNS_IN_BY)
    head = {"X-Forwarded-For": ADDRESS, "Idempotency-Key": "zebulon-again", "Authorization": f"Bearer {token}"}
    strange = head | {"Authorization": "Bearer zebulon"}
    ill = {"email": "zebulon@@ken", "language": "fr", "channels": ["mail"]}
    base = world.platform.addresses["notifications"]
    for method, path, headers, body, status in (
        ("PUT", "/v1/subscriptions", head | {"If-Match": '"1"'}, ill, 400),
        ("GET", "/v1/requests/zebulon?state=zebulon", head, None, 404),
        ("GET", "/v1/requests?zebulon=Зебулон&limit=zebulon", head, None, 400),
        ("GET", "/v1/requests", strange, None, 401),
        ("PUT", "/v1/subscriptions", head | {"If-Match": '"zebulon"'}, ill, 400),
    ):
        answer = await world.client.request(method, base + path, json=body, headers=headers)
        assert status == answer.status_code, (method, path, answer.text)


async def erase_both(world: World) -> None:
    page = await world.call("GET", f"/v1/appointments?person={PERSON}", ADMINISTRATOR, person=FIRST)
    held = page["appointments"][0]
    path = f"/v1/appointments/{held['appointment_id']}/end"
    await world.call("POST", path, ADMINISTRATOR, {"reason": "left_service"}, person=FIRST, revision=held["revision"])
    path = f"/v1/people/{PERSON}"
    reason = {"reason": "asked_by_person"}
    proposed = await world.call("POST", f"{path}/propose-erasure", ADMINISTRATOR, reason, person=FIRST, revision=3)
    await world.call("POST", f"{path}/approve-erasure", ADMINISTRATOR, {}, person=SECOND, revision=proposed["revision"])


async def check_sign_in_is_rejected(world: World) -> None:
    """A token valid for a quarter of an hour is rejected within five seconds."""
    assert builders.issuer is not None
    head = {"Authorization": f"Bearer {builders.issuer.token(SIGNS_IN_BY)}", "X-Forwarded-For": ADDRESS}
    deadline = time.monotonic() + OUT_SECONDS
    for service, path in (("directory", f"/v1/people/{PERSON}"), ("notifications", "/v1/subscriptions")):
        url = world.platform.addresses[service] + path
        while (answer := await world.client.get(url, headers=head)).status_code not in {401, 403}:
            assert time.monotonic() < deadline, answer.text
            await asyncio.sleep(0.1)


def recipients(world: World) -> set[str]:
    return {recipient for mail in world.mailbox.messages() for recipient in mail.recipients}


async def eventually(condition: Any) -> None:
    deadline = time.monotonic() + HEARD_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def planted(connection: asyncpg.Connection) -> Mapping[tuple[str, str], int]:
    """Of each column that is listed as personal, in how many rows of all services it names the person."""
    counts: Counter[tuple[str, str]] = Counter()
    patterns = [f"%{one}%" for one in CANARIES]
    for (service, table, column), kind in personal_columns().items():
        if kind == "personal":
            query = f"SELECT count(*) FROM {service}.{table} WHERE {column}::text ILIKE ANY ($1::text[])"
            counts[table, column] += await connection.fetchval(query, patterns)
    return counts


async def all_have_applied_erasure(connection: asyncpg.Connection) -> None:
    query = "SELECT " + " + ".join(f"(SELECT count(*) FROM {name}.erased)" for name in NAMES)
    deadline = time.monotonic() + HEARD_SECONDS
    while await connection.fetchval(query) < len(NAMES):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


# -- looking for them -------------------------------------------------------------------------------------------------


def dumped(url: str) -> str:
    """All tables of all services, as `pg_dump` writes them."""
    return postgres("pg_dump", "--data-only", url).decode()


def postgres(name: str, *words: str) -> bytes:
    command = [program(name), *words]
    return subprocess.run(command, env=environment(), capture_output=True, timeout=120, check=True).stdout


def named_in(text: str) -> set[str]:
    """The canaries in a text, plain or escaped as in JSON."""
    folded = text.casefold()
    return {one for one in CANARIES if one.casefold() in folded or json.dumps(one)[1:-1].casefold() in folded}


def read_all(folder: Path, *, leave_out: Sequence[Path] = ()) -> Mapping[Path, str]:
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(out) for out in leave_out):
            with contextlib.suppress(FileNotFoundError):
                found[path] = path.read_bytes().decode(errors="replace")
    return found


async def test_no_data_names_an_erased_person(world: World, servers: Servers) -> None:
    connection = await asyncpg.connect(world.database_url)
    await appoint_all(world)
    await create_personal_data(world)
    await cause_refusals(world)
    before = dumped(world.database_url)
    assert set(CANARIES) == named_in(before), "each of them was entered, and the search finds it"
    assert {} == {place: held for place, held in (await planted(connection)).items() if not held}
    backup = _backed_up(world, servers)
    assert 3 == (await world.entraide("erase", PERSON)).returncode

    await erase_both(world)
    await all_have_applied_erasure(connection)
    await check_sign_in_is_rejected(world)

    after = dumped(world.database_url)
    assert set() == named_in(after), [line for line in after.splitlines() if named_in(line)]
    assert str(PERSON) in after, "who did it stays, as an id"
    query = "SELECT title FROM delivery.effect JOIN delivery.effect_text USING (effect_id) WHERE recorded_by = $1"
    assert [f"Effect with a {KEPT}"] == [row["title"] for row in await connection.fetch(query, PERSON)]
    for kept in (KEPT, "keepsake-mail@ken.example", "https://keepsake.example/hook", "203.0.113.6"):
        assert kept in after.casefold()
    done = await world.entraide("erase", PERSON, "--json")
    assert 0 == done.returncode, done.stderr
    services = json.loads(done.stdout)["services"]
    # What it takes beside: the key of the approval itself, which the client chose.
    assert {("directory", "command")} >= {(name, table) for name, one in services.items() for table in one["dropped"]}

    for folder, leave_out, shows in (
        (world.broker.store, (), str(PERSON)),
        (world.state, (), '"event": "refused"'),
        (servers.folder, (servers.folder / "postgres", *servers.folder.glob("mailbox-*"), backup), str(PERSON)),
    ):
        files = read_all(folder, leave_out=leave_out)
        assert {} == {path: named for path, text in files.items() if (named := named_in(text))}
        assert any(shows in text for text in files.values()), f"the search reads what is in {folder}"
    for page in (f"/v1/people/{PERSON}", "/v1/people", f"/v1/appointments?person={PERSON}", "/v1/requests"):
        who = ADMINISTRATOR if "requests" not in page else COORDINATOR
        assert set() == named_in(
            json.dumps(await world.call("GET", page, who, person=None if who == COORDINATOR else FIRST))
        )

    metrics = await world.client.get(world.platform.addresses["directory"] + "/metrics")
    assert (200, set()) == (metrics.status_code, named_in(metrics.text))

    for words in (["journal", "verify"], ["audit", "verify"], ["parked", "list"]):
        done = await world.entraide(*words)
        assert 0 == done.returncode, (words, done.stdout, done.stderr)
    await _restored(world, servers, backup)
    await connection.close()


def _backed_up(world: World, servers: Servers) -> Path:
    file = servers.folder / f"backup-{free_port()}.dump"
    postgres("pg_dump", "--format=custom", f"--file={file}", world.database_url)
    return file


async def _restored(world: World, servers: Servers, backup: Path) -> None:
    """The database as it was before, in another one: the file of erasures says who is to go again."""
    name = f"restored_{free_port()}"
    connection = await asyncpg.connect(servers.postgres.dsn())
    await connection.execute(f"CREATE DATABASE {name}")
    url = servers.postgres.dsn(name)
    try:
        postgres("pg_restore", "--exit-on-error", f"--dbname={url}", str(backup))
        assert psql(url, "after-restore.sql").returncode == 0
        assert set(CANARIES) == named_in(dumped(url))
        restored = Platform({**world.platform.environment, "DATABASE_URL": url}, {})

        done = await asyncio.to_thread(restored.entraide, "erase", "--after-restore")

        assert (0, True) == (done.returncode, "nothing names them any more" in done.stdout), done.stderr
        assert set() == named_in(dumped(url))
        for words in (["journal", "verify"],):
            done = await asyncio.to_thread(restored.entraide, *words)
            assert 0 == done.returncode, (words, done.stdout, done.stderr)
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()
