"""Queries on API clients, their names, and the hashes of their secrets."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from chassis.db.database import Tx
from contracts.refusals import Missing
from contracts.values import Caller
from services.directory.clients.model import Client

NOTICES_MAX = 100


class ClientDetails(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a client, and the time when it last got a token, to the hour."""

    name: str
    used_at: datetime | None = None


class ClientSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """The hashes of a client's secrets, with their generations."""

    client: Client
    hashes: list[tuple[int, bytes]]
    used_at: datetime | None


async def save(tx: Tx, client: Client) -> None:
    await tx.execute(
        """
        INSERT INTO client (client_id, organization, role, scopes, ends, generation, previous_until, revision,
            texts_hash, registered_by, registered_at, rotated_at, noticed_at, ended_at, reason)
        SELECT client_id, organization, role, scopes, ends, generation, previous_until, revision,
            texts_hash, registered_by, registered_at, rotated_at, noticed_at, ended_at, reason
        FROM json_populate_record(NULL::client, $1::text::json)
        ON CONFLICT (client_id) DO UPDATE SET generation = excluded.generation,
            previous_until = excluded.previous_until, revision = excluded.revision, rotated_at = excluded.rotated_at,
            noticed_at = excluded.noticed_at, ended_at = excluded.ended_at, reason = excluded.reason
        """,
        msgspec.json.encode(client, order="deterministic").decode(),
    )


async def get_as_service(tx: Tx, client_id: UUID) -> Client | None:
    """Return the client, read and locked by the service itself to apply the next fact, or None."""
    row = await tx.fetchrow("SELECT * FROM client WHERE client_id = $1 FOR UPDATE", client_id)
    return msgspec.convert(dict(row), Client) if row else None


async def get(tx: Tx, client_id: UUID, caller: Caller, *, lock: bool = False) -> Client:
    """Return the client; `lock` locks it until the transaction ends. Raises Missing unless this caller may see it."""
    query = (
        """
        SELECT * FROM client WHERE client_id = $1 AND may_see_of(client_id, organization, $2, $3, $4) FOR UPDATE
        """
        if lock
        else """
        SELECT * FROM client WHERE client_id = $1 AND may_see_of(client_id, organization, $2, $3, $4)
        """
    )
    row = await tx.fetchrow(query, client_id, caller.organization, caller.role, caller.person_id)
    if row is None:
        raise Missing("not-found")
    return msgspec.convert(dict(row), Client)


async def clients(tx: Tx, caller: Caller, *, organization: str | None, before: UUID | None, limit: int) -> list[Client]:
    """List the clients that this caller may see, newest first, starting after `before`."""
    rows = await tx.fetch(
        """
        SELECT * FROM client
        WHERE may_see_of(client_id, organization, $1, $2, $3) AND ($4::text IS NULL OR organization = $4)
          AND ($5::uuid IS NULL OR client_id < $5)
        ORDER BY client_id DESC LIMIT $6
        """,
        caller.organization,
        caller.role,
        caller.person_id,
        organization,
        before,
        limit,
    )
    return [msgspec.convert(dict(row), Client) for row in rows]


async def count_in_force(tx: Tx, organization: str, *, today: date) -> int:
    """Return the number of an organization's clients in force; concurrent registrations are serialized."""
    await tx.execute("SELECT FROM organization WHERE code = $1 FOR UPDATE", organization)
    query = "SELECT count(*) FROM client WHERE organization = $1 AND ended_at IS NULL AND ends >= $2"
    return int(await tx.fetchval(query, organization, today))


async def details(tx: Tx, clients: Sequence[UUID]) -> dict[UUID, ClientDetails]:
    """Return the details of clients that the caller was allowed to read."""
    rows = await tx.fetch(
        """
        SELECT client_id, name, used_at FROM client_text LEFT JOIN client_use USING (client_id)
        WHERE client_id = ANY ($1::uuid[])
        """,
        list(clients),
    )
    return {row["client_id"]: ClientDetails(name=row["name"], used_at=row["used_at"]) for row in rows}


async def save_name(tx: Tx, client_id: UUID, name: str, salt: bytes) -> None:
    await tx.execute("INSERT INTO client_text (client_id, salt, name) VALUES ($1, $2, $3)", client_id, salt, name)


# -- secrets ----------------------------------------------------------------------------------------------------------


async def save_secret(tx: Tx, client_id: UUID, generation: int, secret_hash: bytes) -> None:
    """Store the newest secret's hash, and of the earlier ones keep only the one before it."""
    await tx.execute(
        """
        WITH gone AS (DELETE FROM client_secret WHERE client_id = $1 AND generation < $2 - 1)
        INSERT INTO client_secret (client_id, generation, secret_hash) VALUES ($1, $2, $3)
        """,
        client_id,
        generation,
        secret_hash,
    )


async def forget_secrets(tx: Tx, client_id: UUID) -> None:
    await tx.execute("DELETE FROM client_secret WHERE client_id = $1", client_id)


async def secret_hashes(tx: Tx, client_id: UUID) -> ClientSecrets | None:
    """Return the hashes of the secrets for a token request that is not authenticated yet, or None."""
    row = await tx.fetchrow(
        """
        SELECT client.*, used_at,
            ARRAY(SELECT generation FROM client_secret s WHERE s.client_id = $1 ORDER BY generation) AS generations,
            ARRAY(SELECT secret_hash FROM client_secret s WHERE s.client_id = $1 ORDER BY generation) AS hashes
        FROM client LEFT JOIN client_use USING (client_id) WHERE client_id = $1
        """,
        client_id,
    )
    if row is None:
        return None
    hashes = list(zip(row["generations"], row["hashes"], strict=True))
    return ClientSecrets(client=msgspec.convert(dict(row), Client), hashes=hashes, used_at=row["used_at"])


async def save_use(tx: Tx, client_id: UUID, used_at: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO client_use (client_id, used_at) VALUES ($1, $2)
        ON CONFLICT (client_id) DO UPDATE SET used_at = excluded.used_at WHERE client_use.used_at < excluded.used_at
        """,
        client_id,
        used_at,
    )


async def expiring(tx: Tx, *, until: date, today: date) -> list[Client]:
    """List and lock clients near their last day that are not announced; skip those locked by another process."""
    rows = await tx.fetch(
        """
        SELECT * FROM client WHERE ends BETWEEN $1 AND $2 AND ended_at IS NULL AND noticed_at IS NULL
        ORDER BY ends LIMIT $3 FOR UPDATE SKIP LOCKED
        """,
        today,
        until,
        NOTICES_MAX,
    )
    return [msgspec.convert(dict(row), Client) for row in rows]
