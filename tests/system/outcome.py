"""Check the platform, its files and its mails after the demo's story."""

import asyncio
import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import httpx

from chassis import clock
from chassis.auth.tokens import Issuer
from chassis.embedded import Nats
from chassis.journal.streams import stream_states
from chassis.runtime import topology
from contracts.reference import country_name, kinds
from contracts.values import Language
from services.composition import NAMES, all_services
from services.demo.ending import finance_officers
from services.demo.people import Api
from services.demo.records import Seen
from services.demo.story import UNPAID, Story
from services.mailbox import Mailbox
from services.pledges.statements.printing.words import labels
from tests.commands import entraide
from tests.personas import ISSUER
from tests.pledges.statements.steps import SIGNS, characters_in
from tests.system.platform import Platform

ON_EACH_STATEMENT = (
    "donor",
    "period",
    "as_of",
    "summary",
    "never-added",
    "pledged",
    "committed",
    "received",
    "pledges",
)
"""Labels on every statement with a pledge."""


def check_story(story: Story) -> None:
    """Check the final state of each request, the refund and the offerings."""
    for record in story.requests:
        for line in record.lines:
            assert line.match["status"] == ("completed" if record.outcome else "confirmed")
            assert line.spent == (bool(record.outcome) and line.needed is not None)
            assert sum(share["points"] for share in line.match["shares"]) == line.match["score"]
            assert line.covered == (line.needed is not None and record.appointment != UNPAID)
    closed = {r.request["state"]: r.request["outcome"] for r in story.requests if r.request["status"] == "closed"}
    assert closed == {"CIV": "met", "PER": "partially_met", "SGP": "met"}
    proposer, approver = finance_officers()
    assert proposer.person_id != approver.person_id
    assert story.refunded["status"] == "approved"
    assert [story.refunded["proposed_by"], story.refunded["decided_by"]] == [
        str(proposer.person_id), str(approver.person_id),
    ]  # fmt: skip
    assert story.kinds_offered == set(kinds())
    assert {"CIV": "in_delivery", "MDG": "in_delivery"} == {
        one["state"]: one["status"] for one in story.joint.deliveries
    }
    assert "completion_proposed" == story.proposed["status"]
    assert story.planned is not None
    assert "adopted" == story.planned.round["status"]
    assert ["held", "planned"] == [one["status"] for one in story.joint.sessions]
    assert ("in_progress", 1) == (story.extended.extension["status"], story.extended.extension["pledges"])
    assert {"KEN": "shown", "PER": "own"} == {one["state"]: one["status"] for one in story.extended.progress}


async def rerun_demo(platform: Platform, state: Path) -> None:
    api = Api(platform.addresses, Issuer.load(state / "issuer.jwk", ISSUER))
    story = Story(api, Seen(), lambda *_: None, state / "donor")
    await story.run()
    await api.close()
    assert story.filed_before == 12
    assert ["closed"] * 3 == [record.request["status"] for record in story.requests if record.outcome]
    check_story(story)


async def check_what_users_find(platform: Platform, state: Path, said: str) -> None:
    """Check that criteria, holidays and an unfunded need are there, and that the printed command gives a token."""
    api = Api(platform.addresses, Issuer.load(state / "issuer.jwk", ISSUER))
    for path in ("/v1/criteria", f"/v1/calendar/{clock.now().year}"):
        assert (await api.get("UNODC:coordinator", path))["revision"] == 1
    (need,) = (await api.get("FRA:donor_officer", "/v1/requirements/unfunded"))["requirements"]
    assert (need["state"], need["gap_usd_minor"]) == (UNPAID[:3], 5_500_000)
    await api.close()
    (command,) = re.findall(r"\./dev entraide (token .+)", said)
    printed = await entraide(*shlex.split(command), env={"ENTRAIDE_STATE": str(state.parent)})
    assert printed.exit_code == 0, printed.stderr
    headers = {"Authorization": f"Bearer {printed.stdout.strip()}"}
    answer = await asyncio.to_thread(httpx.get, f"{platform.addresses['directory']}/v1/me", headers=headers)
    assert answer.status_code == 200, answer.text


