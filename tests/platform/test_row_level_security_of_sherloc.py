"""Row-level security on the tables of SHERLOC's desk: with and without a WHERE, a caller finds the same rows."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID

import httpx

from chassis.db.database import Database
from services.sherloc.wiring import ask_states
from tests.builders import a_caller
from tests.platform.row_level_steps import agree, ids_of
from tests.sherloc.practices.steps import catalogued, completed, move
from tests.sherloc.practices.steps import recorded as practice_recorded
from tests.sherloc.proposals.steps import facts, hear
from tests.sherloc.steps import published, recorded

Client = httpx.AsyncClient
KENYA, UGANDA, NORWAY = a_caller("KEN:focal_point"), a_caller("UGA:focal_point"), a_caller("NOR:provider_officer")


async def test_row_level_security_and_policy_agree_on_the_register_of_legislation(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, db = await client_of("sherloc"), databases["sherloc"]
    for by, state in (("KEN:focal_point", "KEN"), ("UGA:focal_point", "UGA")):
        await published(api, by, state=state)
        await recorded(api, by, state=state, article="UNTOC:5")
        await hear(db, *facts(state=state))
    await hear(db, *facts(state="KEN")[1:])
    await ask_states(db, ahead=timedelta(days=366))
    callers = [
        a_caller(one)
        for one in ("KEN:focal_point", "UGA:official", "TZA:focal_point", "KEN:provider_officer", "NOR:donor_officer",
                    "UNODC:coordinator", "UNODC:auditor", "UNODC:finance_officer")
    ]  # fmt: skip

    await agree(db, "legislation", callers, "may_see_legislation(state, portal_status, $1, $2)")
    for table in ("legislation_check", "legislation_proposal"):
        await agree(db, table, callers, "is_party_to(state, $1, $2)")
    for caller in callers:
        own = caller.organization in {"KEN", "UGA"} and caller.role in {"focal_point", "official"}
        oversees = caller.role in {"coordinator", "auditor"}
        lines = await ids_of(db, "requested_line", caller, "line_id")
        waiting = await ids_of(db, "waiting_delivery", caller, "line_id")
        assert (2 if oversees else int(own)) == len(lines)
        assert (oversees or (caller.organization == "KEN" and own)) == bool(waiting)


async def test_practices_and_their_uses_are_visible_as_the_policy_decides(
    client_of: Callable[..., Awaitable[Client]], databases: Mapping[str, Database]
) -> None:
    api, db = await client_of("sherloc"), databases["sherloc"]
    delivery_id = await completed(db, state="UGA", provider="FRA")
    shown = UUID(await catalogued(api, "KEN:focal_point"))
    await move(api, str(shown), "add-use", "UGA:focal_point", delivery_id=str(delivery_id))
    await practice_recorded(api, "NOR:provider_officer")
    submitted = await practice_recorded(api, "NOR:provider_officer")
    await move(api, submitted, "submit", "NOR:provider_officer", comment="Fictitious.")
    callers = [KENYA, UGANDA, NORWAY, *map(a_caller, ("FRA:provider_officer", "UNODC:coordinator", "UNODC:auditor"))]

    await agree(db, "practice", callers, "may_see_practice(state, provider, status, submitted_at, $1, $2)")
    for who in callers:
        seen = await ids_of(db, "practice", who, "practice_id")
        for table in ("practice_text", "practice_stems"):
            assert seen == await ids_of(db, table, who, "practice_id"), table
        sides = who.organization in {"UGA", "FRA", "UNODC"}
        assert ({delivery_id} if sides else set()) == await ids_of(db, "completed_delivery", who, "delivery_id"), who
        assert ({shown} if sides else set()) == await ids_of(db, "practice_use", who, "practice_id"), who
        is_party = who == NORWAY or who.organization == "UNODC"
        assert ({UUID(submitted)} if is_party else set()) == await ids_of(db, "practice_remark", who, "practice_id"), (
            who
        )
