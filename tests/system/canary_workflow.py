"""The main workflow with a distinct text in every free field."""

import asyncio
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

import aiosmtplib

from tests.builders import AHEAD, a_line, a_request
from tests.clocks import TODAY
from tests.files import PDF
from tests.matching.builders import a_drafted_line, an_offering_body
from tests.matching.steps import settled
from tests.personas import persona_id
from tests.pledges.steps import usd
from tests.system import canary_delivery, canary_money, canary_people, canary_portal, canary_sherloc
from tests.system.canaries import NO_READERS, Canary, Readers
from tests.system.canary_stage import (
    ADMINISTRATOR,
    COLLEAGUE,
    COORDINATOR,
    DONOR,
    EVERYBODY,
    FINANCE,
    FRANCE,
    FUND,
    KENYA,
    NORWAY,
    OF_NORWAY,
    OFFICIAL,
    OVERSEERS,
    STATE,
    UGANDA,
    UNIT,
    Stage,
    until,
)


async def run_workflow(stage: Stage) -> None:
    await canary_people.appoint_all(stage)
    await canary_people.register_client(stage)
    await canary_people.subscribe_to_notifications(stage)
    await canary_money.pledge_money(stage)
    await offer_assistance(stage)
    await fulfil_a_request(stage)
    await propose_jointly(stage)
    await end_other_requests(stage)
    await end_packages(stage)
    await file_a_mail(stage)
    await save_a_view(stage)
    await enter_an_observation(stage)
    await canary_sherloc.record_laws(stage)
    await canary_sherloc.collect_practices(stage)
    await canary_portal.contribute(stage)
    await canary_portal.extend_the_portal(stage)
    await canary_portal.report_progress(stage)
    await canary_portal.meet(stage)
    await canary_portal.write_the_report(stage)


async def offer_assistance(stage: Stage) -> None:
    """Offer assistance of Norway, in every move, and of UNODC; a third offering is withdrawn.

    Of the comments on Norway's offering, only the last one is kept.
    """
    capacity = [{"from": f"{AHEAD - 1}-01-01", "until": f"{AHEAD}-12-31", "units": 9}]
    body = {**an_offering_body(submit=False, capacity=capacity)}
    del body["title"], body["summary"]
    needed = {"resource_status": "partly", "funding_needed": usd(1_000_000)}
    path = "/v1/offerings/{offering_id}"
    one = await stage.say(NORWAY, "POST", "/v1/offerings", body | needed)
    changed = {name: value for name, value in (body | needed).items() if name != "submit"}
    one = await stage.say(NORWAY, "PATCH", path, changed, about=one, to=EVERYBODY)
    one = await stage.say(NORWAY, "POST", f"{path}/submit", {}, about=one)
    one = await stage.say(COORDINATOR, "POST", f"{path}/return", {"reason": "other"}, about=one)
    one = await stage.say(NORWAY, "POST", f"{path}/submit", {}, about=one)
    one = await stage.say(COORDINATOR, "POST", f"{path}/approve", {}, about=one)
    one = await stage.say(NORWAY, "POST", f"{path}/suspend", {}, about=one)
    one = await stage.say(COORDINATOR, "POST", f"{path}/resume", {}, about=one)
    # Nothing of the replaced contact point is stored. Kenya agrees to a delivery and may read the new one.
    one = await stage.say(NORWAY, "PUT", f"{path}/contact", {}, about=one, to=NO_READERS)
    agreed = frozenset({COORDINATOR, NORWAY, KENYA, OFFICIAL})
    one = await stage.say(NORWAY, "PUT", f"{path}/contact", {}, about=one, to=agreed)
    one = await stage.say(NORWAY, "POST", f"{path}/publish", {"language": "en"}, about=one, to=NO_READERS)
    one = await stage.say(NORWAY, "POST", f"{path}/publish", {"language": "en"}, about=one, to=EVERYBODY)
    await stage.say(NORWAY, "POST", f"{path}/reconfirm", {}, about=one, to=OVERSEERS | OF_NORWAY)
    table = f"language,title,valid.from,valid.until\r\nen,{{}},{AHEAD}-01-01,{AHEAD}-12-31\r\n"
    await stage.import_records(NORWAY, "/v1/offerings/import", table, OVERSEERS | OF_NORWAY)
    other = await stage.say(NORWAY, "POST", "/v1/offerings", body, to=OVERSEERS | OF_NORWAY)
    await stage.say(NORWAY, "POST", f"{path}/withdraw", {}, about=other, to=OVERSEERS | OF_NORWAY)
    units = await stage.say(UNIT, "POST", "/v1/offerings", body | {"submit": True}, to=EVERYBODY)
    body = {"source_revision": 1}
    one = await stage.say(UNIT, "POST", f"{path}/translations", body | {"language": "fr"}, about=units, to=NO_READERS)
    about = units | {"language": "fr", "revision": one["revision"]}
    await stage.say(UNIT, "PUT", f"{path}/translations/{{language}}", body, about=about, to=EVERYBODY)
    await stage.say(
        COORDINATOR,
        "POST",
        f"{path}/approve",
        {},
        about=units,
        to=OVERSEERS | {UNIT, ADMINISTRATOR, COLLEAGUE, FINANCE},
    )