def check_files(platform: Platform, folder: Path, xsd: Sequence[str]) -> None:
    """Check the fund's file against the standard, and that each statement is legible and searchable in its language."""
    validated = platform.entraide("iati", "validate", str(folder / "iati-SHERLOC-MNT.xml"), *xsd)
    assert validated.returncode == 0, (validated.stdout, validated.stderr)
    assert re.fullmatch(r"[1-9]\d* activities, [1-9]\d* transactions; no faults\n", validated.stdout)

    for language in Language:
        made = (folder / f"statement-FRA-{language}.pdf").read_bytes()
        there = labels(language)
        title = there["title_of"].format(title=there["title"], donor=country_name("FRA", language))
        assert f"<rdf:li>{language}</rdf:li>".encode() in made
        assert f">{title}</rdf:li>".encode() in made
        shown = "".join([title, *(there[name] for name in ON_EACH_STATEMENT)])
        assert set() == set(shown) - SIGNS - characters_in(made), language


async def check_state(platform: Platform, database_url: str, nats: Nats) -> None:
    """Check that the operator's commands find nothing wrong, and that every fact is published and applied."""
    await check_events(database_url, nats)
    for words in (["parked", "list"], ["journal", "verify"], ["audit", "verify"], ["ledger", "verify"]):
        done = await entraide(*words, env=platform.environment)
        assert done.exit_code == 0, (words, done.stdout, done.stderr)
    found = json.loads((await entraide("doctor", "--json", env=platform.environment)).stdout)
    # The tests' PostgreSQL is not durable, which the doctor reports.
    assert {f["says"].partition(" is ")[0] for f in found if not f["ok"]} == {
        "fsync", "full_page_writes", "synchronous_commit",
    }  # fmt: skip


async def check_summaries(platform: Platform) -> None:
    """Check that everybody can read the summaries that three States approved."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{platform.addresses['requests']}/v1/public/requests")
    assert {"KEN", "TUN", "KAZ"} == {one["state"] for one in answer.json()["requests"]}


def check_mails(mailbox: Mailbox) -> None:
    mails = mailbox.messages()
    assert len(mails) > 20
    recipients = {recipient for mail in mails for recipient in mail.recipients}
    assert all(recipient.endswith(".example") for recipient in recipients)


async def _differences(connection: asyncpg.Connection, nats: Nats) -> list[object]:
    """List facts that are not published, stored in a stream or applied by a consumer, or that are so more than once."""
    owners, consumers = topology(all_services())
    states = await stream_states(nats.url("streams"), owners)
    wrong: list[object] = [
        (name, "pending") for name in NAMES if await connection.fetchval(f"SELECT count(*) FROM {name}.pending")
    ]
    for name in owners:
        facts = await connection.fetchval(f"SELECT count(*) FROM {name}.journal")
        stored = states[name]
        assert stored is not None
        if stored["messages"] != facts:
            wrong.append((name, facts, "stored", stored["messages"]))
    for one in consumers:
        of_aggregates = f"SELECT count(*) FROM {one.owner}.journal WHERE split_part(type, '.', 2) = ANY ($1)"
        needed = await connection.fetchval(of_aggregates, sorted(one.aggregates))
        applied = await connection.fetchval(
            f"SELECT count(*) FROM {one.durable}.inbox WHERE owner = $1 AND status = 'applied'", one.owner
        )
        if applied != needed:
            wrong.append((one.owner, needed, one.durable, applied))
    return wrong


async def check_events(database_url: str, nats: Nats) -> None:
    """Check that each journal's facts are in its stream once and applied by every consumer, within ten seconds."""
    connection = await asyncpg.connect(database_url)
    try:
        for _ in range(100):
            # Facts are still recorded meanwhile, since mails are sent.
            if not (wrong := await _differences(connection, nats)):
                break
            await asyncio.sleep(0.1)
        assert wrong == []
        unbalanced = await connection.fetchval(
            "SELECT count(*) FROM (SELECT FROM pledges.entry CROSS JOIN unnest(postings)"
            " GROUP BY entry_id, currency HAVING sum(minor) <> 0) AS u"
        )
        assert unbalanced == 0
    finally:
        await connection.close()
