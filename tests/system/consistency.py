"""Compare databases, streams and mailbox after a run: nothing is lost and nothing duplicated."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import nats.js.errors
from nats.aio.client import Client

from chassis.db.database import Database
from chassis.journal.bus import stream_name
from chassis.rebuild import verify
from services.composition import NAMES, all_services
from services.mailbox import Mailbox

QUIET_SECONDS = 120
"""Seconds without a change after which a platform counts as stuck; a busy machine takes minutes to the end."""

BROKER_SECONDS = 120
"""Seconds in which the broker has to answer a test that inspects it, on a busy machine."""

OF_THE_MOMENT = frozenset(
    {
        *("watermark", "migration", "audit_origin", "seal"),
        *("offering_change", "to_read", "reading", "round_lease"),
        *("ranking_shown", "figure_issue"),
    }
)
"""Tables whose content depends on the moment.

They hold read positions, how the schema came about, what is to be read again or is under way, what was read,
and what was shown, which depends on who polls and when; or they have a row for each of the audit's. A month's figures
are issued when reports next look, at a start or 20 seconds later, with all journals read: a restart may do so sooner.
"""

OF_MIGRATIONS = frozenset({"migration", "consent_reading", "bookmark_key"})
"""Tables into which migrations insert a row."""

_PENDING = " + ".join(f"(SELECT count(*) FROM {name}.pending)" for name in NAMES)
_UNHEARD = " + ".join(
    f"(SELECT count(*) FROM {owner}.journal AS published WHERE split_part(type, '.', 2) = ANY"
    f" ('{{{','.join(sorted(service.consumed_aggregates(owner)))}}}') AND NOT EXISTS (SELECT FROM {service.name}.inbox AS received"
    " WHERE received.event_id = published.event_id AND received.status = 'applied'))"
    for service in all_services()
    for owner in service.listens_to
)
_UNFOLDED = "(SELECT count(*) FROM reports.arrived)"
_UNSEALED = " + ".join(f"(SELECT count(*) FROM {n}.audit) - (SELECT count(*) FROM {n}.seal)" for n in NAMES)
_OWED = (
    "(SELECT count(*) FROM notifications.dispatch WHERE status = 'owed') + (SELECT count(*) FROM notifications.lease)"
)


@dataclass(frozen=True)
class FinalState:
    """The content of databases, streams and mailbox; equal for two runs of one workflow."""

    facts: Mapping[str, int]
    """Number of facts of each type, over all journals."""
    rows: Mapping[str, int]
    """Number of rows of each table, and of each status in it."""
    money: Mapping[str, int]
    mails: int
    """Number of different mails, by Message-ID."""


async def wait_until_idle(connection: asyncpg.Connection) -> dict[str, int]:
    """Wait until nothing is left to publish, apply, fold, send or seal; return what is left once it stays the same."""
    before: dict[str, int] = {}
    deadline = time.monotonic() + QUIET_SECONDS
    query = (
        f"SELECT {_PENDING} AS pending, {_UNHEARD} AS unheard, {_UNFOLDED} AS unfolded,"
        f" {_OWED} AS owed, {_UNSEALED} AS unsealed"
    )
    while True:
        row = await connection.fetchrow(query)
        assert row is not None
        left = {name: int(count) for name, count in row.items() if count}
        if left != before:
            before, deadline = left, time.monotonic() + QUIET_SECONDS
        if not left or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.05)


async def examine(
    connection: asyncpg.Connection, broker: Client, mailbox: Mailbox, *, wiped: bool = False
) -> tuple[FinalState, list[str]]:
    """Return the final state, and the inconsistencies in it that show without a comparison to another run.

    A broker that was `wiped` lacks facts, but holds none that was not committed, and none twice.
    """
    wrong: list[str] = []
    facts: Counter[str] = Counter()
    for name in (service.name for service in all_services() if service.publishes):
        rows = await connection.fetch(
            f"SELECT event_id, aggregate_id, version, type FROM {name}.journal ORDER BY version"
        )
        facts.update(row["type"] for row in rows)
        versions: dict[UUID, list[int]] = {}
        for row in rows:
            versions.setdefault(row["aggregate_id"], []).append(row["version"])
        if gaps := [str(one) for one, held in versions.items() if held != list(range(1, len(held) + 1))]:
            wrong.append(f"{name}: versions with a gap: {gaps}")
        stored, reported = await _stored(broker, name), [row["event_id"] for row in rows]
        wrong += _stream_against_journal(name, stored, reported, wiped=wiped)
    wrong += await _duplicates(connection)
    ids = Counter(mail.message_id for mail in mailbox.messages())
    rows_of = await _rows(connection)
    return FinalState(facts=facts, rows=rows_of, money=await _money(connection), mails=len(ids)), wrong


def differences(expected: FinalState, found: FinalState) -> tuple[list[str], list[str]]:
    """Return what was lost and what was duplicated compared with the reference run."""
    lost, duplicated = [], []
    for kind in ("facts", "rows", "money"):
        before, after = getattr(expected, kind), getattr(found, kind)
        for name in sorted(before.keys() | after.keys()):
            was, now = before.get(name, 0), after.get(name, 0)
            if was != now:
                (lost if now < was else duplicated).append(f"{kind} {name}: {now} instead of {was}")
    if found.mails != expected.mails:
        (lost if found.mails < expected.mails else duplicated).append(
            f"mails: {found.mails} instead of {expected.mails}"
        )
    return lost, duplicated


def repeated_mails(mailbox: Mailbox) -> int:
    """Return the number of mails received again under the same id."""
    return len(mailbox.messages()) - len({mail.message_id for mail in mailbox.messages()})


async def rebuild_differences(database_url: str) -> list[str]:
    """List differences between the services' tables and those rebuilt from their journals."""
    found: list[str] = []
    for service in all_services():
        db = await Database.connect(database_url, service.name, owner=True, pool_max=1)
        try:
            found += [f"{service.name}: {line}" for line in await verify(db, service)]
        finally:
            await db.close()
    return found


