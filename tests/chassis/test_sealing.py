"""Rows are chained within seconds, once, and in an order that late commits cannot change."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
from joserfc import jwk

from chassis import clock
from chassis.audit import checkpoint as checkpoints
from chassis.audit import sealing
from chassis.audit.checkpoint import (
    CheckpointWriter,
    append,
    file_of,
    known_keys,
    lines,
    public_keys,
    read_signed,
    signing_key,
    size_of,
)
from chassis.audit.sealing import seal, seal_continuously
from chassis.audit.tampering import find_tampering
from chassis.db.database import Database
from chassis.journal.outbox import announce_all
from chassis.keys.file import new_key
from chassis.settings import Settings, SettingsError
from chassis.supervise import supervised
from contracts.facts import Fact
from tests.chassis.builders import a_fact

SEALED_SECONDS_MAX = 5.0


def some_facts(count: int) -> list[tuple[Fact, int]]:
    return [(a_fact(uuid4()), 1) for _ in range(count)]


async def write(db: Database, count: int) -> None:
    async with db.transaction() as tx:
        await announce_all(tx, some_facts(count))


async def seal_all(db: Database) -> int:
    async with db.transaction() as tx:
        return await seal(tx, db.source)


async def count(db: Database, table: str) -> int:
    async with db.transaction() as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    """The test's settings with a state folder of their own."""
    return replace(settings, state=tmp_path)


async def test_row_is_sealed_within_five_seconds(databases: Mapping[str, Database], own: Settings) -> None:
    db = databases["requests"]
    async with supervised({"sealer": partial(seal_continuously, db, CheckpointWriter(own, "requests"))}):
        for _ in range(4):
            await write(db, 1)
            await asyncio.sleep(0.4)
        async with asyncio.timeout(SEALED_SECONDS_MAX):
            while await count(db, "seal") < 4:
                await asyncio.sleep(0.05)

    async with db.transaction() as tx:
        slowest = await tx.fetchval("SELECT max(sealed_at - recorded_at) FROM seal JOIN audit USING (position)")
    assert 0 < slowest.total_seconds() < SEALED_SECONDS_MAX


async def test_long_backlog_is_sealed_page_by_page(databases: Mapping[str, Database], own: Settings) -> None:
    db = databases["requests"]
    for _ in range(3):
        await write(db, sealing.BATCH_MAX // 2 + 100)

    assert [sealing.BATCH_MAX, 800, 0] == [await seal_all(db) for _ in range(3)]
    assert not (await find_tampering(db, "requests", own)).findings


async def test_concurrent_sealers_write_one_chain(
    databases: Mapping[str, Database], database_url: str, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "SEAL_SECONDS", 0.01)
    monkeypatch.setattr(sealing, "BATCH_MAX", 7)
    db = databases["requests"]
    other = await Database.connect(database_url, "requests", role="entraide_requests")

    async def write_many() -> None:
        for _ in range(20):
            await write(db, 3)

    sealers = {
        str(i): partial(seal_continuously, one, CheckpointWriter(own, "requests")) for i, one in enumerate((db, other))
    }
    async with supervised(sealers):
        await asyncio.gather(*(write_many() for _ in range(4)))
        async with asyncio.timeout(20):
            while await count(db, "seal") < 240:
                await asyncio.sleep(0.05)
    await other.close()

    report = await find_tampering(db, "requests", own)
    assert (240, 0, []) == (report.sealed, report.unsealed, report.findings)


async def test_row_committed_late_is_sealed_late_and_not_skipped(
    databases: Mapping[str, Database], own: Settings
) -> None:
    """The older transaction has the higher position, the younger the lower; the sealer runs between the commits."""
    db = databases["requests"]
    async with db.transaction() as older:
        await older.fetchval("SELECT pg_current_xact_id()")
        async with db.transaction() as younger:
            await announce_all(younger, some_facts(2))
        assert await seal_all(db) == 0, "an older transaction is still running"
        await announce_all(older, some_facts(1))
    async with db.transaction() as open_one:
        await announce_all(open_one, some_facts(1))
        await open_one.fetchval("SELECT 1")
        assert await seal_all(db) == 3
    assert await seal_all(db) == 1

    async with db.transaction() as tx:
        positions = [row["position"] for row in await tx.fetch("SELECT position FROM seal ORDER BY height")]
    assert positions[0] == max(positions[:3]), "the row of the older transaction must be the first in the chain"
    assert not (await find_tampering(db, "requests", own)).findings


async def test_chain_is_valid_after_an_address_is_erased(
    client_of: Callable[..., Awaitable[httpx.AsyncClient]], databases: Mapping[str, Database], own: Settings
) -> None:
    from tests import builders

    client, db = await client_of("requests"), databases["requests"]
    await client.post("/v1/requests", json=builders.a_request(), headers=builders.headers())
    await seal_all(db)
    await execute(db, "DELETE FROM audit_origin")

    report = await find_tampering(db, "requests", own)

    assert report.sealed > 0
    assert not report.findings


CHANGES = (
    "UPDATE audit SET role = NULL",
    "UPDATE seal SET height = 1",
    "DELETE FROM audit",
    "DELETE FROM seal",
    "TRUNCATE audit CASCADE",
    "TRUNCATE seal",
)


@pytest.mark.parametrize("statement", CHANGES)
async def test_no_role_may_change_sealed_rows(databases: Mapping[str, Database], statement: str) -> None:
    for db in databases.values():
        await write(db, 1)
        await seal_all(db)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(db, statement)


async def execute(db: Database, statement: str) -> None:
    async with db.transaction() as tx:
        await tx.execute(statement)


async def test_checkpoint_is_signed_and_names_the_end_of_the_chain(
    databases: Mapping[str, Database], own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.05)
    db, path = databases["requests"], file_of(own, "requests")
    async with supervised({"sealer": partial(seal_continuously, db, CheckpointWriter(own, "requests"))}):
        for height in (2, 4):
            await write(db, 2)
            async with asyncio.timeout(5):
                while len(list(lines(path, size_of(path)))) * 2 < height:
                    await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)

    read = [
        read_signed(line, known_keys(own, "requests"), checkpoints.Checkpoint) for _, line in lines(path, size_of(path))
    ]
    async with db.transaction() as tx:
        hashes = {row["height"]: row["hash"].hex() for row in await tx.fetch("SELECT height, hash FROM seal")}
    assert [2, 4] == [one.height for one in read if one], "no checkpoint is written unless the chain has changed"
    assert all(one and one.hash == hashes[one.height] for one in read)
    assert stat.S_IMODE((own.state / "audit.jwk").stat().st_mode) == 0o600


