"""The demo's story in a process for each service."""

import asyncio
from pathlib import Path

import pytest

from chassis.auth.tokens import Issuer
from chassis.embedded import Nats, free_port
from chassis.journal.streams import watch
from services.demo.appointing import administrators
from services.demo.people import Api
from services.demo.records import Seen
from services.demo.show import BY_ITS_OWN_CLOCK, EXPECTED
from services.demo.story import Story
from services.mailbox import Mailbox
from services.matching.texts import meaning
from tests.personas import ISSUER
from tests.system.outcome import check_files, check_mails, check_state, check_story, rerun_demo
from tests.system.platform import Platform, running


@pytest.mark.soak
async def test_the_demo_is_the_same_in_a_process_for_each_service(
    database_url: str, own_broker: Nats, state: Path, xsd: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    model_is_missing = meaning.model_problem() is not None
    # Let the story expect that a model reads the texts, although there is none: it has to go on without it.
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
    """Found the directory with the two administrators who appoint all others."""
    words = ["directory", "found", "--issuer", ISSUER]
    for one in administrators():
        words += ["--subject", str(one.person_id), "--name", one.name, "--email", one.email]
    done = platform.entraide(*words)
    assert done.returncode == 0, done.stderr


async def run_demo(platform: Platform, nats: Nats, state: Path) -> list[str]:
    seen = Seen()
    api = Api(platform.addresses, Issuer.load(state / "issuer.jwk", ISSUER))
    async with watch(nats.url("streams")) as events:
        keeping = asyncio.create_task(seen.keep(events))
        story = Story(api, seen, lambda *_: None, state / "donor", reading_seconds=0.5)
        await story.run()
        keeping.cancel()
    await api.close()
    assert set(EXPECTED) - BY_ITS_OWN_CLOCK <= set(seen.types)
    assert story.filed_before == 0
    assert len(story.requests) == 12
    assert {record.language for record in story.requests} == {"ar", "en", "es", "fr", "ru", "zh"}
    for record in story.requests:
        assert record.suggestion_ms is not None
        assert len(record.notified) >= 3
    check_story(story)
    return story.not_waited_for
