"""The route for a fund's ledger as an IATI file."""

import asyncio
from datetime import datetime

from litestar import Response, get
from litestar.params import FromPath

from chassis.http.application import CurrentCaller, Db, Now, requires
from services.pledges import policy
from services.pledges.dependencies import Owned
from services.pledges.ledger.as_of import AsOf, final_as_of
from services.pledges.open_data.iati import store as iati_store
from services.pledges.open_data.iati.published import Ledger, activities
from services.pledges.open_data.iati.writing import write
from services.pledges.policy import Action

XML = "application/xml"


@get(
    "/v1/funds/{code:str}/iati.xml",
    opt=requires(Action.SHOW_IATI),
    media_type=XML,
    summary="A fund and what it pays for, as an IATI 2.03 activity file",
)
async def show_iati(
    code: FromPath[str], db: Db, own: Owned, caller: CurrentCaller, now: Now, as_of: AsOf = None
) -> Response[str]:
    """Restricted to callers who may read the whole ledger, and to a donor, who sees its own transactions only.

    The file is as recorded by `as_of`, including names, and has at most 20,000 transactions. It names no State that
    asked for assistance.
    """
    policy.decide(caller, Action.SHOW_IATI).required()
    moment = await final_as_of(db, caller, as_of, now=now) or now
    async with own.iati_files.place(caller.organization):
        async with db.transaction(by=caller, snapshot=True) as tx:
            ledger = await iati_store.ledger_of(tx, code, caller, as_of=moment, site=own.site)
        # Made in a thread, because it would block the event loop.
        file = await asyncio.to_thread(_made, ledger, own.reporter, moment)
    return Response(file, media_type=XML)


def _made(ledger: Ledger, reporter: str, moment: datetime) -> str:
    return write(activities(ledger, reporter=reporter), generated_at=moment).decode()


ROUTES = [show_iati]
