"""The routes of treaty status: what a State is known to be party to, and a coordinator who knows better."""

from datetime import date
from typing import Annotated

from litestar import Response, get, post
from litestar.params import JSONBody
from msgspec import Struct

from chassis.db.database import Tx
from chassis.http.application import Calling, Commanded, Db, Now, asks
from chassis.http.idempotency import claim
from chassis.http.queries import formed_as
from contracts.values import State
from services.matching import policy
from services.matching.commands import RecordTreatyStatus, check_state
from services.matching.policy import Action
from services.matching.treaties import actions as treaty_actions
from services.matching.treaties import store as treaty_store
from services.matching.treaties.model import treaty_status_id_of


class TreatyStatusView(Struct, frozen=True, kw_only=True):
    """Whether a State was party to an instrument on the day `as_of`.

    It was `recorded` by a coordinator, or else is known from a list of 2014. `party` is null where neither says: a
    State that the list does not name may have joined since.
    """

    state: str
    instrument: str
    party: bool | None
    as_of: date
    recorded: bool


class TreatyStatuses(Struct, frozen=True, kw_only=True):
    """One for each instrument."""

    statuses: list[TreatyStatusView]


@get("/v1/treaty-statuses", opt=asks(Action.SHOW_TREATY_STATUS), summary="What a State is known to be party to")
async def show_treaty_statuses(
    db: Db, caller: Calling, of_state: Annotated[str, formed_as(State, name="state")]
) -> TreatyStatuses:
    policy.decide(caller, Action.SHOW_TREATY_STATUS).required()
    check_state(of_state)
    async with db.transaction(by=caller) as tx:
        return await _read(tx, of_state)


@post(
    "/v1/treaty-statuses",
    opt=asks(Action.RECORD_TREATY_STATUS),
    summary="Record whether a State is party to an instrument, as of a day",
)
async def record_treaty_status(
    data: JSONBody[RecordTreatyStatus], db: Db, caller: Calling, command: Commanded, now: Now
) -> Response[TreatyStatuses]:
    """As of no earlier day than what is known already. Matches that it forbids end; what it admits is suggested."""
    policy.decide(caller, Action.RECORD_TREATY_STATUS).required()
    data.check()
    async with db.transaction(by=caller) as tx:
        claimed = await claim(tx, command, outcome=treaty_status_id_of(data.state, data.instrument))
        if claimed.first:
            await treaty_actions.record(tx, data.state, data.instrument, party=data.party, as_of=data.as_of, now=now)
        view = await _read(tx, data.state)
    return Response(view, status_code=201, headers={"Location": f"/v1/treaty-statuses?state={data.state}"})


async def _read(tx: Tx, state: str) -> TreatyStatuses:
    return TreatyStatuses(
        statuses=[
            TreatyStatusView(
                state=state, instrument=one.instrument, party=one.party, as_of=one.as_of, recorded=one.recorded
            )
            for one in await treaty_store.statuses(tx, state)
        ]
    )


ROUTES = [show_treaty_statuses, record_treaty_status]
