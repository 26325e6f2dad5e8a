"""The results of a delivery: the page of each, and the form of a report."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from services.console.deliveries.moves import REPORT, RESULT
from services.console.fields import Field, Option
from services.console.moves.forms import NOTHING, Form, Sent, filled, send, show
from services.console.moves.model import COMMENT
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.rendering import code_label
from services.console.translations import N_

INDICATOR = Field(name="indicator", label=N_("Indicator"), kind="choice", options="delivery_indicators")
FIGURES = (
    Field(
        name="baseline",
        label=N_("Before the delivery"),
        kind="number",
        required=False,
        hint=N_("For a score in a test, the one before the training."),
    ),
    Field(name="target", label=N_("Target"), kind="number", required=False),
    Field(name="actual", label=N_("Measured"), kind="number"),
    Field(name="measured_on", label=N_("Day on which it was measured"), kind="date"),
    Field(name="file_id", label=N_("File that shows it"), kind="choice", options="delivery_files", required=False),
    COMMENT,
)
FIELDS = (INDICATOR, *FIGURES)
USABLE = frozenset({"pending", "clean", "unscanned"})
NEW = "/{language:str}/deliveries/{delivery_id:str}/results/new"
ONE = "/{language:str}/results/{result_id:str}"


@get(NEW)
async def new_result(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    return await _new(page, delivery_id, NOTHING)


@post(NEW, status_code=303)
async def report_result(page: CurrentPage, delivery_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/deliveries/{delivery_id}/results", FIELDS)
    if sent.record is None:
        return await _new(page, delivery_id, sent)
    return page.redirect(f"/results/{sent.record['result_id']}", done="saved")


@get(ONE)
async def show_result(page: CurrentPage, result_id: FromPath[str]) -> Response[bytes]:
    """Show a result: what was measured, and the State's answer."""
    role = page.signed_in.role
    result = await page.api.get(f"/v1/results/{result_id}")
    return page.render("deliveries/result.html", record=result, moves=RESULT.open_to(result, role))


@get(f"{ONE}{REPORT}")
async def show_report(page: CurrentPage, result_id: FromPath[str]) -> Response[bytes]:
    """Show the form, filled with what was reported last."""
    return await _again(page, result_id, NOTHING)


@post(f"{ONE}{REPORT}", status_code=303)
async def report_again(page: CurrentPage, result_id: FromPath[str]) -> Response[bytes]:
    sent = await send(page, "POST", f"/v1/results/{result_id}/report", FIGURES)
    if sent.record is None:
        return await _again(page, result_id, sent)
    return page.redirect(f"/results/{result_id}", done="saved")


async def _new(page: Page, delivery_id: str, sent: Sent) -> Response[bytes]:
    delivery, results = await asyncio.gather(
        page.api.get(f"/v1/deliveries/{delivery_id}"), page.api.get(f"/v1/deliveries/{delivery_id}/results")
    )
    reported = {one["indicator"] for one in results["results"]}
    left = [one for one in results["indicators"] if one not in reported]
    given = {"delivery_indicators": [Option(one, code_label(page.language, one, "indicators")) for one in left]}
    return await _form(page, delivery, FIELDS, sent, given)


async def _again(page: Page, result_id: str, sent: Sent) -> Response[bytes]:
    result = await page.api.get(f"/v1/results/{result_id}")
    delivery = await page.api.get(f"/v1/deliveries/{result['delivery_id']}")
    return await _form(page, delivery, filled(FIGURES, result), sent, {}, result)


async def _form(
    page: Page,
    delivery: Mapping[str, Any],
    fields: tuple[Field, ...],
    sent: Sent,
    given: Mapping[str, Sequence[Option]],
    result: Mapping[str, Any] | None = None,
) -> Response[bytes]:
    files = (await page.api.get(f"/v1/deliveries/{delivery['delivery_id']}/files"))["files"]
    evidence = [Option(one["file_id"], one["name"]) for one in files if one["status"] in USABLE and not one["private"]]
    form = Form(
        heading=N_("Report a result"),
        back=f"/results/{result['result_id']}" if result else f"/deliveries/{delivery['delivery_id']}",
        groups=(("", fields),),
        record=result or delivery,
        head="deliveries/result_head.html" if result else "deliveries/head.html",
        explains=N_("The State then confirms or disputes it. A new report takes its answer back."),
        button=N_("Report a result"),
        revision=result["revision"] if result else None,
        given={**given, "delivery_files": evidence},
        is_open="report_result" in (result or delivery)["moves"],
    )
    return show(page, form, sent)


ROUTES = (new_result, report_result, show_result, show_report, report_again, *routes_of(RESULT))
