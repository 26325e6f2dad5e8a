"""Routes that file many offerings at once, from a spreadsheet."""

from collections.abc import Callable, Sequence
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.sheets.imports import SheetImport, routes
from chassis.sheets.layout import Layout
from contracts.nouns import Read
from services.matching import policy
from services.matching.commands import OfferingBody
from services.matching.offerings import actions, model, store
from services.matching.policy import Action

LAYOUT = Layout(OfferingBody, key="offering", items="capacity")


async def import_offerings(tx: Tx, ctx: Context, offering_id: UUID, body: OfferingBody, submit: bool) -> None:
    """The body is XLSX or CSV with the columns of the template.

    Rows with the same `offering` are one offering, each with a period of its capacity. With `dry_run` nothing is
    stored, and each rejected row is listed with its reasons. Otherwise the rows named by `rows` become drafts, or are
    submitted with `submit`. `rows` is a list such as `2-5,9`, or `all`, which is refused (422) if one row is rejected.
    """
    await actions.create(tx, ctx, offering_id, *body.content(), submit=submit)


def _checks(body: OfferingBody, ctx: Context, submit: bool) -> Sequence[Callable[[], object]]:
    begin = model.offer if submit else model.draft
    return [lambda: begin(UUID(int=0), ctx.caller.organization, body.content()[0], now=ctx.now)]


ROUTES = routes(
    SheetImport(
        path="/v1/offerings",
        action=Action.OFFER,
        summary="Offer assistance from a spreadsheet",
        template=Read(
            "offering_template",
            "The template of an import of offerings",
            "The template has titles in one of the six languages and, in a second sheet, the allowed codes with "
            "labels.",
        ),
        decide=lambda caller, submit: policy.decide(caller, Action.OFFER),
        layout=lambda caller: LAYOUT,
        checks=_checks,
        file=import_offerings,
        existing=store.existing,
    )
)
