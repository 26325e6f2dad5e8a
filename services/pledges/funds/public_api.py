"""Public routes of funds, without a caller: requirements and totals, by work package and by year."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from msgspec import Struct

from chassis import clock
from chassis.db.database import Tx
from chassis.http.application import PUBLIC, PUBLISHED, Db, Now
from chassis.http.pages import Part
from chassis.sheets.open_files import OPEN_FILE, OpenFiles, Row
from contracts.conversion import from_attributes
from contracts.reference.open_data import DataFormat
from contracts.values import Language
from services.pledges.funds import store as funds
from services.pledges.funds.store import Labels
from services.pledges.funds.views import (
    FundTerm,
    FundView,
    FundYearView,
    WorkPackageView,
    WorkPackageYearView,
    with_totals,
    years_view,
)
from services.pledges.ledger import balances
from services.pledges.ledger.as_of import beginning_of_day
from services.pledges.pledge import store


class PublicFundYear(Struct, frozen=True, kw_only=True):
    """A fund's requirement in a year, and its money of that year, in US cents.

    The terms are those of a fund's years.
    """

    year: int
    requirement_usd_minor: int
    pledged_usd_minor: int
    committed_usd_minor: int
    paid_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    gap_usd_minor: int
    work_packages: list[WorkPackageYearView]


class PublicFund(Struct, frozen=True, kw_only=True):
    """A fund with its totals, in US cents. The totals overlap and must not be added up; they name no donor.

    All is as recorded by the last midnight UTC, `as_of`: figures before and after a signature would disclose one
    donor's instalments. Of a fund opened since, the totals are the current state, `as_of` is null, `years` is empty.
    `gap_terms` add up to `gap_usd_minor`, as in a fund's answer.
    """

    code: str
    labels: Labels
    requirement_usd_minor: int
    pledged_usd_minor: int
    committed_usd_minor: int
    paid_usd_minor: int
    allocated_usd_minor: int
    spent_usd_minor: int
    available_usd_minor: int
    gap_usd_minor: int
    gap_terms: tuple[FundTerm, ...]
    work_packages: list[WorkPackageView]
    years: list[PublicFundYear]
    as_of: datetime | None


class PublicFunds(Struct, frozen=True, kw_only=True):
    """All funds, by code."""

    funds: list[PublicFund]
    cursor: str | None = None


@get("/v1/public/funds", opt=PUBLIC, summary="What each fund needs and has, for the public")
async def list_public_funds(db: Db, now: Now, part: Part) -> Response[PublicFunds]:
    """Shows each fund by work package and by year; donors are not named."""
    # No caller is needed, because the result names no donor.
    async with db.transaction(by=None, snapshot=True) as tx:
        views = await public_funds(tx, now=now)
    return Response(part.of(PublicFunds(funds=views)), headers=PUBLISHED)


async def public_funds(tx: Tx, *, now: datetime) -> list[PublicFund]:
    """Return all funds as shown to the public."""
    as_of = beginning_of_day(now)
    counted = await funds.funds(tx, limit=store.LIST_MAX, as_of=as_of)
    known = {fund.fund for fund in counted}
    opened = [fund for fund in await funds.funds(tx, limit=store.LIST_MAX) if fund.fund not in known]
    shown = [
        *zip(counted, await with_totals(tx, counted, as_of=as_of), strict=True),
        *zip(opened, await with_totals(tx, opened, as_of=None), strict=True),
    ]
    return [await _public(tx, fund, view) for fund, view in sorted(shown, key=lambda one: one[0].fund)]


async def _public(tx: Tx, fund: funds.Fund, view: FundView) -> PublicFund:
    years: Sequence[FundYearView] = ()
    if view.as_of is not None:
        agreed = await store.committed_by_year(tx, fund.fund, as_of=view.as_of)
        moved = await balances.progress_by_year(tx, fund.fund, as_of=view.as_of)
        years = years_view(fund, agreed, moved, as_of=view.as_of).years
    return from_attributes(PublicFund, view, years=[from_attributes(PublicFundYear, one) for one in years])


# -- open data ---------------------------------------------------------------------------------------------------------

AMOUNTS = ("requirement", "pledged", "committed", "paid", "allocated", "spent", "available", "gap")


async def _rows(tx: Tx) -> Sequence[Row]:
    return [_row(one) for one in await public_funds(tx, now=clock.now())]


def _row(fund: PublicFund) -> Row:
    return {
        "code": fund.code,
        **{f"name_{language}": getattr(fund.labels, language) for language in Language},
        **{f"{name}_usd_minor": getattr(fund, f"{name}_usd_minor") for name in AMOUNTS},
    }


FILES = OpenFiles("funds", _rows)


@get(
    "/v1/public/funds.csv",
    opt=OPEN_FILE,
    media_type=DataFormat.CSV.media_type,
    summary="What each fund needs and has, as CSV",
)
async def public_funds_as_csv(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: the totals of each fund, in US cents. They overlap and must not be added up; none names a donor."""
    return await FILES.answer(db, request, DataFormat.CSV)


@get(
    "/v1/public/funds.jsonl",
    opt=OPEN_FILE,
    media_type=DataFormat.JSONL.media_type,
    summary="What each fund needs and has, as JSON Lines",
)
async def public_funds_as_json_lines(db: Db, request: Request[Any, Any, Any]) -> Response[bytes]:
    """Open data: the same totals as the CSV file, one record in each line."""
    return await FILES.answer(db, request, DataFormat.JSONL)


ROUTES = [list_public_funds, public_funds_as_csv, public_funds_as_json_lines]
