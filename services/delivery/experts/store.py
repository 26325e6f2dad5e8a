"""Rows of experts. Reads for a caller apply `may_see`, the policy in SQL, in their WHERE clause."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec
from asyncpg import Record

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.refusals import Missing
from contracts.sessions import BySex, Sex
from contracts.values import Caller, Language
from services.delivery.experts.model import Expert

LIST_MAX = 100


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of an expert; `person_id` is set for a person with an account, whose erasure removes the row.

    `sex` is as the expert states it; it is used for counts only.
    """

    name: str = ""
    function: str = ""
    biography: str = ""
    email: str | None = None
    person_id: UUID | None = None
    sex: Sex = Sex.OTHER


async def get(tx: Tx, expert_id: UUID, caller: Caller, *, lock: bool = False) -> Expert:
    """Return the expert; `lock` locks it until the transaction ends. Raises Missing unless the caller may see it."""
    query = (
        """
        SELECT *, taught_states(expert_id) AS states FROM expert
        WHERE expert_id = $1 AND sees_expert(expert_id, provider, status, consented_on, $2, $3) FOR UPDATE
        """
        if lock
        else """
        SELECT *, taught_states(expert_id) AS states FROM expert WHERE expert_id = $1
          AND sees_expert(expert_id, provider, status, consented_on, $2, $3)
        """
    )
    row = await tx.fetchrow(query, expert_id, caller.organization, caller.role)
    if row is None:
        raise Missing("not-found")
    return expert_of(row)


async def page(
    tx: Tx,
    caller: Caller,
    *,
    topics: Sequence[str] | None,
    kind: str | None,
    language: Language | None,
    available_on: date | None,
    before: UUID | None,
    limit: int,
) -> list[Expert]:
    """List experts on the rosters that the caller may see, newest first, older than `before`."""
    rows = await tx.fetch(
        """
        SELECT *, taught_states(expert_id) AS states FROM expert
        WHERE status = 'listed' AND sees_expert(expert_id, provider, status, consented_on, $1, $2)
          AND ($3::text[] IS NULL OR topics && $3) AND ($4::text IS NULL OR $4 = ANY (kinds))
          AND ($5::text IS NULL OR $5 = ANY (languages))
          AND ($6::date IS NULL OR json_array_length(periods) = 0 OR EXISTS (
              SELECT FROM json_array_elements(periods) AS one
              WHERE $6 BETWEEN (one ->> 'from')::date AND (one ->> 'until')::date))
          AND ($7::uuid IS NULL OR expert_id < $7)
        ORDER BY expert_id DESC LIMIT $8
        """,
        caller.organization,
        caller.role,
        topics,
        kind,
        language,
        available_on,
        before,
        limit,
    )
    return [expert_of(row) for row in rows]


async def get_as_service(tx: Tx, expert_id: UUID) -> Expert | None:
    """Return the expert, read as the service and locked until the transaction ends."""
    row = await tx.fetchrow(
        "SELECT *, taught_states(expert_id) AS states FROM expert WHERE expert_id = $1 FOR UPDATE", expert_id
    )
    return expert_of(row) if row else None


async def not_on_roster(tx: Tx, expert_ids: Sequence[UUID], provider: str) -> list[UUID]:
    """Return the ids that are not on this provider's roster, read as the service."""
    rows = await tx.fetch(
        "SELECT expert_id FROM expert WHERE expert_id = ANY ($1::uuid[]) AND provider = $2 AND status = 'listed'",
        expert_ids,
        provider,
    )
    found = {row["expert_id"] for row in rows}
    return [one for one in expert_ids if one not in found]


_SAVE = Write(
    parts={
        "expert_saved": """
            INSERT INTO expert SELECT * FROM json_populate_record(NULL::expert, $1::text::json)
            ON CONFLICT (expert_id) DO UPDATE SET status = excluded.status, revision = excluded.revision,
                topics = excluded.topics, kinds = excluded.kinds, languages = excluded.languages,
                periods = excluded.periods, consented_on = excluded.consented_on, recorded_by = excluded.recorded_by,
                withdrawn_at = excluded.withdrawn_at
        """
    }
)


async def save(tx: Tx, expert: Expert) -> None:
    await tx.queue(_SAVE, msgspec.json.encode(expert).decode())


_SAVE_TEXTS = Write(
    parts={
        "expert_texts": """
            INSERT INTO expert_text (expert_id, salt, name, function, biography, email, person_id, sex)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (expert_id) DO UPDATE SET salt = excluded.salt, name = excluded.name,
                function = excluded.function, biography = excluded.biography, email = excluded.email,
                person_id = excluded.person_id, sex = excluded.sex
        """
    }
)


async def save_texts(tx: Tx, expert_id: UUID, texts: Texts, salt: bytes) -> None:
    """Save the texts, which the journal references by their salted hash."""
    own = texts.name, texts.function, texts.biography, texts.email, texts.person_id, texts.sex
    await tx.queue(_SAVE_TEXTS, expert_id, salt, *own)


async def delete_texts(tx: Tx, expert_id: UUID) -> None:
    await tx.execute("DELETE FROM expert_text WHERE expert_id = $1", expert_id)


async def texts_of(tx: Tx, expert_ids: Sequence[UUID]) -> dict[UUID, Texts]:
    """Return the texts of those experts that the caller may see."""
    rows = await tx.fetch(
        """
        SELECT expert_id, name, function, biography, email, person_id, sex
        FROM expert_text WHERE expert_id = ANY ($1::uuid[])
        """,
        expert_ids,
    )
    return {
        row["expert_id"]: msgspec.convert({name: row[name] for name in Texts.__struct_fields__}, Texts) for row in rows
    }


async def by_sex(tx: Tx, expert_ids: Sequence[UUID]) -> BySex:
    """Count the experts by sex, read as the service; an expert who has withdrawn counts as not stated."""
    known = await texts_of(tx, expert_ids)
    people = Counter[str](known[one].sex if one in known else Sex.OTHER for one in expert_ids)
    return BySex(**people)


async def forget(tx: Tx, person_id: UUID) -> list[UUID]:
    """Delete rows that name this person; return the ids of those experts."""
    rows = await tx.fetch("DELETE FROM expert_text WHERE person_id = $1 RETURNING expert_id", person_id)
    return [row["expert_id"] for row in rows]


def expert_of(row: Record) -> Expert:
    """Convert a row of `expert`, with its `states`, to an expert."""
    columns = dict(row)
    columns["periods"] = msgspec.json.decode(columns["periods"])
    return msgspec.convert(columns, Expert)
