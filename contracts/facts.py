"""What a fact is, and the envelope it travels in (CloudEvents 1.0, structured mode).

A fact says in the past tense what happened to one aggregate: ids, codes, dates and numbers, never words or names.
`tag` is its type, `<owner>.<aggregate>.<event>.v<N>`; the field `<aggregate>_id` names the aggregate it is about.
Contracts only grow: a field added later is optional and has a default, anything else is a v2 beside the v1.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Literal, cast
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from contracts.values import Organization, Role

EVENT_BYTES_MAX = 60_000
"""Below the 64 kB that a message may have, so that headers fit beside it."""


class Fact(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Something that happened to one aggregate."""

    @property
    def type(self) -> str:
        return fact_type(self.__class__)

    @property
    def aggregate(self) -> str:
        return self.type.split(".")[1]

    @property
    def aggregate_id(self) -> UUID:
        return cast(UUID, getattr(self, f"{self.aggregate}_id"))


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact in its envelope, as it stands in the journal and travels on NATS.

    `subject` is `<aggregate>/<id>`; `aggregateversion` counts the facts of that aggregate from 1 without a gap;
    `causationid` is the event this one follows from. The actor is a person's id, role and organization.
    """

    specversion: Literal["1.0"]
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    aggregateversion: Annotated[int, Meta(ge=1)]
    correlationid: Annotated[str, Meta(max_length=64)]
    datacontenttype: Literal["application/json"]
    data: Raw
    causationid: UUID | None = None
    actorid: UUID | None = None
    actorrole: Role | None = None
    actororganization: Organization | None = None

    @property
    def owner(self) -> str:
        return self.source.removeprefix("/")

    @property
    def aggregate(self) -> str:
        return self.subject.partition("/")[0]

    @property
    def aggregate_id(self) -> UUID:
        return UUID(self.subject.partition("/")[2])

    def fact(self) -> Fact | None:
        """What happened; None for a type this version does not know (a newer service published it).

        Raises msgspec.ValidationError if the data do not have the shape its type promises.
        """
        kind = facts().get(self.type)
        return None if kind is None else msgspec.json.decode(self.data, type=kind)


def fact_type(kind: type[Fact]) -> str:
    return cast(str, kind.__struct_config__.tag)


def subject_of(event_type: str) -> str:
    """The NATS subject of a type of fact: `ta.` and the type, whose tokens are literals in the code."""
    return f"ta.{event_type}"


def decode_event(raw: bytes | str) -> Event:
    """Raises msgspec.DecodeError (ValidationError is one) for anything that is not an event."""
    return msgspec.json.decode(raw, type=Event)


@cache
def facts() -> Mapping[str, type[Fact]]:
    """Every fact ever published, by type."""
    from contracts import (
        activities,
        directory,
        earmarks,
        funds,
        in_kind,
        ledger,
        matching,
        notifications,
        pledge_reversals,
        pledges,
        reminders,
        requests,
        rewording,
    )

    kinds = [
        *requests.FACTS,
        *matching.FACTS,
        *pledges.FACTS,
        *pledge_reversals.FACTS,
        *ledger.FACTS,
        *reminders.FACTS,
        *funds.FACTS,
        *in_kind.FACTS,
        *rewording.FACTS,
        *earmarks.FACTS,
        *activities.FACTS,
        *notifications.FACTS,
        *directory.FACTS,
    ]
    return {fact_type(kind): kind for kind in kinds}