def _stream_against_journal(name: str, stored: Sequence[UUID], reported: Sequence[UUID], *, wiped: bool) -> list[str]:
    wrong = []
    if not wiped and (missing := set(reported) - set(stored)):
        wrong.append(f"{name}: {len(missing)} facts never reached the stream")
    if unfounded := set(stored) - set(reported):
        wrong.append(f"{name}: {len(unfounded)} published that were never committed")
    if len(stored) != len(set(stored)):
        wrong.append(f"{name}: {len(stored) - len(set(stored))} stand twice in the stream")
    return wrong


async def _stored(broker: Client, name: str) -> list[UUID]:
    """Return the ids of the messages in a service's stream."""
    found: list[UUID] = []
    stream = stream_name(name)
    streams = broker.jetstream(timeout=BROKER_SECONDS)
    state = (await streams.stream_info(stream)).state
    for sequence in range(state.first_seq, state.last_seq + 1) if state.messages else ():
        message = await streams.get_msg(stream, sequence)
        assert message.headers is not None
        found.append(UUID(message.headers["Nats-Msg-Id"]))
    return found


async def _duplicates(connection: asyncpg.Connection) -> list[str]:
    checks = {
        "parked": " UNION ALL ".join(f"SELECT reason FROM {name}.inbox WHERE status = 'parked'" for name in NAMES),
        "entries that do not balance": "SELECT entry_id::text FROM pledges.entry CROSS JOIN unnest(postings)"
        " GROUP BY entry_id, pledges.book_of(account), currency HAVING sum(minor) <> 0 OR sum(usd_minor) <> 0",
        "notified twice": "SELECT person_id::text FROM notifications.notification"
        " GROUP BY cause_id, person_id, split_part(notice, ':', 1) HAVING count(*) > 1",
        "matches of a line and an offering": "SELECT line_id::text FROM matching.match"
        " GROUP BY line_id, offering_id HAVING count(*) > 1",
        "requirements of a match": "SELECT match_id::text FROM pledges.requirement GROUP BY match_id HAVING count(*) > 1",
        "allocations for a requirement": "SELECT requirement_id::text FROM pledges.allocation"
        " GROUP BY requirement_id HAVING count(*) > 1",
        "line_match of a match": "SELECT match_id::text FROM requests.line_match GROUP BY match_id HAVING count(*) > 1",
        "capacity taken is not the confirmed": "SELECT offering_id::text FROM matching.capacity GROUP BY offering_id"
        " HAVING sum(taken) <> (SELECT count(*) FROM matching.match WHERE match.offering_id = capacity.offering_id"
        " AND status IN ('confirmed', 'in_delivery', 'completed'))",
    }
    wrong = []
    for name, query in checks.items():
        if rows := await connection.fetch(query):
            wrong.append(f"{name}: {[row[0] for row in rows]}")
    return wrong


