"""The main workflow from end to end, in one process and in one process per service."""

import asyncio
import json
import re
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest

from chassis.auth.tokens import Issuer
from chassis.embedded import Nats, free_port
from chassis.journal.bus import stream_states, watch
from chassis.runtime import topology
from contracts.reference import country_name, kinds
from contracts.values import Language
from services.composition import NAMES, all_services
from services.demo.appointing import administrators
from services.demo.ending import finance_officers
from services.demo.people import Api
from services.demo.records import Seen
from services.demo.show import EXPECTED
from services.demo.story import Story
from services.mailbox import Mailbox
from services.matching.texts import meaning
from services.pledges.statements.printing.words import labels
from tests import readme
from tests.commands import entraide
from tests.conftest import folder_of_shared_data
from tests.personas import ISSUER
from tests.pledges.statements.steps import SIGNS, characters_in
from tests.system import mondays, readme_session
from tests.system.conftest import STILL_RUNNING, Demo
from tests.system.platform import Platform, running

ON_EACH_STATEMENT = (
    "donor",
    "period",
    "as_at",
    "summary",
    "never-added",
    "pledged",
    "committed",
    "received",
    "pledges",
)
"""Labels on every statement with a pledge."""


@pytest.mark.skipif(meaning.model_problem() is None, reason="with the model the scores are others")
def test_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    shown = readme.between(readme.README.read_text(encoding="utf-8"), "demo")

    printed = readme.fenced(readme.excerpt(demo.printed))
    assert readme.comparable(printed) == readme.comparable(shown), "run ./dev readme"


async def test_the_demo_leaves_one_process_in_order(demo: Demo, xsd: tuple[str, ...]) -> None:
    complained = demo.said.partition(STILL_RUNNING)[0]
    assert not re.search(r"not seen|not funded|not offered|did not wait for", complained), complained
    await rerun_demo(demo.platform, demo.state)
    await asyncio.to_thread(check_files, demo.platform, demo.state / "donor", xsd)
    await asyncio.to_thread(readme_session.run, demo.platform, demo.state)
    await mondays.run(demo.platform, demo.state)
    await check_state(demo.platform, demo.database_url, demo.broker)
    check_mails(Mailbox(demo.state / "mailbox", "127.0.0.1", free_port()))


