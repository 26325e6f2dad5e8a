"""Builders of valid test data; a test names only the values that it is about."""

import time
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec

from chassis.auth.tokens import SERVICE_SUBJECT, Issuer
from chassis.rate_limiter import RateLimit
from contracts.facts import Event, Fact
from contracts.values import Caller, Role
from tests.personas import appoint_persona, forget_appointed, persona_id

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
AHEAD = datetime.now(UTC).year + 1
"""The next year, in which the tests' offerings, windows and plans lie."""

FACTS_PER_SUBMISSION = 3
"""Number of facts of a submission: the submission itself and the two clocks that it starts."""

UNHURRIED = RateLimit(per_minute=1_000_000, burst=100_000)
"""A rate limit that no test reaches: a test does in a second, as one person, what takes people hours."""

UNHURRIED_ENVIRONMENT = {
    f"ENTRAIDE_{kind}_{name}": str(value)
    for kind in ("WRITES", "READS")
    for name, value in (("PER_MINUTE", UNHURRIED.per_minute), ("BURST", UNHURRIED.burst))
}
"""The same limit as environment variables of a process."""

issuer: Issuer | None = None
"""The issuer of tokens, set by the session's fixture `issuer`."""

REUSED_SECONDS = 600


class _Token(NamedTuple):
    text: str
    issued: float


_tokens: dict[str, _Token] = {}


def a_caller(appointment: str = "KEN:focal_point") -> Caller:
    organization, _, role = appointment.partition(":")
    return Caller(person_id=persona_id(appointment), organization=organization, role=Role(role))


def token(appointment: str = "KEN:focal_point", *more: str) -> str:
    """Return a token of the test's issuer for the holder of these appointments; for a service, `service:<name>`.

    A test gets the same token for ten minutes, because programs reuse theirs until it expires, after fifteen.
    """
    if not appointment.startswith(SERVICE_SUBJECT):
        appoint_persona(appointment, *more)
    known = _tokens.get(appointment)
    if known is None or time.monotonic() - known.issued > REUSED_SECONDS:
        known = _tokens[appointment] = _Token(_new_token(appointment), time.monotonic())
    return known.text


def _new_token(appointment: str) -> str:
    assert issuer is not None, "the fixture `issuer` sets it"
    if appointment.startswith(SERVICE_SUBJECT):
        return issuer.token(appointment, more={"client_id": appointment})
    return issuer.token(persona_id(appointment))


def forget_people() -> None:
    """Forget all tokens and appointments, since the next test may have another clock and other people."""
    _tokens.clear()
    forget_appointed()


def headers(
    appointment: str = "KEN:focal_point", *, key: str | None = None, revision: int | None = None
) -> dict[str, str]:
    """Return the headers Authorization, Idempotency-Key (new unless given), and If-Match if a revision is given."""
    made = {"Authorization": f"Bearer {token(appointment)}", "Idempotency-Key": key or str(uuid4())}
    return made if revision is None else made | {"If-Match": f'"{revision}"'}


def a_line(**changes: Any) -> dict[str, Any]:
    """Return a line as JSON for the API."""
    return {
        "kind": "mla_training",
        "topics": ["mutual_legal_assistance", "electronic_evidence"],
        "articles": ["UNTOC:18"],
        "paragraphs": ["I.k"],
        "pillars": ["pursue"],
        "institution": "central_authority",
        "institution_name": "Central Authority (fictitious sample)",
        "group_size": 25,
        "languages": ["en"],
        "modality": "in_person",
        "window": {"from": f"{AHEAD}-02-01", "until": f"{AHEAD}-06-30"},
        "gender_marker": 1,
        "human_rights_marker": 1,
        "markers_justification": "Half of the places are kept for women.",
        "outcome": "Outgoing requests are drafted without help and answered within the treaty's terms.",
        "in_place": "A central authority of six lawyers, a paper register, no electronic case file.",
    } | changes


def a_request(**changes: Any) -> dict[str, Any]:
    """Return a request as JSON for the API."""
    return {
        "submit": True,
        "language": "en",
        "title": "Fictitious sample: training on mutual legal assistance",
        "need": "Fictitious sample. The central authority is new and its requests come back incomplete.",
        "visibility": "providers",
        "addressee": {"to": "any", "states": []},
        "circulation": "granted",
        "lines": [a_line()],
    } | changes


def an_event(
    fact: Fact, version: int, *, event_id: UUID | None = None, correlation: str = "test", time: datetime = NOON
) -> Event:
    """Return a fact in its envelope, as its owner would have announced it."""
    return Event(
        specversion="1.0",
        id=event_id or uuid4(),
        source=f"/{fact.type.partition('.')[0]}",
        type=fact.type,
        subject=f"{fact.aggregate}/{fact.aggregate_id}",
        time=time,
        aggregateversion=version,
        correlationid=correlation,
        datacontenttype="application/json",
        data=msgspec.Raw(msgspec.json.encode(fact)),
    )