async def _rows(connection: asyncpg.Connection) -> dict[str, int]:
    tables = await connection.fetch(
        """
        SELECT table_schema AS service, table_name AS name,
               bool_or(column_name = 'status') AS has_status, bool_or(column_name = 'taken') AS has_taken
        FROM information_schema.columns WHERE table_schema = ANY($1::text[]) GROUP BY 1, 2
        """,
        list(NAMES),
    )
    counted: dict[str, int] = {}
    for table in tables:
        if table["name"] in OF_THE_MOMENT:
            continue
        name = f"{table['service']}.{table['name']}"
        # Polling reads some versions more or less often, and each read of another's record is logged.
        changes = "WHERE new IS NOT NULL" if table["name"] == "audit" else ""
        counted[name] = await connection.fetchval(f"SELECT count(*) FROM {name} {changes}")
        if table["has_status"]:
            for row in await connection.fetch(f"SELECT status, count(*) AS held FROM {name} GROUP BY status"):
                counted[f"{name} {row['status']}"] = row["held"]
        if table["has_taken"]:
            counted[f"{name} taken"] = await connection.fetchval(f"SELECT sum(taken) FROM {name}")
    return counted


async def _money(connection: asyncpg.Connection) -> dict[str, int]:
    rows = await connection.fetch(
        "SELECT fund || ' ' || account AS name, sum(usd_minor)::bigint AS held"
        " FROM pledges.entry CROSS JOIN unnest(postings) GROUP BY fund, account"
    )
    available = await connection.fetch(
        "SELECT fund || ' may be allocated' AS name, available_usd_minor AS held FROM pledges.balance"
    )
    return {row["name"]: row["held"] for row in [*rows, *available]}


async def truncate_tables(connection: asyncpg.Connection) -> None:
    """Truncate all tables of the services, after their connections have ended."""
    await connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with connection.transaction():
        # Without triggers and foreign keys, the order does not matter.
        await connection.execute("SET LOCAL session_replication_role = replica")
        for name in await _tables(connection):
            await connection.execute(f"DELETE FROM {name}")
        # Restore the rows that migrations had inserted (OF_MIGRATIONS are not deleted).
        await connection.execute("UPDATE matching.consent_reading SET after = '0.0', heard_at = '-infinity'")
        await connection.execute(
            "INSERT INTO pledges.closed (until, final_until, open_from) VALUES ('epoch', 'epoch', '2000-01-01')"
        )
        await connection.execute("INSERT INTO reports.folding DEFAULT VALUES")
        await connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences"
        )


async def count_rows(connection: asyncpg.Connection) -> dict[str, int]:
    """Return the number of rows of each table that has any."""
    counts = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in await _tables(connection, ())}
    return {name: count for name, count in counts.items() if count}


async def _tables(connection: asyncpg.Connection, excluded: Collection[str] = OF_MIGRATIONS) -> list[str]:
    rows = await connection.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
        " WHERE schemaname = ANY($1::text[]) AND tablename <> ALL ($2::text[])",
        list(NAMES),
        sorted(excluded),
    )
    return [row["name"] for row in rows]


async def delete_streams(broker: Client) -> None:
    """Delete the services' streams; the next platform creates them."""
    for name in NAMES:
        try:
            await broker.jetstream().delete_stream(stream_name(name))
        except nats.js.errors.NotFoundError:
            continue
