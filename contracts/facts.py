"""Facts and their envelope (CloudEvents 1.0, structured mode).

A fact states in the past tense what happened to one aggregate: ids, codes, dates and numbers, no texts or names. `tag`
is its type, `<owner>.<aggregate>.<event>.v<N>`; the field `<aggregate>_id` names its aggregate. Contracts are only
extended: a new field is optional with a default; any other change is a v2 in addition to the v1.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, ClassVar, Literal, cast
from uuid import UUID

import msgspec
from msgspec import Meta, Raw, Struct

from contracts.values import Organization, Role

EVENT_BYTES_MAX = 60_000
"""Maximum size of an event in bytes. Leaves room for headers below the 64 kB limit of a message."""


class Fact(Struct, frozen=True, kw_only=True, tag_field="type"):
    """An event of one aggregate. `TIME` names the field with the time of the event where several are required."""

    TIME: ClassVar[str] = ""

    @property
    def type(self) -> str:
        return fact_type(self.__class__)

    @property
    def aggregate(self) -> str:
        return self.type.split(".")[1]

    @property
    def aggregate_id(self) -> UUID:
        return cast(UUID, getattr(self, f"{self.aggregate}_id"))

    @property
    def time(self) -> datetime:
        """When it happened. For a fact with a value date, when it was recorded."""
        return cast(datetime, getattr(self, time_field(self.__class__)))


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact in its envelope, as stored in the journal and sent over NATS.

    `subject` is `<aggregate>/<id>`; `aggregateversion` counts the facts of that aggregate from 1 without a gap;
    `causationid` is the event that caused this one. The actor is given by a person's id, role and organization.
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


def fact_type(kind: type[Fact]) -> str:
    return cast(str, kind.__struct_config__.tag)


@cache
def time_field(kind: type[Fact]) -> str:
    """Return the field with the time of the event: `TIME`, or the one required time. Raises TypeError without it."""
    named = [one.name for one in msgspec.structs.fields(kind) if one.required and one.type is datetime]
    if kind.TIME:
        named = [one for one in named if one == kind.TIME]
    if len(named) != 1:
        raise TypeError(f"{kind.__name__}: TIME has to name the field with the time of the event")
    return named[0]


def aggregates_of(owner: str, kinds: Iterable[type[Fact]]) -> frozenset[str]:
    """The aggregates of an owner to which these kinds of facts belong."""
    parts = (fact_type(kind).split(".") for kind in kinds)
    return frozenset(aggregate for of, aggregate, *_ in parts if of == owner)


def subject_of(event_type: str) -> str:
    """The NATS subject of a fact type: `ta.` followed by the type, whose parts are literals in the code."""
    return f"ta.{event_type}"


def decode_event(raw: bytes | str) -> Event:
    """Decode an event. Raise msgspec.DecodeError (or its subclass ValidationError) if it is malformed."""
    return msgspec.json.decode(raw, type=Event)
