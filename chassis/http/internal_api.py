"""The internal API between services: the journal after a watermark, or the facts of one aggregate."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter, SkipValidation

from chassis.http.application import INTERNAL
from chassis.journal.outbox import Page, read, read_aggregate
from chassis.service import Running
from contracts.refusals import Missing
from contracts.values import END


@get("/internal/events", opt=INTERNAL, summary="An owner's journal, for its consumers")
async def events(
    services: NamedDependency[SkipValidation[Mapping[str, Running]]],
    owner: FromQuery[str],
    after: Annotated[str, QueryParameter(pattern=r"^\d{1,19}\.\d{1,18}" + END)] = "0.0",
    aggregate: FromQuery[UUID | None] = None,
    after_version: Annotated[int, QueryParameter(ge=0, le=2**31 - 1)] = 0,
) -> Page:
    """Returns the events after a watermark, or those of one aggregate after a version; at most 500."""
    if owner not in services:
        raise Missing("not-found")
    async with services[owner].db.for_reading().transaction() as tx:
        if aggregate is not None:
            return Page(
                events=await read_aggregate(tx, aggregate, after_version=after_version), after=after, more=False
            )
        return await read(tx, after=after)
