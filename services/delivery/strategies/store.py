"""Rows of strategies. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.values import Caller
from services.delivery.deliveries import store as delivery_store
from services.delivery.deliveries.model import Delivery
from services.delivery.strategies.model import Strategy, StrategyStatus, StrategyTexts

LIST_MAX = 100


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a strategy, and the comment on its last move."""

    texts: StrategyTexts
    comment: str


async def get(tx: Tx, strategy_id: UUID, caller: Caller) -> Strategy:
    """Return the strategy. Raises Missing unless the caller may see it."""
    row = await tx.fetchrow(
        """
        SELECT *, delivering_providers(request_id) AS providers FROM strategy
        WHERE strategy_id = $1 AND sees_strategy(state, request_id, $2, $3)
        """,
        strategy_id,
        caller.organization,
        caller.role,
    )
    if row is None:
        raise Missing("not-found")
    return _strategy(row)


async def delivered(tx: Tx, strategy_id: UUID, caller: Caller) -> list[Delivery]:
    """List the caller's latest delivery for a strategy's request; none unless it is a provider. Raises Missing."""
    strategy = await get(tx, strategy_id, caller)
    return await delivery_store.delivered_by(tx, caller, [strategy.request_id])


async def page(
    tx: Tx,
    caller: Caller,
    *,
    request_id: UUID | None = None,
    status: StrategyStatus | None = None,
    without: Sequence[UUID] = (),
    before: UUID | None = None,
    limit: int,
) -> list[Strategy]:
    """List strategies that the caller may see, newest first, except those of the requests in `without`."""
    rows = await tx.fetch(
        """
        SELECT *, delivering_providers(request_id) AS providers FROM strategy
        WHERE sees_strategy(state, request_id, $1, $2) AND ($3::uuid IS NULL OR request_id = $3)
          AND ($4::text IS NULL OR status = $4) AND request_id <> ALL ($5::uuid[])
          AND ($6::uuid IS NULL OR strategy_id < $6)
        ORDER BY strategy_id DESC LIMIT $7
        """,
        caller.organization,
        caller.role,
        request_id,
        status,
        without,
        before,
        limit,
    )
    return [_strategy(row) for row in rows]


async def count_of(tx: Tx, request_id: UUID) -> int:
    """Count the strategies of the request, read as the service."""
    return int(await tx.fetchval("SELECT count(*) FROM strategy WHERE request_id = $1", request_id))


async def count_unsettled(tx: Tx, strategy_id: UUID) -> int:
    """Count the action points of the strategy that are neither verified nor dropped, read as the service."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM action_point WHERE strategy_id = $1 AND status IN ('open', 'done')", strategy_id
        )
    )


async def get_as_service(tx: Tx, strategy_id: UUID) -> Strategy | None:
    """Return the strategy, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow(
        """
        SELECT *, delivering_providers(request_id) AS providers FROM strategy WHERE strategy_id = $1 FOR UPDATE
        """,
        strategy_id,
    )
    return _strategy(row) if row else None


_SAVE = Write(
    parts={
        "strategy_saved": """
            INSERT INTO strategy SELECT * FROM json_populate_record(NULL::strategy, $1::text::json)
            ON CONFLICT (strategy_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                stakeholders = excluded.stakeholders, language = excluded.language,
                concluded_at = excluded.concluded_at
        """
    }
)
_SAVE_TEXTS = Write(
    parts={
        "strategy_texts": """
            INSERT INTO strategy_text (strategy_id, salt, title, roles, comment) VALUES ($1, $2, $3, $4, '')
            ON CONFLICT (strategy_id) DO UPDATE SET salt = excluded.salt, title = excluded.title, roles = excluded.roles
        """
    }
)
_COMMENT = Write(parts={"strategy_comment": "UPDATE strategy_text SET comment = $2 WHERE strategy_id = $1"})


async def save(tx: Tx, strategy: Strategy) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(strategy).decode())


async def save_texts(tx: Tx, strategy_id: UUID, texts: StrategyTexts, salt: bytes) -> None:
    """Replace the previous texts; the journal references the texts by their salted hash."""
    await tx.queue(_SAVE_TEXTS, strategy_id, salt, texts.title, texts.roles)


async def save_comment(tx: Tx, strategy_id: UUID, comment: str) -> None:
    """Replace the comment on the previous move."""
    await tx.queue(_COMMENT, strategy_id, comment)


async def texts_of(tx: Tx, strategy_ids: Sequence[UUID]) -> dict[UUID, Said]:
    rows = await tx.fetch(
        "SELECT strategy_id, title, roles, comment FROM strategy_text WHERE strategy_id = ANY ($1::uuid[])",
        strategy_ids,
    )
    return {
        row["strategy_id"]: Said(texts=StrategyTexts(title=row["title"], roles=row["roles"]), comment=row["comment"])
        for row in rows
    }


def _strategy(row: Record) -> Strategy:
    return msgspec.convert(dict(row), Strategy)
