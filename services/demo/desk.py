"""The coordinators' desk: other ways by which needs come in, notifications of them, and the list of work at the end."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.message import EmailMessage
from functools import partial
from typing import Any

import aiosmtplib
import msgspec
from msgspec import Struct

from chassis import clock
from services.demo.contributing import Contributed, contribute
from services.demo.people import StepError, personas
from services.demo.samples import world
from services.demo.steps import Steps

COORDINATOR, KENYA, OFFICIAL = "UNODC:coordinator", "KEN:focal_point", "KEN:official"
PROVIDER, DONOR, FIJI, MADAGASCAR = "NOR:provider_officer", "DEU:donor_officer", "FJI:focal_point", "MDG:focal_point"
FOUND = "notifications.hit.recorded.v1"
OVERDUE = "requests.clock.overdue.v1"
SHOWN = 8
"""Number of items of the list of work on the card."""

LINE = {
    "kind": "training",
    "topics": ["mutual_legal_assistance"],
    "institution": "judiciary",
    "group_size": 20,
    "languages": ["en"],
    "modality": "remote",
}
BY_NOTE = {
    "state": "FJI",
    "channel": "note_verbale",
    "received_reference": "[Fictitious sample] Note 114/2026",
    "language": "en",
    "title": "[Fictitious sample] Training of magistrates on mutual legal assistance",
    "circulation": "granted",
    "visibility": "providers",
    "lines": [LINE],
}
MAIL = "[Fictitious sample] Demande de formation des greffiers"
PDF = b"""\
%PDF-1.7
1 0 obj
<< /Type /Catalog /Pages 2 0 R >>
endobj
2 0 obj
<< /Type /Pages /Kids [] /Count 0 >>
endobj
trailer
<< /Root 1 0 R >>
%%EOF
"""
"""The file attached to the mail."""
TRANSLATION = {
    "language": "fr",
    "source_revision": 1,
    "title": "[Exemple fictif] Formation de magistrats à l’entraide judiciaire",
}


class Intake(Struct, frozen=True):
    """The SMTP server that receives mails for the platform, and its address."""

    host: str
    port: int
    address: str


Escalate = Callable[[], Awaitable[object]]
"""Treats the clocks that are due within five days as overdue."""


class DeskStory:
    """The demo of intake and desk; a second run changes nothing."""

    def __init__(self, steps: Steps, intake: Intake | None = None, escalate: Escalate | None = None) -> None:
        self._steps, self._api = steps, steps.api
        self._intake, self._escalate = intake, escalate
        self.filed: list[tuple[str, Mapping[str, Any]]] = []
        """Each way by which a need came in, and its request."""
        self.hits: Mapping[str, int] = {}
        self.overdue = 0
        self.work: Sequence[Mapping[str, Any]] = ()
        self.counts: Mapping[str, Any] = {}
        self.joint: Mapping[str, Any] | None = None
        """A delivery that was proposed to several States."""
        self.package: Mapping[str, Any] = {}
        self.contributed: Contributed | None = None

    async def prepare(self) -> None:
        """Publish the criteria and enter the holidays of each year of the sample, unless there are any."""
        api, calendar = self._api, msgspec.json.decode(world("calendar.json"))
        for path, body, send in (
            ("/v1/criteria", msgspec.json.decode(world("criteria.json")), api.post),
            *((f"/v1/calendar/{year}", {"holidays": days}, api.put) for year, days in calendar.items()),
        ):
            if not (await api.get(COORDINATOR, path))["revision"]:
                await send(COORDINATOR, path, body, revision=0)

    async def watch(self) -> None:
        """Create alerts of a provider and a donor, before the first request."""
        await self._api.post(PROVIDER, "/v1/alerts", {"subject": "requests", "frequency": "at_once"})
        await self._api.post(DONOR, "/v1/alerts", {"subject": "funding", "frequency": "at_once"})

    async def run(self) -> None:
        ways = [("note verbale", self._by_note), ("two officials", self._by_two)]
        ways += [("mail", self._by_mail)] if self._intake else []

        async def file_by(way: tuple[str, Callable[[], Awaitable[Mapping[str, Any]]]]) -> None:
            self.filed.append((way[0], await way[1]()))

        await self._steps.each("needs come in by note verbale, in parts, by mail", ways, file_by)
        await self._steps.each("alerts are read, overdue work is escalated", ["one"], self._read)
        self.contributed = await contribute(self._steps)

    # -- intake ----------------------------------------------------------------------------------------------------

    async def _by_note(self) -> Mapping[str, Any]:
        """File a request as the secretariat, and translate it; the focal point confirms it by submitting."""
        window = {"from": f"{clock.now().year + 1}-02-01", "until": f"{clock.now().year + 1}-06-30"}
        body = {**BY_NOTE, "received_on": "2026-11-20", "lines": [{**LINE, "window": window}]}
        draft = await self._api.post(COORDINATOR, "/v1/requests/on-behalf", body)
        path = f"/v1/requests/{draft['request_id']}"
        await self._api.post(COORDINATOR, f"{path}/translations", TRANSLATION)
        request = await self._api.get(FIJI, path)
        if request["status"] == "draft":
            request = await self._api.post(FIJI, f"{path}/submit", {}, revision=request["revision"])
        return await self._api.get(COORDINATOR, path, language="fr")

    async def _by_two(self) -> Mapping[str, Any]:
        """Draft a request in parts: an official gives the language and adds a line, the focal point adds the title."""
        draft = await self._api.post(OFFICIAL, "/v1/requests", {"language": "en"}, step="a partial draft")
        path = f"/v1/requests/{draft['request_id']}"
        request = await self._api.get(OFFICIAL, path)
        if not request["lines"]:
            line = {"kind": "case_management", "topics": ["mutual_legal_assistance"]}
            request = await self._api.post(OFFICIAL, f"{path}/lines", line, revision=request["revision"])
        if not request["title"]:
            title = {"title": "[Fictitious sample] A register of incoming requests"}
            request = await self._api.patch(KENYA, path, title, revision=request["revision"])
        return request

    async def _by_mail(self) -> Mapping[str, Any]:
        """Send a mail of a known sender to the triage box; a coordinator files it on behalf of its State."""
        assert self._intake is not None, "this step requires an intake"
        sender = next(one.email for one in personas() if one.appointment == MADAGASCAR)
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, self._intake.address, MAIL
        message["Message-ID"] = "<entraide-demo-1@madagascar.example>"
        message.set_content("[Exemple fictif] Nos greffiers ont besoin d’une formation à distance.")
        message.add_attachment(PDF, maintype="application", subtype="pdf", filename="exemple-fictif.pdf")
        await aiosmtplib.send(message, hostname=self._intake.host, port=self._intake.port)

        async def received() -> Mapping[str, Any] | None:
            mails = await self._steps.all(COORDINATOR, "/v1/intake/mails?organization=MDG", "mails")
            if not mails:
                return None
            mail = await self._api.get(COORDINATOR, f"/v1/intake/mails/{mails[0]['mail_id']}")
            return None if "pending" in {one["status"] for one in mail["files"]} else mail

        mail = await self._steps.until(received, "the mail in the triage box, its file scanned")
        path = f"/v1/intake/mails/{mail['mail_id']}"
        if mail["status"] == "new":
            await self._api.post(COORDINATOR, f"{path}/file", {"language": "fr"}, revision=mail["revision"])
        filed = await self._api.get(COORDINATOR, path)
        return await self._api.get(MADAGASCAR, f"/v1/requests/{filed['request_id']}")

    # -- the desk --------------------------------------------------------------------------------------------------

    async def _read(self, _: str) -> None:
        if self._escalate:
            await self._escalate()
            self.overdue = await self._steps.until(lambda: self._count(COORDINATOR, OVERDUE), "an overdue clock")
        self.hits = {
            who: await self._steps.until(partial(self._count, who, FOUND), f"what the alert of {who} finds")
            for who in (PROVIDER, DONOR)
        }
        self.work = (await self._api.get(COORDINATOR, f"/v1/work?limit={SHOWN}"))["work"]
        self.counts = await self._api.get(COORDINATOR, "/v1/work/counts")
        if not self.work:
            raise StepError("nothing waits for a coordinator")

    async def _count(self, who: str, notice: str) -> int:
        """The number of a person's notifications of one notice."""
        found = await self._steps.all(who, "/v1/notifications", "notifications")
        return sum(one["notice"].startswith(notice) for one in found)
