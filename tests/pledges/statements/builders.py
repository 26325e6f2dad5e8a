"""Builders of a donor's statement: fictitious pledges with their entries."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts.pledges import Valuation
from contracts.values import Language
from services.pledges.funds.shares import Draw, FundMoney
from services.pledges.in_kind.model import InKindContribution, InKindStatus
from services.pledges.statements.model import Booked, Instalment, Promise, Recorded, Statement, statement_of

RECORDED_AT = datetime(2026, 6, 1, tzinfo=UTC)
AS_OF = datetime(2026, 7, 1, 12, 30, 15, 123456, tzinfo=UTC)
UNTIL = date(2026, 6, 30)
LABELS = {language.value: f"Fictitious sample {language}" for language in Language}


def entry(
    number: int, kind: str, on: date, *postings: tuple[str, int, int], pledge: int = 1, **changes: Any
) -> Recorded:
    given = {
        "entry_id": UUID(int=number),
        "type": kind,
        "pledge_id": UUID(int=pledge),
        "effective_on": on,
        "recorded_at": RECORDED_AT,
        "rate": "1.15",
        "rate_source": "fictitious",
        "rate_date": on.replace(day=1),
        "postings": tuple(Booked(*posting) for posting in postings),
    }
    return Recorded(**(given | changes))


def a_promise(number: int = 1, **changes: Any) -> Promise:
    given = {
        "pledge_id": UUID(int=number),
        "fund": "SHERLOC-MNT",
        "currency": "EUR",
        "earmarking": "softly_earmarked",
        "note": "Fictitious sample: for the upkeep of the portal.",
        "support_cost_basis_points": 1300,
        "agreement_reference": "SAMPLE/2026-01",
        "instalments": (Instalment(date(2026, 9, 5), 600_000), Instalment(date(2026, 3, 5), 400_000)),
    }
    return Promise(**(given | changes))


PLEDGED = entry(
    10, "pledged", date(2026, 2, 12), ("pledged", 1_000_000, 1_150_000), ("pledged_contra", -1_000_000, -1_150_000)
)
COMMITTED = entry(
    11,
    "committed",
    date(2026, 3, 5),
    ("receivable", 1_000_000, 1_160_000),
    ("committed", -1_000_000, -1_160_000),
    rate="1.16",
)
RECEIVED = entry(
    12, "received", date(2026, 4, 5),
    ("receivable", -500_000, -580_000), ("discharged", 500_000, 570_150), ("exchange_difference", 0, 9_850),
    ("cash", 500_000, 570_150), ("exchange_position", -500_000, -570_150), ("exchange_position", 570_150, 570_150),
    ("available", -504_558, -504_558), ("programme_support", -65_592, -65_592),
    rate="1.1403",
)  # fmt: skip
REFUNDED = entry(
    13, "refunded", date(2026, 5, 1),
    ("available", 904, 904), ("programme_support", 117, 117), ("refunded", -900, -1_021),
    ("exchange_position", -1_021, -1_021), ("exchange_position", 900, 1_021),
)  # fmt: skip


def taken_back(number: int, other: Recorded, on: date) -> Recorded:
    """Return the reversal of the other entry."""
    opposite = [(posting.account, -posting.minor, -posting.usd_minor) for posting in other.postings]
    changes = {"rate": other.rate, "rate_date": other.rate_date, "reverses": other.entry_id}
    return entry(number, "reversed", on, *opposite, pledge=other.pledge_id.int, **changes)


PAID_AND_BACK = (
    PLEDGED,
    COMMITTED,
    RECEIVED,
    REFUNDED,
    taken_back(14, REFUNDED, date(2026, 5, 6)),
    taken_back(15, RECEIVED, date(2026, 5, 7)),
)
"""A receipt and a refund, both reversed."""

IN_YEN = (
    entry(20, "pledged", date(2026, 2, 12), ("pledged", 5_000_000, 3_331_500), pledge=2, rate="0.006663"),
    entry(21, "withdrawn", date(2026, 5, 12), ("pledged", -5_000_000, -3_331_500), pledge=2, rate="0.006663"),
)
POT = FundMoney(
    fund="SHERLOC-MNT",
    labels=LABELS,
    contributed_usd_minor={"DEU": 1_000_001, "NOR": 504_558},
    drawn=(Draw("maintenance", 300_000, 100_000), Draw("requests", 5_000, 1), Draw("training", 12_345, 0)),
)


def in_kind(number: int = 1, **changes: Any) -> InKindContribution:
    given = {
        "in_kind_contribution_id": UUID(int=number),
        "donor": "NOR",
        "fund": "SHERLOC-MNT",
        "form": "equipment",
        "status": InKindStatus.ACKNOWLEDGED,
        "revision": 2,
        "minor": 40_000,
        "currency": "EUR",
        "valuation": Valuation(usd_minor=46_000, rate="1.15", rate_source="fictitious", rate_date=date(2026, 3, 1)),
        "provided_on": date(2026, 3, 9),
        "texts_hash": "hash",
        "declared_at": RECORDED_AT,
        "acknowledged_at": RECORDED_AT,
    }
    return InKindContribution(**(given | changes))


SCANNERS = (in_kind(), "Fictitious sample: two document scanners.")


def a_statement(
    promises: Sequence[Promise] = (a_promise(), a_promise(2, fund="TA-REQUESTS", currency="JPY", note="")),
    entries: Sequence[Recorded] = (PLEDGED, COMMITTED, RECEIVED, *IN_YEN),
    fund_balances: Sequence[FundMoney] = (POT,),
    in_kind: Sequence[tuple[InKindContribution, str]] = (SCANNERS,),
    **changes: Any,
) -> Statement:
    days = {"starts": None, "ends": UNTIL, "as_of": AS_OF, "funds_as_of": AS_OF} | changes
    return statement_of("NOR", promises, entries, fund_balances, in_kind, **days)
