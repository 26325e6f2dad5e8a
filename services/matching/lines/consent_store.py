"""Consents, from the facts of the requests service and from polling that service every two seconds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from chassis.db.writes import Write
from contracts.consents import Consent, ConsentPage, RequestConsents
from contracts.refusals import Unavailable
from contracts.values import Caller, Role, is_unodc

CONSENTS_AGE_SECONDS_MAX = 5
"""Maximum age of the last reading, in seconds.

With an older one it is unknown whether a consent still holds, and nothing that depends on a consent is shown.
"""

_PUT = Write(
    parts={
        "heard": """
            INSERT INTO heard_consent (consent_id, request_id, state, revision, recipients, fields, starts_at,
                ends_at, given_at, withdrawn_at, ended_at, recorded)
            SELECT consent_id, request_id, state, revision, recipients, fields, starts_at, ends_at, given_at,
                withdrawn_at, ended_at, recorded
            FROM json_populate_recordset(NULL::heard_consent, $1::text::json)
            ON CONFLICT (consent_id) DO UPDATE SET revision = excluded.revision, recipients = excluded.recipients,
                fields = excluded.fields, starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                given_at = excluded.given_at, withdrawn_at = excluded.withdrawn_at, ended_at = excluded.ended_at,
                recorded = excluded.recorded
            WHERE heard_consent.revision <= excluded.revision
        """
    }
)


_REPLACE = Write(
    parts={
        "ended_before": """
            UPDATE heard_consent SET ended_at = $3, revision = $2
            WHERE request_id = $4 AND revision <= $2 AND withdrawn_at IS NULL AND ended_at IS NULL
              AND consent_id <> ALL ($5::uuid[])
        """,
        **_PUT.parts,
    }
)


async def save(tx: Tx, consents: Iterable[RequestConsents]) -> None:
    """Store consents as of a revision of their request; later revisions are kept."""
    rows = _rows(consents)
    if rows:
        await tx.queue(_PUT, msgspec.json.encode(list(rows.values())).decode())


async def replace(tx: Tx, consents: RequestConsents, at: datetime) -> None:
    """Store the consents of a request, and end all its other consents of no later revision."""
    rows = _rows([consents])
    encoded = msgspec.json.encode(list(rows.values())).decode()
    await tx.queue(_REPLACE, encoded, consents.revision, at, consents.request_id, list(rows))


def _rows(consents: Iterable[RequestConsents]) -> dict[UUID, dict[str, Any]]:
    """Rows by consent id; the last of duplicates wins."""
    rows: dict[UUID, dict[str, Any]] = {}
    for one in consents:
        for consent in one.consents:
            known = {"request_id": one.request_id, "state": one.state, "revision": one.revision}
            rows[consent.consent_id] = msgspec.structs.asdict(consent) | known
    return rows


async def in_force(tx: Tx, request_id: UUID) -> tuple[Consent, ...]:
    rows = await tx.fetch(
        """
        SELECT * FROM heard_consent
        WHERE request_id = $1 AND withdrawn_at IS NULL AND ended_at IS NULL
          AND (starts_at IS NULL OR starts_at <= now()) AND (ends_at IS NULL OR now() < ends_at)
        ORDER BY given_at, consent_id
        """,
        request_id,
    )
    return tuple(msgspec.convert(dict(row), Consent) for row in rows)


async def in_force_of(tx: Tx, request_ids: Sequence[UUID]) -> dict[UUID, tuple[Consent, ...]]:
    """Like `in_force`, for several requests; return the consents by request id."""
    rows = await tx.fetch(
        """
        SELECT * FROM heard_consent
        WHERE request_id = ANY ($1::uuid[]) AND withdrawn_at IS NULL AND ended_at IS NULL
          AND (starts_at IS NULL OR starts_at <= now()) AND (ends_at IS NULL OR now() < ends_at)
        ORDER BY given_at, consent_id
        """,
        request_ids,
    )
    found: dict[UUID, tuple[Consent, ...]] = {}
    for row in rows:
        found[row["request_id"]] = (*found.get(row["request_id"], ()), msgspec.convert(dict(row), Consent))
    return found


async def end(tx: Tx, request_id: UUID, revision: int, at: datetime, *, consent_id: UUID | None = None) -> None:
    """End one consent of a request, or all of them, because it was withdrawn or has expired."""
    await tx.execute(
        """
        UPDATE heard_consent SET ended_at = $3, revision = $2
        WHERE request_id = $1 AND revision <= $2 AND withdrawn_at IS NULL AND ended_at IS NULL
          AND ($4::uuid IS NULL OR consent_id = $4)
        """,
        request_id,
        revision,
        at,
        consent_id,
    )


# -- polling the owner ------------------------------------------------------------------------------------------------


async def begin_reading(tx: Tx) -> tuple[str, datetime]:
    """Return the watermark to read from, and the start time of this reading."""
    row = await tx.fetchrow("SELECT after, clock_timestamp() AS began_at FROM consent_reading")
    assert row is not None, "the migration creates the row"
    return row["after"], row["began_at"]


async def save_page(tx: Tx, page: ConsentPage, *, began_at: datetime) -> None:
    """Store a page; after the last page the reading includes everything committed before its start."""
    await save(tx, page.requests)
    await tx.execute(
        """
        UPDATE consent_reading SET after = $1, heard_at = CASE WHEN $2 THEN greatest(heard_at, $3) ELSE heard_at END
        """,
        page.safe,
        not page.more,
        began_at,
    )


async def check_consents_current(tx: Tx, organization: str) -> None:
    """Raise Unavailable if the organization's visibility depends on consents and the last reading is too old."""
    if is_unodc(organization):
        return
    if not await tx.fetchval(
        "SELECT heard_at >= clock_timestamp() - $1 * interval '1 second' FROM consent_reading", CONSENTS_AGE_SECONDS_MAX
    ):
        raise Unavailable("consents-unheard")


async def check_consents_current_for(tx: Tx, caller: Caller) -> None:
    """Like `check_consents_current`, for a caller.

    A State's own records and UNODC's access as an office do not depend on consents.
    """
    if caller.role in {Role.PROVIDER_OFFICER, Role.DONOR_OFFICER}:
        await check_consents_current(tx, caller.organization)
