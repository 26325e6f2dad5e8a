"""Routes that file many requests at once, from a spreadsheet."""

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.sheets.imports import SheetImport, routes
from chassis.sheets.layout import Layout
from contracts.nouns import Read
from contracts.values import Role
from services.requests import policy
from services.requests.commands import FileOnBehalf, FileRequest, check_codes
from services.requests.policy import Action, Filing
from services.requests.request import actions, import_store, model
from services.requests.request.completeness import check_complete, in_order

_LISTS = {"excluded_providers": "countries"}
OWN = Layout(
    FileRequest,
    key="request",
    items="lines",
    without={"submit", "state", "from_request", "from_observations", "line_id"},
    lists=_LISTS,
)
ON_BEHALF = Layout(FileOnBehalf, key="request", items="lines", without={"line_id"}, lists=_LISTS)


async def import_requests(
    tx: Tx, ctx: Context, request_id: UUID, body: FileRequest | FileOnBehalf, submit: bool
) -> None:
    """The body is XLSX or CSV with the columns of the template.

    A row is a line, and rows with the same `request` are one request. With `dry_run` nothing is stored, and each
    rejected row is listed with its reasons. Otherwise `rows` are filed as drafts, such as `2-5,9`, or `all`, which is
    refused (422) if one is rejected. `submit` submits them, if the caller may. A coordinator files on behalf of the
    State of each row.
    """
    content, texts, salt = body.content()
    if isinstance(body, FileOnBehalf):
        received = body.channel, body.received_on, body.received_reference
        await actions.file_on_behalf(tx, ctx, request_id, body.state, content, texts, salt, *received)
    else:
        await actions.file(tx, ctx, request_id, content, texts, salt, submit=submit)


def _checks(body: FileRequest | FileOnBehalf, ctx: Context, submit: bool) -> Sequence[Callable[[], object]]:
    of_lines = [partial(check_codes, line, f"lines[{number}].") for number, line in enumerate(body.lines)]

    def filed() -> None:
        content, texts, _ = body.content()
        if isinstance(body, FileOnBehalf):
            body.check()
            model.file_on_behalf(UUID(int=0), body.state, content, body.channel, body.received_on, now=ctx.now)
        if submit:
            lines = in_order(content.lines, content.incomplete)
            check_complete(lines, content.circulation_rule, texts.title)

    return [*of_lines, filed]


ROUTES = routes(
    SheetImport(
        path="/v1/requests",
        action=Action.IMPORT,
        summary="File requests from a spreadsheet",
        template=Read(
            "request_template",
            "The template of an import of requests",
            "The titles are in one of the six languages; a second sheet has the allowed codes with their labels.\n\n"
            "A coordinator's template has the columns of a request on behalf of a State.",
        ),
        decide=lambda caller, submit: policy.decide(
            caller, Action.FILE if submit else Action.IMPORT, Filing(submit=submit)
        ),
        layout=lambda caller: ON_BEHALF if caller.role is Role.COORDINATOR else OWN,
        checks=_checks,
        file=import_requests,
        existing=import_store.existing,
    )
)
