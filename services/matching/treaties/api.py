"""Routes of treaty status: show a State's, and record a newer one as a coordinator."""

from datetime import date
from typing import Annotated

from litestar import get
from litestar.params import JSONBody
from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.commands import create
from chassis.http.pages import Part
from chassis.http.queries import query_parameter
from contracts.values import State
from services.matching import policy
from services.matching.commands import check_state
from services.matching.dependencies import Owned
from services.matching.policy import Action
from services.matching.treaties import actions as treaty_actions
from services.matching.treaties import store as treaty_store
from services.matching.treaties.commands import RecordTreatyStatus
from services.matching.treaties.model import treaty_status_id_of


class TreatyStatusView(Struct, frozen=True, kw_only=True):
    """The status of a State for an instrument on the day `as_of`.

    `recorded` is true if a coordinator recorded the status, false if it is from a list of parties, each as of a day.
    `party` is null if unknown: a State not on the list may have joined since.
    """

    state: str
    instrument: str
    party: bool | None
    as_of: date
    recorded: bool


class TreatyStatuses(Struct, frozen=True, kw_only=True):
    """The statuses of a State, one for each instrument."""

    statuses: list[TreatyStatusView]
    cursor: str | None = None


@get("/v1/treaty-statuses", opt=requires(Action.SHOW_TREATY_STATUS), summary="The treaty status of a State")
async def show_treaty_statuses(
    db: Db, caller: CurrentCaller, part: Part, of_state: Annotated[str, query_parameter(State, name="state")]
) -> TreatyStatuses:
    policy.decide(caller, Action.SHOW_TREATY_STATUS).required()
    check_state(of_state)
    async with db.transaction(by=caller) as tx:
        return part.of(await _read(tx, of_state), at=lambda one: one.instrument)


async def _of_state(tx: Tx, _ctx: Context, key: tuple[str, str]) -> TreatyStatuses:
    return await _read(tx, key[0])


@create(
    "/v1/treaty-statuses",
    Action.RECORD_TREATY_STATUS,
    "Record whether a State is party to an instrument, as of a day",
    read=_of_state,
    key=lambda data: (data.state, data.instrument),
    outcome=lambda key: treaty_status_id_of(*key),
    location=lambda view: f"/v1/treaty-statuses?state={view.statuses[0].state}",
)
async def record_treaty_status(
    tx: Tx, ctx: Context, key: tuple[str, str], data: JSONBody[RecordTreatyStatus], own: Owned
) -> None:
    """`as_of` must not be before the day of the known status.

    Matches that the status forbids end; offerings that it allows are suggested.
    """
    policy.decide(ctx.caller, Action.RECORD_TREATY_STATUS).required()
    data.check()
    await treaty_actions.record(tx, own.memory, *key, party=data.party, as_of=data.as_of, now=ctx.now)


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
