"""Idempotency keys are kept for thirty days."""

from collections.abc import Mapping
from datetime import timedelta

from chassis.db.database import Database
from chassis.http.idempotency import FORGET_MAX, KEPT_DAYS
from chassis.runtime import _forget


async def _used(db: Database, count: int, *, before: timedelta) -> None:
    async with db.transaction() as tx:
        await tx.execute(
            """
            INSERT INTO command (caller, acting_for, route, key, body_hash, outcome, carried_out_at)
            SELECT gen_random_uuid(), 'KEN:focal_point', 'POST /v1/requests', 'sample-' || n, '', gen_random_uuid(),
                now() - $2::interval FROM generate_series(1, $1) AS n
            """,
            count,
            before,
        )


async def test_expired_command_keys_are_deleted_and_newer_ones_kept(databases: Mapping[str, Database]) -> None:
    db = databases["requests"]
    await _used(db, FORGET_MAX + 10, before=timedelta(days=KEPT_DAYS, minutes=1))
    await _used(db, 3, before=timedelta(days=KEPT_DAYS, minutes=-5))

    await _forget(db)

    async with db.transaction() as tx:
        assert await tx.fetchval("SELECT count(*) FROM command") == 3
