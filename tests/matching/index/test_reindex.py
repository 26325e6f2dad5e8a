"""`entraide matching reindex` encodes all texts again, shows its progress, and reports when it cannot continue."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from chassis.db.database import Database
from chassis.settings import Settings
from services.cli import matching
from services.matching.texts import meaning
from services.matching.texts import store as reading_store
from tests.commands import entraide
from tests.matching.steps import Client
from tests.matching.texts.steps import Stage, line_ids, nothing, saying, staged

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def stage(
    client_of: Callable[..., Awaitable[Client]], settings: Settings, databases: Mapping[str, Database]
) -> AsyncIterator[Stage]:
    async with staged(await client_of("requests", "matching"), settings, databases) as made:
        yield made


class Operator:
    """Runs the command; `said` is what it said on standard error."""

    def __init__(self, database_url: str, state: Path) -> None:
        self._environment = {"DATABASE_URL": database_url, "ENTRAIDE_STATE": str(state)}
        self.said = ""

    async def reindex(self, *words: object) -> tuple[int, Any]:
        done = await entraide("matching", "reindex", "--json", *words, env=self._environment)
        self.said = done.stderr
        return done.exit_code, json.loads(done.stdout) if done.stdout else None


@pytest.fixture
def operator(database_url: str, tmp_path: Path) -> Operator:
    return Operator(database_url, tmp_path)


async def test_everything_is_read_again_by_the_services_that_run(stage: Stage, operator: Operator) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads(nothing)
    reading = asyncio.create_task(stage.reader().run())

    code, report = await operator.reindex()

    reading.cancel()
    assert (0, 2, 2, 0, {}) == (code, report["texts"], report["read"], report["waiting"], report["parked"])
    assert "meaning" == (await stage.matches(request))[0]["shares"][-1]["criterion"]


async def test_where_nobody_reads_it_ends_and_the_next_call_goes_on(stage: Stage, operator: Operator) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads(nothing)

    assert (1, 2) == ((done := await operator.reindex("--patience", 1))[0], done[1]["waiting"])
    assert await stage.reader().read_next()
    assert (1, 1) == ((done := await operator.reindex("--patience", 1))[0], done[1]["texts"]), "not from the beginning"
    await stage.reads()
    assert [True] == await stage.is_read(*line_ids(request))


async def test_what_is_parked_is_told_and_is_tried_again_by_the_next_call(stage: Stage, operator: Operator) -> None:
    await stage.files("aaaa")
    async with stage.db.transaction() as tx:
        await reading_store.begin_again(tx)
        await tx.execute("UPDATE to_read SET attempts = $1", reading_store.ATTEMPTS_MAX - 1)
    await stage.reads(broken)
    async with stage.db.transaction() as tx:
        assert {"failed: RuntimeError": 1} == (await reading_store.left_again(tx)).parked
    reading = asyncio.create_task(stage.reader().run())

    code, report = await operator.reindex()

    reading.cancel()
    assert (0, {}) == (code, report["parked"])


def broken() -> Any:
    raise RuntimeError("of secret words")


def test_it_says_what_it_does_without(capsys: pytest.CaptureFixture[str]) -> None:
    lack = meaning.Lack("model-not-installed", "It is not installed.")

    done = matching.wait_until_encoded(lambda _: reading_store.Left(waiting=0, parked={}), patience=1, lack=lack)

    assert (True, None, "model-not-installed") == (done.complete, done.model, done.lack)
    assert "words are read, what they mean is not: It is not installed." in capsys.readouterr().err
