"""What a caller sends: each body with its limits, and what its codes have to be."""

from datetime import date
from typing import Annotated
from unicodedata import category
from uuid import UUID

from msgspec import Meta, Struct

from contracts.activities import Participants
from contracts.codes import ActivityKind, InKindForm, PillarCode, TopicCode, unknown_code
from contracts.conversion import from_attributes
from contracts.funds import REQUIREMENTS_MAX, GenderMarker, YearlyRequirement
from contracts.pledges import (
    RATES_MAX,
    SCHEDULE_MAX,
    Agreement,
    FundCode,
    Instalment,
    Rate,
)
from contracts.reference import activity_kinds, currencies, in_kind_forms, pillars, reasons, topics
from contracts.refusals import Invalid, Mismatch
from contracts.requests import CODES_MAX
from contracts.values import MINOR_UNITS_MAX, Code, Currency, Language, Money, Organization
from services.pledges.activities.model import Plan
from services.pledges.allocations.model import Purpose, Spending
from services.pledges.funds.store import Labels
from services.pledges.money.model import USD
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.pledge.model import SUPPORT_COST_BASIS_POINTS

Label = Annotated[str, Meta(min_length=1, max_length=200)]


class NewLabels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the fund is called in each of the six languages."""

    ar: Label
    en: Label
    es: Label
    fr: Label
    ru: Label
    zh: Label

    def labels(self) -> Labels:
        return Labels(ar=self.ar, en=self.en, es=self.es, fr=self.fr, ru=self.ru, zh=self.zh)


class NewRequirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the fund needs in a year, in US dollars; of a fund for SHERLOC for one work package, where that is known."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    money: Money
    work_package: Code | None = None

    def yearly(self) -> YearlyRequirement:
        """Raises Mismatch for another currency than the funds'."""
        return YearlyRequirement(year=self.year, usd_minor=dollars(self.money), work_package=self.work_package)


