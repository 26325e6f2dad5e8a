"""Actions on API clients, and their authentication."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.texts import hash_texts
from contracts.refusals import Conflict, Invalid, Unidentified
from contracts.values import Caller, Role, Scope
from services.directory import policy
from services.directory.clients import model as rules
from services.directory.clients import store as client_store
from services.directory.clients.model import CLIENTS_MAX, EXPIRING_DAYS, Client, Terms
from services.directory.people import store
from services.directory.people.actions import record
from services.directory.policy import Action, NewClient

SECRET_BYTES = 32
SECRET_PREFIX = "entraide_secret_"
"""A prefix by which secret scanners recognise a secret, for instance in a repository or a log."""

USED_AGAIN = timedelta(hours=1)
"""Precision of the time of last use, so that not every token costs a write."""

NOBODY, NOWHERE = UUID(int=0), "NOWHERE"


class Credentials(Struct, frozen=True):
    """The credentials in a token request, not verified yet."""

    client_id: str
    secret: str


def new_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(SECRET_BYTES)


async def register(tx: Tx, ctx: Context, client_id: UUID, terms: Terms, name: str) -> str:
    """Register a client and return its secret, of which only the hash is stored."""
    policy.decide(ctx.caller, Action.REGISTER_CLIENT, NewClient(terms.organization)).required()
    if not await store.is_registered(tx, terms.organization):
        raise Invalid("unknown-code", field="organization", code=terms.organization)
    async with tx.as_service():
        in_force = await client_store.count_in_force(tx, terms.organization, today=ctx.today)
    if in_force >= CLIENTS_MAX:
        raise Conflict("clients-too-many", limit=CLIENTS_MAX)
    salt, texts_hash = hash_texts(name)
    fact = rules.register(client_id, terms, texts_hash, registered_by=ctx.caller.person_id, now=ctx.now)
    await record(tx, None, fact)
    await client_store.save_name(tx, client_id, name, salt)
    return await _save_new_secret(tx, client_id, generation=1)


async def rotate(tx: Tx, ctx: Context, client_id: UUID, overlap_hours: int) -> str:
    """Create a new secret and return it. The previous one stays valid for `overlap_hours`; any older one is deleted."""
    client = await _for_move(tx, ctx, client_id, Action.ROTATE_CLIENT)
    fact = client.rotate(overlap_hours, now=ctx.now)
    await record(tx, client, fact)
    return await _save_new_secret(tx, client_id, generation=fact.generation)


async def end(tx: Tx, ctx: Context, client_id: UUID, reason: str) -> None:
    """End the client and delete its secrets. Services refuse its tokens once they have polled `/internal/callers`."""
    client = await _for_move(tx, ctx, client_id, Action.END_CLIENT)
    await record(tx, client, client.end(reason, now=ctx.now))
    await client_store.forget_secrets(tx, client_id)


async def _for_move(tx: Tx, ctx: Context, client_id: UUID, action: Action) -> Client:
    client = await client_store.get(tx, client_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, action, client).required()
    check_revision(client.revision, ctx.expected)
    return client


async def _save_new_secret(tx: Tx, client_id: UUID, *, generation: int) -> str:
    secret = new_secret()
    await client_store.save_secret(tx, client_id, generation, rules.hash_of(secret))
    return secret


# -- for the client itself, and for the service ----------------------------------------------------------------------


def unauthenticated_caller(credentials: Credentials) -> Caller:
    """The caller before authentication, who sees only the rows of the client it claims to be."""
    return Caller(person_id=_id_of(credentials.client_id), organization=NOWHERE, role=Role.OFFICIAL, scopes=frozenset())


async def identify(tx: Tx, credentials: Credentials, *, now: datetime) -> Client:
    """Authenticate a client and return it. Raises the same Unidentified for every failure."""
    kept = await client_store.secret_hashes(tx, _id_of(credentials.client_id))
    known = (
        kept.client.verify_secret(credentials.secret, kept.hashes, now=now)
        if kept
        else _verify_dummy(credentials.secret)
    )
    if kept is None or not known:
        raise Unidentified("client-not-known")
    if kept.used_at is None or now - kept.used_at >= USED_AGAIN:
        await client_store.save_use(tx, kept.client.client_id, now)
    return kept.client


def granted(client: Client, asked: str | None) -> frozenset[Scope]:
    """The scopes of a token: those requested, or all. Raises Invalid for a scope that the client does not have."""
    if asked is None:
        return client.scopes
    wanted = asked.split(" ")
    if not set(wanted) <= client.scopes:
        raise Invalid("scope-not-of-client")
    return frozenset(one for one in client.scopes if one in wanted)


async def announce_expiring(tx: Tx, *, now: datetime) -> int:
    """Announce the clients that expire soon, and return their number."""
    until = now.date() + timedelta(days=EXPIRING_DAYS)
    found = await client_store.expiring(tx, until=until, today=now.date())
    for client in found:
        await record(tx, client, client.expire_soon(now=now))
    return len(found)


def _id_of(said: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        return NOBODY


def _verify_dummy(secret: str) -> bool:
    """Do the same work as for a known client, so that the time reveals nothing; the result is False."""
    return rules.matches_any(secret, ())
