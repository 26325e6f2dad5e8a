"""The route of gaps of the register."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter
from msgspec import Struct

from chassis.http.application import CurrentCaller, Db, requires
from chassis.http.edge import reader_language
from chassis.http.pages import Part
from chassis.http.queries import query_parameter
from contracts import reference
from contracts.codes import unknown_code
from contracts.values import State
from services.sherloc import policy
from services.sherloc.legislation import store
from services.sherloc.legislation.gaps import LACKING_MIN, LegislationGap, gaps_of
from services.sherloc.policy import Action


class LegislationGaps(Struct, frozen=True, kw_only=True):
    """Instruments of which at least `at_least` articles lack a current law on SHERLOC, by State."""

    at_least: int
    gaps: list[LegislationGap]
    cursor: str | None = None


@get("/v1/legislation/gaps", opt=requires(Action.SHOW_GAPS), summary="Instruments of which much is missing")
async def show_gaps(
    db: Db,
    caller: CurrentCaller,
    request: Request[Any, Any, Any],
    part: Part,
    of_state: Annotated[str | None, query_parameter(State, name="state")] = None,
    at_least: Annotated[int, QueryParameter(ge=1, le=100)] = LACKING_MIN,
) -> LegislationGaps:
    """Shows a State its own gaps, or UNODC all. A focal point can file the draft as a request of the State."""
    policy.decide(caller, Action.SHOW_GAPS).required()
    if of_state is not None and of_state not in reference.countries():
        raise unknown_code("state", of_state, reference.countries(), code_list="countries")
    async with db.transaction(by=caller) as tx:
        records = await store.lacking_of(tx, caller, state=of_state)
    gaps = gaps_of(records, at_least=at_least, language=reader_language(request.scope))
    return part.of(LegislationGaps(at_least=at_least, gaps=gaps), at=lambda one: f"{one.state}.{one.instrument}")


ROUTES = [show_gaps]