class ReviseRequirement(NewRequirement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the fund needs in a year from now on, in US dollars, and why (`/v1/reference/reasons/revise_requirement`).

    Of a fund for SHERLOC for one work package, or for none; an amount of nothing takes the need away.
    """

    reason: Code


class OpenFund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fund that can be pledged to, with what it needs in each year, where that is known.

    `gender_marker` says how far it is for the equality of women and men: 0 not, 1 significantly, 2 principally. Where
    nobody has judged that yet it is null, which is not 0.
    """

    code: FundCode
    labels: NewLabels
    requirements: Annotated[tuple[NewRequirement, ...], Meta(max_length=REQUIREMENTS_MAX)] = ()
    gender_marker: GenderMarker | None = None

    def yearly(self) -> tuple[YearlyRequirement, ...]:
        """Raises Mismatch for another currency than the funds'."""
        return tuple(requirement.yearly() for requirement in self.requirements)


class StateGenderMarker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a fund is for the equality of women and men, or a work package of it: 0 not, 1 significantly,
    2 principally; null takes back what was stated.
    """

    gender_marker: GenderMarker | None
    work_package: Code | None = None


class MakePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pledge of the caller's organization: not binding yet. `pledged_on` is its value date.

    One for what a match lacks names it in `requirement_id` (`GET /v1/requirements/unfunded`) and is tightly earmarked;
    any other is softly earmarked unless it says how.
    """

    fund: FundCode
    money: Money
    pledged_on: date
    note: Annotated[str, Meta(max_length=2000)] = ""
    earmarking: Earmarking | None = None
    requirement_id: UUID | None = None


class RewordPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the pledge's note is to say from now on; nothing, where it is left out."""

    note: Annotated[str, Meta(max_length=2000)] = ""


class PledgeFlow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """To which fund and by whose code a flow of an import is pledged; all else the flow says."""

    fund: FundCode
    donor: Organization
    earmarking: Earmarking | None = None


class DeclareInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the caller's organization has given that is no money, and what it holds that to be worth.

    `form` is a code of `/v1/reference/in_kind_forms`; the rate is that of `provided_on`.
    """

    fund: FundCode
    form: InKindForm
    money: Money
    provided_on: date
    description: Annotated[str, Meta(max_length=2000)] = ""

    def checked_form(self) -> str:
        """Raises Invalid for a form nobody knows."""
        if self.form not in in_kind_forms():
            raise unknown_code("form", self.form, in_kind_forms(), code_list="in_kind_forms")
        return self.form


class RewordInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What its description is to say from now on; nothing, where it is left out."""

    description: Annotated[str, Meta(max_length=2000)] = ""


class AcknowledgeInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing but the revision has to be said."""


class WithdrawInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing but the revision has to be said."""


class StrikeInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a contribution in kind does not count any more (`/v1/reference/reasons/strike_in_kind`)."""

    reason: Code


UNSEEN = frozenset({"Cc", "Zl", "Zp"})
TURNING = frozenset("\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""What makes that which follows be read in another direction than its letters are, or is not there for a reader."""


class PlanActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a fund is to pay for that no State asked for, from one day to another, both included.

    `activity_kind` is a code of `/v1/reference/activity_kinds`; `title` is in `language`. `topics`, `pillars` and the
    marker are those that a request's line has.
    """

    fund: FundCode
    activity_kind: ActivityKind
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    language: Language
    starts_on: date
    ends_on: date
    topics: Annotated[tuple[TopicCode, ...], Meta(max_length=CODES_MAX)] = ()
    pillars: Annotated[tuple[PillarCode, ...], Meta(max_length=CODES_MAX)] = ()
    gender_marker: Annotated[int, Meta(ge=0, le=2)] = 0

    def plan(self) -> Plan:
        """Raises Invalid for a code nobody knows."""
        if self.activity_kind not in activity_kinds():
            raise unknown_code("activity_kind", self.activity_kind, activity_kinds(), code_list="activity_kinds")
        for field, codes, known in (("topics", self.topics, topics()), ("pillars", self.pillars, pillars())):
            for code in codes:
                if code not in known:
                    raise unknown_code(field, code, known, code_list=field)
        if not self.title.strip() or any(category(sign) in UNSEEN or sign in TURNING for sign in self.title):
            raise Invalid("invalid-field", field="title", expected="words, without signs that control or turn them")
        return from_attributes(Plan, self)


class CompleteActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many it reached, where that was counted, and its last day; today, where none is given."""

    participants: Participants | None = None
    completed_on: date | None = None


class CancelActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it does not take place (`/v1/reference/reasons/cancel_activity`)."""

    reason: Code


class NewInstalment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the agreement in minor units of its currency, its day, and the code of a condition it waits for."""

    due_on: date
    minor: Annotated[int, Meta(ge=1, le=MINOR_UNITS_MAX)]
    condition: Code | None = None


class CommitPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agreement: its day and reference, its instalments, and its programme support cost.

    `support_cost_basis_points` are hundredths of a percent of the direct cost. Without instalments all of it is due
    thirty days after the signature.
    """

    committed_on: date
    agreement: Agreement | None = None
    instalments: Annotated[tuple[NewInstalment, ...], Meta(max_length=SCHEDULE_MAX)] = ()
    support_cost_basis_points: Annotated[int, Meta(ge=0, le=10_000)] = SUPPORT_COST_BASIS_POINTS

    def schedule(self) -> tuple[Instalment, ...]:
        return tuple(
            Instalment(due_on=part.due_on, minor=part.minor, condition=part.condition) for part in self.instalments
        )


class MeetCondition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which instalment, by its number from 1, and the day its condition was met; today, where none is given."""

    instalment: Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
    met_on: date | None = None


class ReceiveInstalment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cash that came in for the pledge, and the value date.

    `settles` says what it settles of the agreement, where it came in another currency than the agreement's. The bank
    kept `charges_minor` of it, in the currency it came in.
    """

    money: Money
    received_on: date
    settles: Money | None = None
    charges_minor: Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX)] = 0


class WithdrawPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of the withdrawal; today, where none is given."""

    withdrawn_on: date | None = None


class LapsePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day from which nobody waits for an agreement any more; today, where none is given."""

    lapsed_on: date | None = None


class ReducePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By how much, in the pledge's currency, why (`/v1/reference/reasons`), and the day; today, where none is given."""

    money: Money
    reason: Code
    reduced_on: date | None = None


class CarryOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars that the donor agreed to see used from another fund."""

    to_fund: FundCode
    money: Money
    carried_over_on: date | None = None


class ClosePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing but the revision has to be said."""


class ProposeWriteOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why what is owed is given up (`/v1/reference/reasons`), and the day; today, where none is given."""

    reason: Code
    written_off_on: date | None = None


class ProposeRefund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the donor is to get back, in the pledge's currency, why, and the day; today, where none is given."""

    money: Money
    reason: Code
    refunded_on: date | None = None


class ProposeEarmarkRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why the pledge may be used for others than its need (`/v1/reference/reasons/release_earmark`)."""

    reason: Code


class ProposeReversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The entry that was recorded wrongly, why (`/v1/reference/reasons`), and the day; today, where none is given."""

    entry_id: UUID
    reason: Code
    reversed_on: date | None = None


class ProposeReopening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a closed year is to be opened again (`/v1/reference/reasons`)."""

    reason: Code


class Decide(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing but the revision has to be said."""


class CloseYear(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The checklist says what is missing; nothing has to be said here."""


class Spend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars used of an allocation, how (`expenditure` or `disbursement`), and the day."""

    money: Money
    how: Spending = Spending.EXPENDITURE
    spent_on: date | None = None


class GiveBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day on which what is left of an allocation goes back; today where none is said."""

    returned_on: date | None = None


class Allocate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars of a fund, for one of a requirement, a work package on SHERLOC and an activity."""

    fund: FundCode
    money: Money
    requirement_id: UUID | None = None
    work_package: Code | None = None
    activity_id: UUID | None = None
    allocated_on: date | None = None

    def purpose(self) -> Purpose:
        """Raises Invalid unless exactly one purpose is named."""
        if [self.requirement_id, self.work_package, self.activity_id].count(None) != 2:
            raise Invalid("one-purpose")
        return Purpose(self.requirement_id, self.work_package, self.activity_id)


class NewRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars for one unit of the currency, as a string of decimal digits, from a day on."""

    source: Code
    currency: Currency
    valid_from: date
    usd_per_unit: Annotated[str, Meta(min_length=1, max_length=20)]


class LoadRates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of rates. A rate that is there already may come again; one that says otherwise is refused."""

    rates: Annotated[tuple[NewRate, ...], Meta(min_length=1, max_length=RATES_MAX)]

    def table(self) -> tuple[Rate, ...]:
        """Raises Invalid for a currency nobody knows."""
        for position, rate in enumerate(self.rates):
            if rate.currency not in currencies():
                raise unknown_code(f"rates[{position}].currency", rate.currency, currencies(), code_list="currencies")
        return tuple(
            Rate(source=r.source, currency=r.currency, valid_from=r.valid_from, usd_per_unit=r.usd_per_unit)
            for r in self.rates
        )


def check_reason(move: str, reason: str) -> str:
    """Raises Invalid for a reason that this move does not have."""
    if reason not in (known := reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason


def dollars(money: Money) -> int:
    """The US-dollar minor units of an amount that has to be in dollars. Raises Mismatch."""
    if money.currency != USD:
        raise Mismatch("fund-currency", expected=USD)
    return money.minor
