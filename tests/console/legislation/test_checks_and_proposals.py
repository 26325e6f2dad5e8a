"""The register in the console: yearly checks, proposals after deliveries, and gaps."""

import re
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from chassis import clock
from chassis.db.database import Database
from chassis.ids import new_id
from chassis.journal.outbox import announce
from services.sherloc.checks import model, store
from services.sherloc.checks.evolve import evolve
from tests.console.site import Site
from tests.console.steps import hidden_of, sent
from tests.sample_world import Demo
from tests.sherloc.proposals.steps import facts, hear

STATE, OTHER, COORDINATOR = "PER:focal_point", "KEN:focal_point", "UNODC:coordinator"
CHECKS, PROPOSALS, GAPS = "/en/legislation/checks", "/en/legislation/proposals", "/en/legislation/gaps"
LAW = {"status": "missing", "title": "Fictitious: Act on extradition", "language": "en", "comment": ""}
NOTIFIED_SECONDS = 30


@pytest.fixture
async def db(demo: Demo) -> AsyncIterator[Database]:
    found = await Database.connect(demo.database_url, "sherloc", owner=True)
    yield found
    await found.close()


async def asked(db: Database) -> str:
    """Ask the State a check now, and return the address of its page."""
    now = clock.now()
    fact = model.ask(new_id(), "PER", now, now=now)
    check = evolve(None, fact)
    async with db.transaction() as tx:
        await store.save(tx, check)
        await announce(tx, fact, version=check.revision)
    return f"{CHECKS}/{check.legislation_check_id}"


def says_soon(client: httpx.Client, path: str, words: str) -> bool:
    deadline = time.monotonic() + NOTIFIED_SECONDS
    while words not in client.get(path).text:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def proposals(client: httpx.Client) -> list[str]:
    """Return the addresses of the proposals that wait, newest first."""
    return re.findall(rf'href="({PROPOSALS}/[0-9a-f-]{{36}})"', client.get(f"{PROPOSALS}?status=proposed").text)


async def test_yearly_check_waits_until_it_is_answered(site: Site, db: Database) -> None:
    check = await asked(db)
    with site.client(STATE) as client:
        assert says_soon(client, "/en", f'href="{check}"'), "the first page does not link to the check"
        assert f'href="{check}"' in client.get("/en/legislation").text
        assert "Waits for an answer" in client.get(CHECKS).text
        refused = sent(client, f"{check}/do/answer")
        assert (400, True) == (refused.status_code, 'href="#f-result"' in refused.text)

        assert 303 == sent(client, f"{check}/do/answer", result="changed").status_code
        assert "enter it in the register" in client.get(check).text
        assert 303 == sent(client, f"{check}/do/answer", result="unchanged").status_code

        page = client.get(check).text
        assert ("Records confirmed" in page, "enter it in the register" in page) == (True, False)
        assert f'href="{check}"' not in client.get("/en/legislation").text
    with site.client(COORDINATOR) as client:
        assert f'href="{check}"' in client.get(f"{CHECKS}?state=PER").text
        assert f"{check}/do/answer" not in client.get(check).text
    with site.client(OTHER) as client:
        assert 404 == client.get(check).status_code


async def test_proposal_is_recorded_or_dropped(site: Site, db: Database) -> None:
    with site.client(STATE) as client:
        before = proposals(client)
        await hear(db, *facts(articles=("UNTOC:16", "UNTOC:18"), state="PER"))
        first, second = (one for one in proposals(client) if one not in before)
        refused = sent(client, f"{first}/accept", title=LAW["title"])
        assert (400, True) == (refused.status_code, 'href="#f-status"' in refused.text)

        law = sent(client, f"{first}/accept", **LAW).headers["Location"].partition("?")[0]

        assert LAW["title"] in client.get(law).text
        page = client.get(first).text
        assert (f'href="{law}"' in page, f"{first}/accept" in page) == (True, False)
        assert 303 == sent(client, f"{second}/do/drop", reason="law_not_changed").status_code
        assert "The law has not changed" in client.get(second).text
        assert before == proposals(client)


async def test_proposal_without_an_article_revises_the_one_that_the_state_names(site: Site, db: Database) -> None:
    """The form shows what is recorded, and is refused if that has changed meanwhile."""
    with site.client(STATE) as client:
        before = proposals(client)
        await hear(db, *facts(articles=(), state="PER"))
        recorded = {"article": "UNTOC:20", **LAW}
        law = sent(client, "/en/legislation/new?article=UNTOC:20", **recorded).headers["Location"].partition("?")[0]
        (proposal,) = (one for one in proposals(client) if one not in before)

        form = sent(client, f"{proposal}/accept", article="UNTOC:20").headers["Location"]

        opened = client.get(form).text
        assert f'value="{LAW["title"]}"' in opened
        assert 303 == sent(client, f"{law}/revise", **LAW).status_code
        stale = client.post(form, data=hidden_of(opened) | {**LAW, "title": "Fictitious: another"})
        assert (412, True) == (stale.status_code, "Changed meanwhile" in stale.text)
        again = client.post(form, data=hidden_of(stale.text) | {**LAW, "title": "Fictitious: another"})
        assert law == again.headers["Location"].partition("?")[0]
        assert "Fictitious: another" in client.get(law).text


async def test_gap_begins_a_draft_request(site: Site) -> None:
    with site.client(STATE) as client:
        for number in range(8, 13):
            article = f"UNTOC:{number}"
            answer = sent(client, f"/en/legislation/new?article={article}", article=article, status="none", comment="")
            assert 303 == answer.status_code, answer.text
        page = client.get(GAPS).text
        assert "UNTOC:8, UNTOC:9, UNTOC:10, UNTOC:11, UNTOC:12" in page

        draft = sent(client, GAPS, instrument="UNTOC").headers["Location"]

        assert 200 == client.get(draft).status_code
        assert "Legislative drafting" in client.get(draft).text
        assert 404 == sent(client, GAPS, instrument="TIP").status_code
    with site.client(COORDINATOR) as client:
        page = client.get(f"{GAPS}?state=PER").text
        assert ("UNTOC:12" in page, "Begin a request" in page) == (True, False)