def request_body(*, lines: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a request as JSON for the API, in which every text is missing."""
    # The window has begun, since a delivery is completed on one of its own days.
    line = a_line(window={"from": f"{AHEAD - 1}-01-01", "until": f"{AHEAD}-06-30"})
    body = a_request(submit=False, circulation="none", **changes)
    for name in ("institution_name", "outcome", "in_place", "markers_justification"):
        del line[name]
    del body["title"], body["need"]
    line["measures"] = [{"source": "received"}]
    return body | {"lines": [{**line} for _ in range(lines)]}


async def opened(stage: Stage, request: Mapping[str, Any], to: Readers = STATE, by: str = KENYA) -> Any:
    path = "/v1/requests/{request_id}"
    request = await stage.say(by, "POST", f"{path}/submit", {}, about=request, to=to)
    request = await stage.say(COORDINATOR, "POST", f"{path}/register", about=request)
    return await stage.say(COORDINATOR, "POST", f"{path}/open", {"priority": "normal"}, about=request, to=to)


async def fulfil_a_request(stage: Stage) -> None:
    """Fulfil a request that Norway may read in full; of four lines, one is met and the others end differently."""
    path, match_path = "/v1/requests/{request_id}", "/v1/matches/{match_id}"
    await stage.say(KENYA, "POST", "/v1/requests/check", {n: v for n, v in request_body().items() if n != "submit"})
    await stage.say(KENYA, "POST", "/v1/matches/topics", {})
    await stage.say(KENYA, "POST", "/v1/matches/preview", a_drafted_line(measures=[{"source": "own"}]))
    given = STATE | {NORWAY, DONOR}
    request = await stage.say(
        OFFICIAL, "POST", "/v1/requests", request_body(lines=4), to=given, institution_name=STATE | {NORWAY}
    )
    await stage.attach(KENYA, request, to=given)
    request = await opened(stage, request)
    request = await stage.say(KENYA, "POST", f"{path}/consents", {"recipients": ["NOR"]}, about=request, to=STATE)
    lines = [line["line_id"] for line in request["lines"]]
    await translate(stage, request, given)
    await summarize(stage, request)
    matches = await suggested(stage, request, "NOR", lines)

    sides = STATE | {NORWAY}
    agreed = (COORDINATOR, "present"), (KENYA, "accept"), (NORWAY, "confirm")
    for who, move in agreed:
        matches[0] = await stage.say(who, "POST", f"{match_path}/{move}", departing(move), about=matches[0])
    await _fund(stage, request)
    matches[0] = await canary_delivery.deliver(stage, matches[0], sides)
    went = {"result": "met", "relevance": 5, "quality": 4, "timeliness": 3}
    for who, own in ((KENYA, STATE), (NORWAY, OVERSEERS | {NORWAY})):
        matches[0] = await stage.say(who, "POST", f"{match_path}/evaluate", went, about=matches[0], to=own)
    chosen = {name: matches[1][name] for name in ("match_id", "revision")} | departing("present")
    (matches[1],) = (await stage.say(COORDINATOR, "POST", "/v1/matches/present", {"matches": [chosen]}))["matches"]
    await stage.say(KENYA, "POST", f"{match_path}/decline", {"reason": "other"}, about=matches[1], to=sides)
    for who, move in agreed:
        matches[2] = await stage.say(who, "POST", f"{match_path}/{move}", departing(move), about=matches[2])
    terminated, delivery = {"reason": "other"}, await canary_delivery.opened(stage, matches[2])
    path_of = f"{canary_delivery.PATH}/terminate"
    await stage.say(COORDINATOR, "POST", path_of, terminated, about=delivery, to=sides)
    nominated = {"line_id": lines[3], "offering_id": matches[3]["offering_id"]}
    matches[3] = await stage.say(COORDINATOR, "POST", "/v1/matches", nominated)
    matches[3] = await stage.say(COORDINATOR, "POST", f"{match_path}/shortlist", {}, about=matches[3])
    await stage.say(
        COORDINATOR, "POST", f"{match_path}/not-pursue", {"reason": "other"}, about=matches[3], to=OVERSEERS
    )


async def propose_jointly(stage: Stage) -> None:
    """Propose one delivery for Kenya and Uganda; its provider confirms it, and then it is withdrawn."""
    lines = []
    for who, readers in ((KENYA, STATE), (UGANDA, OVERSEERS | {UGANDA})):
        request = await stage.say(who, "POST", "/v1/requests", request_body(), to=readers)
        lines.append((await opened(stage, request, readers, who))["lines"][0]["line_id"])
    page = await stage.see(COORDINATOR, "/v1/offerings")
    offering = next(one for one in page["offerings"] if one["provider"] == "UNODC")
    path, body = "/v1/joint-deliveries", {"offering_id": offering["offering_id"], "lines": lines}
    joint = await stage.say(COORDINATOR, "POST", path, body | departing("present"))
    joint = await stage.say(UNIT, "POST", f"{path}/{{joint_delivery_id}}/confirm", {}, about=joint)
    await stage.say(
        COORDINATOR,
        "POST",
        f"{path}/{{joint_delivery_id}}/withdraw",
        {"reason": "other"},
        about=joint,
        to=STATE | {UGANDA, UNIT},
    )


async def end_packages(stage: Stage) -> None:
    """Propose two packages of France's offering, UNODC and Norway's pledge: one is declined, one is withdrawn."""
    capacity = [{"from": f"{AHEAD - 1}-01-01", "until": f"{AHEAD}-12-31", "units": 9}]
    needed = {"resource_status": "partly", "funding_needed": usd(1_000_000)}
    offering = {**an_offering_body(capacity=capacity), **needed}
    del offering["title"], offering["summary"]
    one = await stage.say(FRANCE, "POST", "/v1/offerings", offering, to=EVERYBODY)
    path = "/v1/offerings/{offering_id}/approve"
    await stage.say(COORDINATOR, "POST", path, {}, about=one, to=OVERSEERS | {FRANCE})
    request = await stage.say(OFFICIAL, "POST", "/v1/requests", request_body(lines=2), to=STATE)
    request = await opened(stage, request)
    consent = {"recipients": ["FRA", "NOR"], "fields": ["codes"]}
    await stage.say(KENYA, "POST", "/v1/requests/{request_id}/consents", consent, about=request, to=STATE)
    matches = await suggested(stage, request, "FRA", [line["line_id"] for line in request["lines"]])
    pledges = (await stage.see(DONOR, "/v1/pledges"))["pledges"]
    pledge = next(one for one in pledges if one["status"] == "received")
    asked = {"unit": "UNODC", "pledge_id": pledge["pledge_id"], "money": usd(1_000_000)}
    parties = STATE | {FRANCE, DONOR, UNIT}
    for match, who, move in zip(matches, (DONOR, COORDINATOR), ("decline", "withdraw"), strict=True):
        chosen = {name: match[name] for name in ("match_id", "revision")} | departing("present")
        one = await stage.say(COORDINATOR, "POST", "/v1/packages", chosen | asked, to=parties)
        path = f"/v1/packages/{{package_id}}/{move}"
        await stage.say(who, "POST", path, {"reason": "other"}, about=one, to=parties)


async def translate(stage: Stage, request: Mapping[str, Any], given: Readers) -> None:
    """Translate a request into French twice; the first translation is no longer stored."""
    path = "/v1/requests/{request_id}/translations"
    body = {"source_revision": 1, "lines": [{"line_id": line["line_id"]} for line in request["lines"]]}
    one = await stage.say(OFFICIAL, "POST", path, body | {"language": "fr"}, about=request, to=NO_READERS)
    about = request | {"language": "fr", "revision": one["revision"]}
    names = STATE | {NORWAY}
    await stage.say(KENYA, "PUT", f"{path}/{{language}}", body, about=about, to=given, institution_name=names)


async def summarize(stage: Stage, request: Mapping[str, Any]) -> None:
    """Draft a public summary, which the State does not approve."""
    path = "/v1/requests/{request_id}/summary"
    one = await stage.say(COORDINATOR, "POST", path, {"language": "en"}, about=request, to=NO_READERS)
    one = await stage.say(COORDINATOR, "PUT", path, {"language": "en"}, about=one, to=STATE)
    about = one | {"language": "fr"}
    await stage.say(OFFICIAL, "PUT", f"{path}/translations/{{language}}", {}, about=about, to=STATE)


def departing(move: str) -> dict[str, Any]:
    return {"departure": "stated_preference"} if move == "present" else {}


async def suggested(stage: Stage, request: Mapping[str, Any], provider: str, lines: list[str]) -> list[Any]:
    """Wait for the provider's match of each line, and return them."""

    async def made() -> Any:
        page = await stage.see(COORDINATOR, f"/v1/matches?request={request['request_id']}&limit=100")
        found = {one["line_id"]: one for one in page["matches"] if one["provider"] == provider}
        there = set(lines) <= found.keys() and settled(page["matches"])
        return [found[line] for line in lines] if there else None

    return list(await until(made))


async def _fund(stage: Stage, request: Mapping[str, Any]) -> None:
    async def lacking() -> Any:
        page = await stage.see(FINANCE, f"/v1/requirements?request={request['request_id']}")
        return next((one for one in page["requirements"] if one["status"] == "open"), None)

    requirement = await until(lacking)
    body = {"fund": FUND, "requirement_id": requirement["requirement_id"], "money": usd(1_000_000)}
    await stage.say(FINANCE, "POST", "/v1/allocations", body)


async def file_on_behalf(stage: Stage) -> None:
    """File a request that came by note verbale on behalf of a State, which changes lines and confirms it in writing."""
    path = "/v1/requests/{request_id}"
    words = {name: value for name, value in request_body().items() if name != "submit"}
    received = {"state": "KEN", "channel": "note_verbale", "received_on": TODAY.isoformat()}
    one = await stage.say(COORDINATOR, "POST", "/v1/requests/on-behalf", words | received, to=STATE)
    line = request_body()["lines"][0]
    one = await stage.say(OFFICIAL, "POST", f"{path}/lines", line, about=one)
    about = one | {"line_id": one["lines"][1]["line_id"]}
    revised = {"group_size": 9, "measures": [{"source": "own"}]}
    one = await stage.say(OFFICIAL, "PATCH", f"{path}/lines/{{line_id}}", revised, about=about, to=STATE)
    confirming = {"scan_id": await stage.attach(COORDINATOR, one, STATE, f"{path}/notes-verbales")}
    await stage.say(COORDINATOR, "POST", f"{path}/record-confirmation", confirming, about=one, to=STATE)


async def file_a_mail(stage: Stage) -> None:
    """Receive a mail with a file from an administrator, whose address is not a text of the test, and file it."""
    planted = len(stage.canaries.planted)
    subject, text, name, content = (
        Canary(f"canary-{planted + number:04x}-{place}", "mail", (place,), readers)
        for number, (place, readers) in enumerate(
            {"subject": OVERSEERS, "text": OVERSEERS, "file name": STATE, "file": STATE}.items()
        )
    )
    stage.canaries.keep([subject, text, name, content])
    message = EmailMessage()
    message["From"], message["Subject"] = "a@unodc.example", subject.text
    message.set_content(text.text)
    body = PDF + content.text.encode()
    message.add_attachment(body, maintype="application", subtype="pdf", filename=f"{name.text}.pdf")
    host, _, port = stage.platform.environment["ENTRAIDE_INTAKE_SMTP"].partition(":")
    # Use the null sender, which receives no answers (RFC 5321).
    await aiosmtplib.send(message, sender="", recipients=["requests@entraide.example"], hostname=host, port=int(port))
    (one,) = (await stage.see(COORDINATOR, "/v1/intake/mails"))["mails"]
    mail = await stage.see(COORDINATOR, f"/v1/intake/mails/{one['mail_id']}")
    while mail["files"][0]["status"] == "pending":
        await asyncio.sleep(0.1)
        mail = await stage.see(COORDINATOR, f"/v1/intake/mails/{one['mail_id']}")
    stage.files.add(mail["files"][0]["file_id"])
    words = {name: value for name, value in request_body().items() if name != "submit"}
    path = "/v1/intake/mails/{mail_id}/file"
    request = await stage.say(COORDINATOR, "POST", path, words | {"state": "KEN"}, about=mail, to=STATE)
    path = f"/v1/requests/{request['request_id']}/attachments"
    while (attached := (await stage.see(KENYA, path))["attachments"])[0]["status"] == "pending":
        await asyncio.sleep(0.1)
    stage.attachments.add(attached[0]["attachment_id"])


async def judge(stage: Stage, request: Mapping[str, Any]) -> Any:
    """Publish criteria, assess a request by them, and assign it to the coordinator."""
    path, none_yet = "/v1/requests/{request_id}", {"revision": 0}
    criteria = {
        "eligibility": [{"code": "in_scope", "texts": {}}],
        "priority": [{"code": "at_risk", "weight": 1, "texts": {}}],
    }
    await stage.say(COORDINATOR, "POST", "/v1/criteria", criteria, about=none_yet, to=EVERYBODY)
    judged = {"judged": [{"code": "in_scope", "points": 1}, {"code": "at_risk", "points": 1}]}
    request = await stage.say(COORDINATOR, "POST", f"{path}/assess", judged, about=request, to=STATE)
    charge = {"assignee": str(persona_id(COORDINATOR))}
    return await stage.say(COORDINATOR, "POST", f"{path}/assign", charge, about=request, to=STATE)


async def end_other_requests(stage: Stage) -> None:
    """End other requests: one is returned, paused and declined, one withdrawn, one met by UNODC, closed, reopened."""
    path, match_path = "/v1/requests/{request_id}", "/v1/matches/{match_id}"
    one = await stage.say(KENYA, "POST", "/v1/requests", request_body())
    words = {name: value for name, value in request_body().items() if name != "submit"}
    one = await stage.say(OFFICIAL, "PATCH", path, words, about=one, to=STATE)
    one = await stage.say(KENYA, "POST", f"{path}/submit", {}, about=one, to=STATE)
    one = await stage.say(COORDINATOR, "POST", f"{path}/return", {"reason": "other"}, about=one, to=STATE)
    one = await stage.say(KENYA, "POST", f"{path}/submit", {}, about=one, to=STATE)
    one = await stage.say(COORDINATOR, "POST", f"{path}/hold", {"reason": "other"}, about=one, to=STATE)
    one = await stage.say(KENYA, "POST", f"{path}/resume", {}, about=one, to=STATE)
    scan_id = await stage.attach(COORDINATOR, one, STATE, "/v1/requests/{request_id}/notes-verbales")
    recording = {"recipients": ["FRA"], "scan_id": scan_id}
    one = await stage.say(COORDINATOR, "POST", f"{path}/record-consent", recording, about=one, to=STATE)
    one = await judge(stage, one)
    await stage.say(COORDINATOR, "POST", f"{path}/decline", {"reason": "other"}, about=one, to=STATE)
    await file_on_behalf(stage)
    silent = await stage.say(KENYA, "POST", "/v1/requests", request_body() | {"circulation": "silence"}, to=STATE)
    silent = await stage.say(KENYA, "POST", f"{path}/submit", {}, about=silent, to=STATE)
    await stage.say(KENYA, "POST", f"{path}/object", {}, about=silent, to=STATE)
    draft = frozenset({KENYA, OFFICIAL})
    await stage.import_records(OFFICIAL, "/v1/requests/import", "language,title\r\nen,{}\r\n", draft)
    gone = await stage.say(KENYA, "POST", "/v1/requests", request_body(), to=draft)
    await stage.say(KENYA, "POST", f"{path}/withdraw", {}, about=gone, to=draft)

    # The provider that serves a line reads its texts.
    of_line = ("outcome", "in_place", "markers_justification", "provider", "description")
    line_words = dict.fromkeys(of_line, STATE | {UNIT})
    met = await opened(stage, await stage.say(KENYA, "POST", "/v1/requests", request_body(), to=STATE, **line_words))
    (match,) = await suggested(stage, met, "UNODC", [line["line_id"] for line in met["lines"]])
    for who, move in ((COORDINATOR, "present"), (KENYA, "accept"), (UNIT, "confirm")):
        match = await stage.say(who, "POST", f"{match_path}/{move}", departing(move), about=match)
    delivery = await canary_delivery.opened(stage, match)
    for who, move in ((KENYA, "waive-agreement"), (UNIT, "waive-agreement"), (UNIT, "begin")):
        address = f"{canary_delivery.PATH}/{move}"
        delivery = await stage.say(who, "POST", address, {}, about=delivery, to=STATE | {UNIT})
    met = await _in_delivery(stage, met)
    met = await stage.say(KENYA, "POST", f"{path}/deliver", {"suffices": True}, about=met, to=STATE)
    closing = {"outcome": "met", "heard_both_sides": True}
    met = await stage.say(COORDINATOR, "POST", f"{path}/close", closing, about=met, to=STATE)
    await stage.say(KENYA, "POST", f"{path}/reopen", {"reason": "other"}, about=met, to=STATE)


async def _in_delivery(stage: Stage, request: Mapping[str, Any]) -> Any:
    async def begun() -> Any:
        found = await stage.see(KENYA, f"/v1/requests/{request['request_id']}")
        return found if found["status"] == "in_delivery" else None

    return await until(begun)


async def save_a_view(stage: Stage) -> None:
    """Save a private view; its text before the revision is no longer stored."""
    one = await stage.say(COORDINATOR, "POST", "/v1/views", {"query": {}}, to=NO_READERS)
    own = frozenset({COORDINATOR})
    await stage.say(COORDINATOR, "PATCH", "/v1/views/{view_id}", {"query": {}}, about=one, to=own)


async def enter_an_observation(stage: Stage) -> None:
    """Enter an observation, which those who file for the State read; its earlier text is no longer stored."""
    body = {"article": "UNTOC:18", "language": "en"}
    one = await stage.say(OFFICIAL, "POST", "/v1/observations", body, to=NO_READERS)
    own = frozenset({KENYA, OFFICIAL})
    await stage.say(KENYA, "PATCH", "/v1/observations/{observation_id}", {}, about=one, to=own)
