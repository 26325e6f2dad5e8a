"""Routes that draft many contributions from one spreadsheet."""

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from chassis.context import Context
from chassis.db.database import Tx
from chassis.sheets.imports import SheetImport, routes
from chassis.sheets.layout import Layout
from contracts.nouns import Read
from services.sherloc import policy
from services.sherloc.commands import DraftContribution
from services.sherloc.contributions import actions, model, store
from services.sherloc.contributions.evolve import evolve
from services.sherloc.policy import Action

LAYOUT = Layout(
    DraftContribution,
    key="contribution",
    items="",
    without={"comment"},
    titles={"kind": "contribution.kind", "outcome": "contribution.outcome", "text": "contribution.text"},
)


async def import_contributions(
    tx: Tx, ctx: Context, contribution_id: UUID, body: DraftContribution, submit: bool
) -> None:
    """Drafts contributions from XLSX or CSV with the columns of the template, one for each row.

    With `dry_run` nothing is stored, and each rejected row is listed with its reasons. Otherwise the chosen `rows`,
    such as `2-5,9`, become drafts of the caller's State; `all` is refused (422) if a row is rejected. `submit` also
    submits the drafts.
    """
    await actions.draft_contribution(tx, ctx, contribution_id, body.kind, *body.content(), comment="")
    if submit:
        await actions.submit_contribution(tx, replace(ctx, expected=1), contribution_id, comment="")


def _checks(body: DraftContribution, ctx: Context, submit: bool) -> Sequence[Callable[[], object]]:
    def drafted() -> None:
        content, texts = body.content()
        fact = model.draft(UUID(int=0), ctx.caller.organization, body.kind, content, texts, "", now=ctx.now)
        if submit:
            evolve(None, fact).submit(texts, now=ctx.now)

    return [body.check, drafted]


ROUTES = routes(
    SheetImport(
        path="/v1/contributions",
        action=Action.IMPORT_CONTRIBUTIONS,
        summary="Draft contributions from a spreadsheet",
        template=Read(
            "contribution_template",
            "The template of an import of contributions",
            "Returns titles in one of the six languages and, in a second sheet, the allowed codes with their labels.",
        ),
        decide=lambda caller, submit: policy.decide(caller, Action.IMPORT_CONTRIBUTIONS),
        layout=lambda caller: LAYOUT,
        checks=_checks,
        file=import_contributions,
        existing=store.existing,
    )
)
