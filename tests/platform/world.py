"""All services in this process with real records of every kind, created over HTTP."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx

from chassis import clock
from chassis.ids import new_id
from chassis.journal.inbox import Outcome
from chassis.journal.outbox import read
from chassis.service import Running
from contracts.facts import Event
from contracts.values import Role
from services.directory.people import store as directory_store
from services.directory.wiring import appoint_founders
from services.matching.lines import store as line_store
from services.matching.lines.model import WantedLine
from services.matching.rounds.planner import Planner
from services.notifications.digests import actions as digest_actions
from services.requests.mail import actions as mail_actions
from services.requests.mail.parsing import read_mail
from services.requests.wiring import scan
from tests.builders import a_caller, a_request, headers
from tests.directory.steps import FIRST, OTHER, TODAY, a_founder, a_role, done, entered
from tests.files import FLOWS, PDF
from tests.matching.builders import an_offering_body
from tests.platform.delivery_steps import deliver
from tests.platform.portal_steps import keep_portal
from tests.platform.records import Records, records_of
from tests.platform.sherloc_steps import collect_practices, contribute, keep_register
from tests.pledges.steps import prepared, usd
from tests.requests.mail_steps import a_mail

KENYA, COORDINATOR, FINANCE = "KEN:focal_point", "UNODC:coordinator", "UNODC:finance_officer"
NORWAY, NORWAYS_DONOR, UNIT = "NOR:provider_officer", "NOR:donor_officer", "UNODC:provider_officer"
FUND = "SHERLOC-MNT"
A_CLIENT = {
    "organization": "KEN",
    "name": "Case system (fictitious)",
    "role": "official",
    "scopes": ["read"],
    "until": str(TODAY),
}
SUBSCRIBERS = (KENYA, COORDINATOR, NORWAY, NORWAYS_DONOR)


@dataclass
class World:
    """All services with their records.

    `records` are by the name of their id in a path; `focal_points` is the number in force by organization.
    """

    client: httpx.AsyncClient
    running: Sequence[Running]
    records: Records = field(default_factory=dict)
    lines: Sequence[WantedLine] = ()
    focal_points: dict[str, int] = field(default_factory=dict)
    _carried: dict[str, str] = field(default_factory=dict)
    _unread: Counter[str] = field(default_factory=Counter)
    """The number of events of each service that are not read yet."""

    def __post_init__(self) -> None:
        for one in self.running:
            one.db.on_commit = partial(self._count, one.name)

    def _count(self, owner: str, events: Sequence[Event]) -> None:
        self._unread[owner] += len(events)

    async def say(
        self, who: str, path: str, *, method: str = "POST", about: Mapping[str, Any] | None = None, **body: Any
    ) -> Any:
        """Call as `who`, and deliver all events. `about` is the record that the call moves, as last shown."""
        answer = await self.client.request(
            method, path, json=body, headers=headers(who, revision=about["revision"] if about else None)
        )
        assert answer.is_success, (who, path, answer.text)
        await self.deliver_events()
        return answer.json()

    async def deliver_events(self) -> None:
        """Deliver all events to their consumers, as the broker would."""
        while owners := [one for one in self.running if self._unread[one.name]]:
            for owner in owners:
                async with owner.db.transaction() as tx:
                    page = await read(tx, after=self._carried.get(owner.name, "0.0"))
                for listener in (one for one in self.running if owner.name in one.inbox.owners):
                    needed = listener.service.consumed_aggregates(owner.name)
                    for event in (one for one in page.events if one.aggregate in needed):
                        outcome = await listener.inbox.receive(event)
                        assert outcome is Outcome.APPLIED, (listener.name, event.type, outcome)
                self._carried[owner.name] = page.after
                self._unread[owner.name] -= len(page.events)

    async def read_records(self) -> None:
        """Read the current state of every record, as the service."""
        databases = {one.name: one.db for one in self.running}
        self.records = await records_of(databases)
        async with databases["matching"].transaction() as tx:
            found = [
                await line_store.line(tx, row["line_id"]) for row in await tx.fetch("SELECT line_id FROM wanted_line")
            ]
        self.lines = [one for one in found if one is not None]
        async with databases["directory"].transaction() as tx:
            for organization in ("KEN", "NOR", "UNODC"):
                count = await directory_store.in_force(tx, organization, Role.FOCAL_POINT, today=TODAY)
                self.focal_points[organization] = count


async def fill(world: World) -> None:
    """Create records of every kind, and of both sides where ownership matters."""
    await _people(world)
    for who in SUBSCRIBERS:
        await world.say(who, "/v1/subscriptions", method="PUT", language="en", channels=["inbox"])
    for who in (KENYA, NORWAY):
        await world.say(who, "/v1/webhooks", url="https://hooks.example.org/entraide", scheme="v1")
    for who, subject in ((KENYA, "offerings"), (NORWAY, "requests"), (NORWAYS_DONOR, "funding")):
        await world.say(who, "/v1/alerts", subject=subject, frequency="daily")
    for who in (KENYA, NORWAY):
        await world.say(who, "/v1/views", name="Fictitious sample", shared=who == KENYA)
    await world.say(KENYA, "/v1/observations", article="UNTOC:18", language="en", text="Fictitious sample")
    await _offerings(world)
    await _requests(world)
    await _matches(world)
    await _joint_delivery(world)
    await _rounds(world)
    await _money(world)
    await deliver(world)
    await keep_register(world)
    await contribute(world)
    await keep_portal(world)
    day = clock.now().date()
    await world.say(COORDINATOR, "/v1/reports", year=day.year, as_of=str(day))
    await collect_practices(world)
    await _package(world)
    await _translations(world)
    await _digests(world)
    await world.read_records()


async def _digests(world: World) -> None:
    """Issue digests of what the alerts have found."""
    db = {one.name: one.db for one in world.running}["notifications"]
    async with db.transaction() as tx:
        while await digest_actions.issue_due(tx, now=clock.now() + timedelta(days=2)):
            pass
    await world.deliver_events()


async def _people(world: World) -> None:
    await appoint_founders(
        {one.name: one.db for one in world.running}["directory"], [a_founder(FIRST), a_founder(OTHER)]
    )
    for code in ("KEN", "NOR"):
        await done(world.client, "/v1/organizations", FIRST, code=code)
    for code in ("KEN", "NOR"):
        person = await entered(world.client, code)
        focal_point = a_role(person, "focal_point", code)
        if code == "KEN":
            proposed = await done(world.client, "/v1/appointments", FIRST, **focal_point)
            await done(world.client, f"/v1/appointments/{proposed['appointment_id']}/approve", "second", revision=1)
        for role in ("official", "donor_officer"):
            await done(
                world.client, "/v1/appointments", FIRST if code == "NOR" else KENYA, **a_role(person, role, code)
            )
    for who, changes in ((KENYA, {}), ("UNODC:administrator", {"organization": "UNODC", "role": "provider_officer"})):
        await world.say(who, "/v1/clients", **A_CLIENT | changes)
    person = await entered(world.client, "UNODC")
    await done(world.client, "/v1/appointments", FIRST, **a_role(person, "coordinator", "UNODC"))


async def _offerings(world: World) -> None:
    needed = {"resource_status": "partly", "funding_needed": usd(3_800_000)}
    for who in (NORWAY, UNIT):
        offering = await world.say(who, "/v1/offerings", **an_offering_body(**needed))
        await world.say(
            COORDINATOR, f"/v1/offerings/{offering['offering_id']}/approve", about=offering, comment="As agreed."
        )
    await world.say(NORWAY, "/v1/offerings", **an_offering_body())
    await world.say(NORWAY, "/v1/offerings", **an_offering_body(submit=False))


async def _requests(world: World) -> None:
    await _attach(world, await world.say(KENYA, "/v1/requests", **a_request(submit=False)))
    await world.say("NOR:focal_point", "/v1/requests", **a_request(visibility="private", circulation="none"))
    await world.say(KENYA, "/v1/requests", **a_request(visibility="private", circulation="none"))
    to_norway = {"addressee": {"to": "states", "states": ["NOR"]}}
    for changes in ({}, {"visibility": "public_summary"}, {"visibility": "named", **to_norway}):
        await _open(world, await world.say(KENYA, "/v1/requests", **a_request(**changes)))
    for circulation in ("granted", "none"):
        draft = await world.say(KENYA, "/v1/requests", **a_request(submit=False, circulation=circulation))
        await _attach(world, draft)
        partly = await _open(world, await world.say(KENYA, f"/v1/requests/{draft['request_id']}/submit", about=draft))
    path = f"/v1/requests/{partly['request_id']}"
    await _attach(world, partly, COORDINATOR, "notes-verbales")
    await _mails(world)
    await world.say(
        KENYA, f"{path}/consents", about=partly, recipients=["NOR"], fields=["codes", "institution"], comment="For now."
    )


async def _translations(world: World) -> None:
    """Translate every offering and request into French, by machine, and summarize each request."""
    for who in (NORWAY, UNIT):
        offered = (await world.client.get("/v1/offerings?limit=100", headers=headers(who))).json()["offerings"]
        for one in (one for one in offered if one["provider"] == who.partition(":")[0]):
            made = {"machine": True, "source_revision": one["revision"], "title": "Traduction"}
            await world.say(who, f"/v1/offerings/{one['offering_id']}/translations", language="fr", **made)
    for who in (KENYA, "NOR:focal_point"):
        for one in (await world.client.get("/v1/requests?limit=100", headers=headers(who))).json()["requests"]:
            path = f"/v1/requests/{one['request_id']}"
            lines = (await world.client.get(path, headers=headers(who))).json()["lines"]
            words = [{"line_id": line["line_id"], "outcome": "Traduction"} for line in lines]
            made = {"machine": True, "source_revision": one["revision"], "title": "Traduction", "lines": words}
            await world.say(who, f"{path}/translations", language="fr", **made)
            summary = await world.say(who, f"{path}/summary", language="en", title="A sample", body="A sample.")
            text = {"title": "Un exemple", "body": "Un exemple."}
            summary = await world.say(
                who, f"{path}/summary/translations/fr", method="PUT", about=summary, machine=True, **text
            )


async def _attach(world: World, request: Mapping[str, Any], by: str = KENYA, among: str = "attachments") -> None:
    path = f"/v1/requests/{request['request_id']}/{among}"
    given = headers(by, revision=request["revision"]) | {
        "Content-Type": "application/octet-stream",
        "File-Name": "note.pdf",
    }
    assert (await world.client.post(path, content=PDF, headers=given)).status_code == 201
    await world.deliver_events()


async def _mails(world: World) -> None:
    """Receive two mails: one for the triage box, and one that answers a notice about a request."""
    requests = next(one for one in world.running if one.name == "requests")
    sender = mail_actions.Sender(person_id=a_caller(KENYA).person_id, organization="KEN")
    listed = (await world.client.get("/v1/requests?state=KEN", headers=headers(KENYA))).json()["requests"]
    answered = mail_actions.Answered(request_id=UUID(listed[0]["request_id"]), state="KEN", match_id=None)
    for about in (None, answered):
        mail = read_mail(a_mail(("note.pdf", PDF)).as_bytes(), None)
        files = [(new_id(), one) for one in mail.files]
        for file_id, one in files:
            await requests.own.keep_bytes(file_id, one.content)
        async with requests.db.transaction() as tx:
            await mail_actions.receive(tx, new_id(), mail, sender, files, about, now=clock.now())
    await _scan(world)


async def _scan(world: World) -> None:
    requests = next(one for one in world.running if one.name == "requests")
    await scan(requests.db, requests.own, requests.own.scanner)
    await world.deliver_events()


async def _open(world: World, request: Mapping[str, Any]) -> Any:
    path = f"/v1/requests/{request['request_id']}"
    registered = await world.say(COORDINATOR, f"{path}/register", about=request)
    return await world.say(COORDINATOR, f"{path}/open", about=registered, priority="normal", comment="Clear.")


async def _matches(world: World) -> None:
    """Move two of three suggested matches of Norway: one is confirmed, one only presented."""
    suggested = (await world.client.get("/v1/matches?limit=100", headers=headers(COORDINATOR))).json()["matches"]
    norways = [one for one in suggested if one["provider"] == "NOR"]
    assert len(norways) >= 3, "the offering fits the requests"
    for number, match in enumerate(norways[:2]):
        path = f"/v1/matches/{match['match_id']}"
        match = await world.say(
            COORDINATOR, f"{path}/present", about=match, departure="stated_preference", comment="Please look."
        )
        if number == 0:
            match = await world.say(KENYA, f"{path}/accept", about=match)
            match = await world.say(NORWAY, f"{path}/confirm", about=match)


async def _joint_delivery(world: World) -> None:
    """Propose a joint delivery of UNODC's unit, for one line each of Kenya and Norway."""
    lines = []
    for who in (KENYA, "NOR:focal_point"):
        request = await _open(world, await world.say(who, "/v1/requests", **a_request()))
        lines.append(request["lines"][0]["line_id"])
    page = await world.client.get("/v1/offerings", headers=headers(COORDINATOR))
    offering = next(one for one in page.json()["offerings"] if one["provider"] == "UNODC")
    body = {"offering_id": offering["offering_id"], "lines": lines, "departure": "stated_preference"}
    await world.say(COORDINATOR, "/v1/joint-deliveries", **body)


