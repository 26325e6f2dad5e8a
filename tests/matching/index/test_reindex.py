"""The reindex command: requeue, progress, and failure."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from services.cli import matching
from services.matching.texts import meaning
from services.matching.texts import store as reading_store
from tests.commands import entraide
from tests.matching.texts.steps import Stage, line_ids, nothing, saying

ROOT = Path(__file__).parents[3]


class Operator:
    """Runs the command; `said` is its output on standard error."""

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


async def test_running_services_read_everything_again(stage: Stage, operator: Operator) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads(nothing)
    reading = asyncio.create_task(stage.reader().run())

    code, report = await operator.reindex()

    reading.cancel()
    assert (0, 2, 2, 0, {}) == (code, report["texts"], report["read"], report["waiting"], report["parked"])
    assert "meaning" == (await stage.matches(request))[0]["shares"][-1]["criterion"]


async def test_reindex_without_readers_ends_and_can_be_continued(stage: Stage, operator: Operator) -> None:
    await saying(stage, "aaaa")
    request = await stage.files("aaaa")
    await stage.reads(nothing)

    assert (1, 2) == ((done := await operator.reindex("--patience", 1))[0], done[1]["waiting"])
    assert await stage.reader().read_next()
    assert (1, 1) == ((done := await operator.reindex("--patience", 1))[0], done[1]["texts"]), "it does not start over"
    await stage.reads()
    assert [True] == await stage.is_read(*line_ids(request))


async def test_parked_texts_are_reported_and_retried(stage: Stage, operator: Operator) -> None:
    await stage.files("aaaa")
    async with stage.db.transaction() as tx:
        await reading_store.requeue_all(tx)
        await tx.execute("UPDATE to_read SET attempts = $1", reading_store.ATTEMPTS_MAX - 1)
    await stage.reads(broken)
    async with stage.db.transaction() as tx:
        assert {"failed: RuntimeError": 1} == (await reading_store.count_requeued(tx)).parked
    reading = asyncio.create_task(stage.reader().run())

    code, report = await operator.reindex()

    reading.cancel()
    assert (0, {}) == (code, report["parked"])


def broken() -> Any:
    raise RuntimeError("of secret words")


def test_reindex_reports_a_missing_model(capsys: pytest.CaptureFixture[str]) -> None:
    lack = meaning.ModelProblem("model-not-installed", "It is not installed.")

    done = matching.wait_until_encoded(lambda _: reading_store.Left(waiting=0, parked={}), patience=1, lack=lack)

    assert (True, None, "model-not-installed") == (done.complete, done.model, done.lack)
    assert "words are read, what they mean is not: It is not installed." in capsys.readouterr().err