async def test_the_demo_is_the_same_in_a_process_for_each_service(
    database_url: str, own_broker: Nats, state: Path, xsd: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    model_is_missing = meaning.model_problem() is not None
    # The story believes that a model reads the texts, and none does: it has to go on without.
    monkeypatch.setattr("services.demo.story.meaning.model_problem", lambda: None)
    mailbox = Mailbox(state / "mailbox", "127.0.0.1", free_port())
    await mailbox.start()
    try:
        with running(
            "apart", database_url=database_url, nats=own_broker, smtp_url=mailbox.url, state=state
        ) as platform:
            await asyncio.to_thread(_found, platform)
            not_waited_for = await run_demo(platform, own_broker, state)
            if model_is_missing:
                assert not_waited_for
            monkeypatch.undo()
            await rerun_demo(platform, state)
            await asyncio.to_thread(check_files, platform, state / "donor", xsd)
            await check_state(platform, database_url, own_broker)
            assert set((await asyncio.to_thread(platform.stop)).values()) == {0}
        check_mails(mailbox)
    finally:
        await mailbox.stop()


def _found(platform: Platform) -> None:
    """The two administrators who appoint all others."""
    words = ["directory", "found", "--issuer", ISSUER]
    for one in administrators():
        words += ["--subject", str(one.person_id), "--name", one.name, "--email", one.email]
    done = platform.entraide(*words)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def xsd() -> tuple[str, ...]:
    """The standard's own schema, where there is one beside the project: without it the rest of the story is looked at."""
    folder = folder_of_shared_data() / "iati" / "xsd-2.03"
    return ("--xsd", str(folder)) if folder.is_dir() else ()


async def run_demo(platform: Platform, nats: Nats, state: Path) -> list[str]:
    seen = Seen()
    api = Api(platform.addresses, Issuer.load(state / "issuer.jwk", ISSUER))
    async with watch(nats.url("streams")) as events:
        keeping = asyncio.create_task(seen.keep(events))
        story = Story(api, seen, lambda *_: None, state / "donor", reading_seconds=0.5)
        await story.run()
        keeping.cancel()
    await api.close()
    assert set(EXPECTED) <= set(seen.types)
    assert story.filed_before == 0
    assert len(story.requests) == 12
    assert {record.language for record in story.requests} == {"ar", "en", "es", "fr", "ru", "zh"}
    for record in story.requests:
        assert record.suggestion_ms is not None
        assert len(record.notified) >= 3
    check_story(story)
    return story.not_waited_for


def check_story(story: Story) -> None:
    """How each request, the refund and the offerings stand at the end."""
    for record in story.requests:
        for line in record.lines:
            assert line.match["status"] == ("completed" if record.outcome else "confirmed")
            assert line.spent == (bool(record.outcome) and line.needed is not None)
            assert sum(share["points"] for share in line.match["shares"]) == line.match["score"]
            assert line.covered or not line.needed
    closed = {r.request["state"]: r.request["outcome"] for r in story.requests if r.request["status"] == "closed"}
    assert closed == {"CIV": "met", "PER": "partially_met", "SGP": "met"}
    proposer, approver = finance_officers()
    assert proposer.person_id != approver.person_id
    assert story.refunded["status"] == "approved"
    assert [story.refunded["proposed_by"], story.refunded["decided_by"]] == [
        str(proposer.person_id), str(approver.person_id),
    ]  # fmt: skip
    assert story.kinds_offered == set(kinds())


async def rerun_demo(platform: Platform, state: Path) -> None:
    api = Api(platform.addresses, Issuer.load(state / "issuer.jwk", ISSUER))
    story = Story(api, Seen(), lambda *_: None, state / "donor")
    await story.run()
    await api.close()
    assert story.filed_before == 12
    assert ["closed"] * 3 == [record.request["status"] for record in story.requests if record.outcome]
    check_story(story)


def check_files(platform: Platform, folder: Path, xsd: Sequence[str]) -> None:
    """The fund's file conforms to the standard, and each statement is readable and searchable in its language."""
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
    """The operator's commands find nothing wrong, and the journals are where they belong."""
    await check_events(database_url, nats)
    for words in (["parked", "list"], ["journal", "verify"], ["audit", "verify"], ["ledger", "verify"]):
        done = await asyncio.to_thread(platform.entraide, *words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    found = json.loads((await asyncio.to_thread(platform.entraide, "doctor", "--json")).stdout)
    # The tests' PostgreSQL forgets in a power cut, and the doctor sees it.
    assert {f["says"].partition(" is ")[0] for f in found if not f["ok"]} == {
        "fsync", "full_page_writes", "synchronous_commit",
    }  # fmt: skip


def check_mails(mailbox: Mailbox) -> None:
    mails = mailbox.messages()
    assert len(mails) > 20
    recipients = {recipient for mail in mails for recipient in mail.recipients}
    assert all(recipient.endswith(".example") for recipient in recipients)


async def check_events(database_url: str, nats: Nats) -> None:
    """Each journal's facts are in its stream exactly once, and every consumer has applied them all."""
    connection = await asyncpg.connect(database_url)
    try:
        for _ in range(100):
            left = sum([await connection.fetchval(f"SELECT count(*) FROM {name}.pending") for name in NAMES])
            if left == 0:
                break
            await asyncio.sleep(0.1)
        assert left == 0
        owners, _ = topology(all_services())
        states = await stream_states(nats.url("streams"), owners)
        for name in owners:
            facts = await connection.fetchval(f"SELECT count(*) FROM {name}.journal")
            stored = states[name]
            assert stored is not None
            assert stored["messages"] == facts, name
            for consumer in NAMES:
                heard = await connection.fetchval(
                    f"SELECT count(*) FROM {consumer}.inbox WHERE owner = $1 AND status = 'applied'", name
                )
                assert heard in {0, facts}, (consumer, name)
        unbalanced = await connection.fetchval(
            "SELECT count(*) FROM (SELECT FROM pledges.entry CROSS JOIN unnest(postings)"
            " GROUP BY entry_id, currency HAVING sum(minor) <> 0) AS u"
        )
        assert unbalanced == 0
    finally:
        await connection.close()


async def test_wrong_address_is_one_line_and_exit_2(state: Path) -> None:
    nowhere = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    base = {"ENTRAIDE_STATE": str(state), "HOME": str(state)}
    cases = [
        ({"DATABASE_URL": nowhere}, ["up"]),
        ({"DATABASE_URL": nowhere, "NATS_URL": "nats://127.0.0.1:1"}, ["run", "requests"]),
        ({"DATABASE_URL": nowhere}, ["migrate"]),
        ({"DATABASE_URL": "mysql://x"}, ["up"]),
        ({"NATS_URL": "nats://127.0.0.1:1"}, ["streams", "ensure"]),
        ({}, ["streams", "ensure"]),
        ({}, ["migrate"]),
        ({"ENTRAIDE_PORT": "abc"}, ["up"]),
        ({"SMTP_URL": "http://x"}, ["up"]),
        ({"DATABASE_URL": nowhere}, ["parked", "list"]),
        ({"DATABASE_URL": nowhere}, ["journal", "verify"]),
        ({}, ["parked", "list"]),
        ({}, ["journal", "verify"]),
        ({}, ["token", "--as", "KEN:king"]),
    ]
    for more, words in cases:
        if words[0] in {"up", "run"}:
            # They start servers, and take signals: not in this process.
            process = await asyncio.to_thread(Platform({**base, **more}, {}).entraide, *words)
            code, said = process.returncode, process.stderr
        else:
            done = await entraide(*words, env=base | more)
            code, said = done.exit_code, done.stderr
        assert code == 2, (more, words, said)
        lines = [line for line in said.splitlines() if line.startswith("entraide:")]
        assert len(lines) == 1, said
        assert "Traceback" not in said


async def test_doctor_reports_faults(state: Path) -> None:
    nowhere = free_port()
    environment = {
        "PATH": "/usr/bin:/bin",
        "ENTRAIDE_STATE": str(state),
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:{nowhere}/none",
        "NATS_URL": f"nats://127.0.0.1:{nowhere}",
        "SMTP_URL": f"smtp://127.0.0.1:{nowhere}",
        "ENTRAIDE_ISSUER": "https://issuer.example",
        "ENTRAIDE_JWKS": str(state / "none.json"),
    }
    done = await asyncio.to_thread(Platform(environment, {}).entraide, "doctor", "--json")

    assert done.returncode == 1
    wrong = [finding["part"] for finding in json.loads(done.stdout) if not finding["ok"]]
    assert ["PostgreSQL (migrator)", "broker", "mail", "identity"] == wrong