async def _rounds(world: World) -> None:
    """Create two rounds: one that is planned, and one that waits."""
    await world.say(COORDINATOR, "/v1/rounds", seconds=5)
    matching = next(one for one in world.running if one.name == "matching")
    assert await Planner(matching.db, matching.own.memory).plan_next()
    await world.say(COORDINATOR, "/v1/rounds")


async def _money(world: World) -> None:
    await prepared(world.client)
    need = {"year": 2028, "money": usd(7_000_000), "reason": "needs_changed"}
    await world.say(FINANCE, f"/v1/funds/{FUND}/requirements", about={"revision": 1}, **need)
    for donor in (NORWAYS_DONOR, "KEN:donor_officer"):
        body = {"fund": FUND, "money": usd(9_000_000), "pledged_on": "2026-02-12", "note": "For the upkeep."}
        pledge = await world.say(donor, "/v1/pledges", **body)
        path = f"/v1/pledges/{pledge['pledge_id']}"
        pledge = await world.say(FINANCE, f"{path}/commit", about=pledge, committed_on="2026-02-12")
        await world.say(FINANCE, f"{path}/receive", about=pledge, money=body["money"], received_on="2026-02-12")
    await world.say(NORWAYS_DONOR, "/v1/pledges", **body)
    owed = await world.say(NORWAYS_DONOR, "/v1/pledges", **body)
    path = f"/v1/pledges/{owed['pledge_id']}"
    owed = await world.say(FINANCE, f"{path}/commit", about=owed, committed_on="2026-02-12")
    await world.say(FINANCE, f"{path}/write-off", about=owed, reason="not_expected")
    (requirement,) = (await world.client.get("/v1/requirements", headers=headers(FINANCE))).json()["requirements"]
    days = {"starts_on": "2026-02-12", "ends_on": "2026-02-13"}
    planned = {"fund": FUND, "activity_kind": "outreach", "title": "Journée d’information", "language": "fr", **days}
    activity = await world.say(FINANCE, "/v1/activities", **planned)
    purposes = (
        ({"requirement_id": requirement["requirement_id"]}, requirement["gap_usd_minor"]),
        ({"work_package": "maintenance"}, 1_000_000),
        ({"activity_id": activity["activity_id"]}, 1_000_000),
    )
    for purpose, minor in purposes:
        await world.say(FINANCE, "/v1/allocations", fund=FUND, money=usd(minor), **purpose)
    for donor in (NORWAYS_DONOR, "KEN:donor_officer"):
        body = {"fund": FUND, "form": "premises", "money": usd(4_000), "provided_on": "2026-02-12"}
        for acknowledged in (True, False):
            one = await world.say(donor, "/v1/in-kind-contributions", **body, description="A hall for a week.")
            if acknowledged:
                path = f"/v1/in-kind-contributions/{one['in_kind_contribution_id']}"
                await world.say(FINANCE, f"{path}/acknowledge", about=one)
    given = headers(FINANCE) | {"Content-Type": "application/octet-stream", "File-Name": "flows.csv"}
    assert (await world.client.post("/v1/imports", content=FLOWS, headers=given)).status_code == 201
    await world.deliver_events()


async def _package(world: World) -> None:
    """Create a package of Norway's offering to Kenya, UNODC and France's pledge, which waits for France."""
    request = await _open(world, await world.say(KENYA, "/v1/requests", **a_request()))
    found = await world.client.get(f"/v1/matches?request={request['request_id']}", headers=headers(COORDINATOR))
    match = next(one for one in found.json()["matches"] if one["provider"] == "NOR")
    body = {"fund": FUND, "money": usd(9_000_000), "pledged_on": "2026-02-12"}
    pledge = await world.say("FRA:donor_officer", "/v1/pledges", **body)
    path = f"/v1/pledges/{pledge['pledge_id']}"
    await world.say(FINANCE, f"{path}/commit", about=pledge, committed_on="2026-02-12")
    asked = {"unit": "UNODC", "pledge_id": pledge["pledge_id"], "money": usd(3_800_000)}
    chosen = {name: match[name] for name in ("match_id", "revision")} | {"departure": "stated_preference"}
    package = await world.say(COORDINATOR, "/v1/packages", **chosen, **asked, comment="As agreed by telephone.")
    await world.say(UNIT, f"/v1/packages/{package['package_id']}/agree", about=package)