async def test_rows_are_sealed_though_no_checkpoint_can_be_written(
    databases: Mapping[str, Database], own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.05)
    db, folder = databases["requests"], file_of(own, "requests").parent
    folder.write_text("a file where the folder is to be")
    sealer = asyncio.create_task(seal_continuously(db, CheckpointWriter(own, "requests")))
    for height in (1, 2, 3):
        await write(db, 1)
        async with asyncio.timeout(SEALED_SECONDS_MAX):
            while await count(db, "seal") < height:
                await asyncio.sleep(0.02)
    folder.unlink()
    async with asyncio.timeout(SEALED_SECONDS_MAX):
        while not file_of(own, "requests").exists():
            await asyncio.sleep(0.02)

    assert not sealer.done(), "the sealer must not need a restart"
    sealer.cancel()


def test_changed_or_foreign_checkpoint_is_rejected(own: Settings, tmp_path: Path) -> None:
    checkpoint = checkpoints.Checkpoint(service="requests", height=7, hash="ab" * 32, at=clock.now())
    line = checkpoints.signed(checkpoint, signing_key(own, "requests"))
    stranger = jwk.OKPKey.generate_key("Ed25519", parameters={"kid": str(signing_key(own, "requests").kid)})

    assert read_signed(line, known_keys(own, "requests"), checkpoints.Checkpoint) is not None
    for other in (
        line.replace(b'"height":7', b'"height":8'),
        checkpoints.signed(checkpoint, stranger),
        line[:-20],
        b"",
        b"{}",
        json.dumps(json.loads(line) | {"jws": ""}).encode(),
    ):
        assert read_signed(other, known_keys(own, "requests"), checkpoints.Checkpoint) is None


def test_first_key_of_a_file_signs_and_all_verify(own: Settings, tmp_path: Path) -> None:
    old, new = (jwk.OKPKey.generate_key("Ed25519", parameters={"kid": kid}) for kid in ("old", "new"))
    given = replace(own, audit_key_file=tmp_path / "keys.json")
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [new.as_dict(private=True), old.as_dict(private=False)]}))
    checkpoint = checkpoints.Checkpoint(service="requests", height=7, hash="", at=clock.now())

    assert (
        read_signed(checkpoints.signed(checkpoint, old), known_keys(given, "requests"), checkpoints.Checkpoint)
        is not None
    )
    assert (
        read_signed(
            checkpoints.signed(checkpoint, signing_key(given, "requests")), jwk.KeySet([new]), checkpoints.Checkpoint
        )
        is not None
    )
    (tmp_path / "keys.json").write_text(json.dumps(old.as_dict(private=False)))
    with pytest.raises(SettingsError, match="private"):
        signing_key(given, "requests")
    for wrong in ("", "[]", '{"keys": []}', '{"kty": "oct", "k": "AA"}'):
        (tmp_path / "keys.json").write_text(wrong)
        with pytest.raises(SettingsError, match="ENTRAIDE_AUDIT_KEY_FILE"):
            known_keys(given, "requests")


def test_key_of_one_service_is_not_valid_for_another(own: Settings, tmp_path: Path) -> None:
    files = [tmp_path / f"{service}.jwk" for service in ("requests", "pledges")]
    for file in files:
        file.write_text(new_key(file.stem))
    (tmp_path / "public.jwk").write_text(public_keys(files))
    of_requests, verifying = (replace(own, audit_key_file=file) for file in (files[0], tmp_path / "public.jwk"))
    now = clock.now()
    right, wrong = (
        checkpoints.signed(
            checkpoints.Checkpoint(service=service, height=7, hash="", at=now), signing_key(of_requests, "requests")
        )
        for service in ("requests", "pledges")
    )

    assert read_signed(right, known_keys(verifying, "requests"), checkpoints.Checkpoint) is not None
    assert read_signed(wrong, known_keys(verifying, "pledges"), checkpoints.Checkpoint) is None
    assert '"d"' not in (tmp_path / "public.jwk").read_text()
    with pytest.raises(SettingsError, match="private"):
        signing_key(verifying, "requests")
    with pytest.raises(SettingsError, match="another service's than pledges's"):
        signing_key(of_requests, "pledges")


def test_truncated_line_does_not_affect_others(tmp_path: Path) -> None:
    path = tmp_path / "audit" / "requests.jsonl"
    append(path, b"one")
    with path.open("ab") as file:
        file.write(b"tor")
    append(path, b"two")

    assert [b"one\n", b"tor\n", b"two\n"] == [line for _, line in lines(path, size_of(path))]
