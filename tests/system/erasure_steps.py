"""Personal data in a running platform, entered by a person and a colleague, and the erasure of the person."""

import asyncio
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosmtplib
import httpx

from chassis.embedded import Nats
from services.mailbox import Mailbox
from tests import builders
from tests.builders import a_request
from tests.files import PDF
from tests.matching.builders import an_offering_body
from tests.personas import ISSUER, persona_id
from tests.system.platform import Platform

FIRST, SECOND = (persona_id(f"UNODC:administrator-{n}") for n in (1, 2))
ADMINISTRATOR, KENYA, COORDINATOR = "UNODC:administrator", "KEN:focal_point", "UNODC:coordinator"
UNIT = "UNODC:provider_officer"
PERSON, COLLEAGUE = persona_id(KENYA), persona_id("KEN:colleague")
ADDRESS = "203.0.113.77"
SIGNS_IN_BY = "canary-sub-8841"
CANARIES = ("zebulon", "Зебулон", SIGNS_IN_BY, ADDRESS)
"""Words in the data entered below, in some letter case; nothing else here contains them."""

KEPT = "keepsake"
"""A word in the data of the colleague, who stays."""

HEARD_SECONDS = 30
OUT_SECONDS = 5


@dataclass
class World:
    """A running platform and its callers."""

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


async def appoint_all(world: World) -> None:
    """Found two administrators, who appoint a coordinator, the person, a colleague and an officer of a unit."""
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
    # Propose the same subject once more: the proposal waits for a second person when the person is erased.
    again = {"subjects": [{"issuer": ISSUER, "subject": SIGNS_IN_BY}]}
    path = f"/v1/people/{PERSON}/propose-subjects"
    await world.call("POST", path, ADMINISTRATOR, again, person=FIRST, revision=2)


async def create_personal_data(world: World) -> None:
    """Let the person subscribe, file, get mail and read; and the colleague too, from another address."""
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
    """Name each of the two as a contact for a delivery that a unit of UNODC makes."""
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
    """Begin the delivery and record two effects: one names the person and is withdrawn, the other stays."""
    for who, move, by in ((KENYA, "waive-agreement", given), (UNIT, "waive-agreement", {}), (UNIT, "begin", {})):
        delivery = await world.call("POST", f"{path}/{move}", who, {}, revision=delivery["revision"], **by)
    effect = {"change": "other", "happened_on": "2026-11-01", "language": "en", "address": "https://law.example"}
    for title, is_kept in ((f"Effect of {name}", False), (f"Effect with a {KEPT}", True)):
        made = await world.call("POST", f"{path}/effects", KENYA, {**effect, "title": title, "text": title}, **given)
        if not is_kept:
            at = f"/v1/effects/{made['effect_id']}/withdraw"
            await world.call("POST", at, KENYA, {}, revision=made["revision"], **given)


async def enter_experts(world: World) -> None:
    """Enter each of the two on the roster of a unit of UNODC."""
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
    """Return the first record of a list, once there is one."""
    deadline = time.monotonic() + HEARD_SECONDS
    while not (found := (await world.call("GET", path, who))[name]):
        assert time.monotonic() < deadline, path
        await asyncio.sleep(0.1)
    return found[0]


async def send_mails(world: World) -> None:
    """Send a mail with a file from the person, and one from the colleague."""
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
    """Cause refusals, which are logged without the input."""
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
    """Check that a token that is valid for a quarter of an hour is rejected within five seconds."""
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
