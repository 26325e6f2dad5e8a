"""Request bodies with their limits, and checks of their codes."""

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
from services.pledges.allocations.model import SHERLOC_FUNDS, Purpose, Spending
from services.pledges.funds.store import Labels
from services.pledges.money.model import USD
from services.pledges.pledge.earmarking import Earmarking, earmarked, earmarked_to_extension
from services.pledges.pledge.model import SUPPORT_COST_BASIS_POINTS

Label = Annotated[str, Meta(min_length=1, max_length=200)]


class NewLabels(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name of the fund in each of the six languages."""

    ar: Label
    en: Label
    es: Label
    fr: Label
    ru: Label
    zh: Label

    def labels(self) -> Labels:
        return Labels(ar=self.ar, en=self.en, es=self.es, fr=self.fr, ru=self.ru, zh=self.zh)


class NewRequirement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fund's requirement for a year, in US dollars; for a SHERLOC fund by work package, if known."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    money: Money
    work_package: Code | None = None

    def yearly(self) -> YearlyRequirement:
        """Return the requirement in US cents. Raises Mismatch for a currency other than the US dollar."""
        return YearlyRequirement(year=self.year, usd_minor=dollars(self.money), work_package=self.work_package)


class ReviseRequirement(NewRequirement, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fund's new requirement for a year, in US dollars, with its reason.

    The reason is a code of `/v1/reference/reasons/revise_requirement`. For a SHERLOC fund the requirement is for one
    work package, or for none. An amount of 0 removes the requirement.
    """

    reason: Code


class OpenFund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fund that can receive pledges, with its requirements by year, if known.

    `gender_marker` is 0 (not targeted), 1 (significant) or 2 (principal objective of gender equality). Null, which
    differs from 0, means not assessed.
    """

    code: FundCode
    labels: NewLabels
    requirements: Annotated[tuple[NewRequirement, ...], Meta(max_length=REQUIREMENTS_MAX)] = ()
    gender_marker: GenderMarker | None = None

    def yearly(self) -> tuple[YearlyRequirement, ...]:
        """Return the requirements in US cents. Raises Mismatch for a currency other than the US dollar."""
        return tuple(requirement.yearly() for requirement in self.requirements)


class StateGenderMarker(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The gender equality marker of a fund or of a work package.

    It is 0 (not targeted), 1 (significant) or 2 (principal objective); null removes it.
    """

    gender_marker: GenderMarker | None
    work_package: Code | None = None


class MakePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pledge of the caller's organization, not yet binding. `pledged_on` is its value date.

    A pledge for a requirement names it in `requirement_id` (`GET /v1/requirements/unfunded`) and is tightly earmarked.
    A pledge to a SHERLOC fund for an extension of the portal names it in `extension_id` (`GET /v1/extensions`) and is
    earmarked. Any other pledge is softly earmarked by default.
    """

    fund: FundCode
    money: Money
    pledged_on: date
    note: Annotated[str, Meta(max_length=2000)] = ""
    earmarking: Earmarking | None = None
    requirement_id: UUID | None = None
    extension_id: UUID | None = None

    def earmarked(self) -> Earmarking:
        """Return the pledge's earmarking. Raises Invalid or Mismatch if it does not fit the pledge's purpose."""
        if self.extension_id is None:
            return earmarked(self.earmarking, for_requirement=self.requirement_id is not None)
        if self.requirement_id is not None:
            raise Invalid("pledge-one-purpose", field="extension_id")
        if not self.fund.startswith(SHERLOC_FUNDS):
            raise Mismatch("extension-of-sherloc")
        return earmarked_to_extension(self.earmarking)


class RewordPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pledge's new note; empty if omitted."""

    note: Annotated[str, Meta(max_length=2000)] = ""


class PledgeFlow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fund and donor of a pledge made from an imported flow.

    Everything else comes from the flow, except the earmarking, which is optional.
    """

    fund: FundCode
    donor: Organization
    earmarking: Earmarking | None = None


class DeclareInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gift in kind of the caller's organization, with its value as stated by the donor.

    `form` is a code of `/v1/reference/in_kind_forms`. The value is converted at the rate of `provided_on`.
    """

    fund: FundCode
    form: InKindForm
    money: Money
    provided_on: date
    description: Annotated[str, Meta(max_length=2000)] = ""

    def checked_form(self) -> str:
        """Return the form. Raises Invalid for an unknown one."""
        if self.form not in in_kind_forms():
            raise unknown_code("form", self.form, in_kind_forms(), code_list="in_kind_forms")
        return self.form


class RewordInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The new description; empty if omitted."""

    description: Annotated[str, Meta(max_length=2000)] = ""


class AcknowledgeInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An acknowledgement of a contribution in kind; it has no fields, because the path and the revision suffice."""


class WithdrawInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A withdrawal of a contribution in kind; it has no fields, because the path and the revision suffice."""


class StrikeInKind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason why a contribution in kind no longer counts (`/v1/reference/reasons/strike_in_kind`)."""

    reason: Code


UNSEEN = frozenset({"Cc", "Zl", "Zp"})
TURNING = frozenset("\u200b\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Characters that change the direction of the text after them, or are invisible."""


class PlanActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An activity that a fund pays for without a State's request; both days are included.

    `activity_kind` is a code of `/v1/reference/activity_kinds`; `title` is in `language`. `topics`, `pillars` and
    `gender_marker` have the same meaning as in a request's line.
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
        """Return the plan. Raises Invalid for an unknown code, or a title that is blank or has control characters."""
        if self.activity_kind not in activity_kinds():
            raise unknown_code("activity_kind", self.activity_kind, activity_kinds(), code_list="activity_kinds")
        for field, codes, known in (("topics", self.topics, topics()), ("pillars", self.pillars, pillars())):
            for code in codes:
                if code not in known:
                    raise unknown_code(field, code, known, code_list=field)
        if not self.title.strip() or any(category(sign) in UNSEEN or sign in TURNING for sign in self.title):
            raise Invalid("invalid-field", field="title", expected="plain_words")
        return from_attributes(Plan, self)


class CompleteActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The number of participants, if counted, and the last day, by default today."""

    participants: Participants | None = None
    completed_on: date | None = None


class CancelActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for the cancellation (`/v1/reference/reasons/cancel_activity`)."""

    reason: Code


class NewInstalment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the agreement in minor units of its currency, its due date, and the code of its condition, if any."""

    due_on: date
    minor: Annotated[int, Meta(ge=1, le=MINOR_UNITS_MAX)]
    condition: Code | None = None


class CommitPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The agreement: its day and reference, its instalments, and its programme support cost.

    `support_cost_basis_points` are hundredths of a percent of the direct cost. Without instalments the whole amount is
    due thirty days after the signature.
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
    """The number of the instalment, from 1, and the day its condition was met, by default today."""

    instalment: Annotated[int, Meta(ge=1, le=SCHEDULE_MAX)]
    met_on: date | None = None


class ReceiveInstalment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cash received for the pledge, and its value date.

    `money` is what the donor paid, before bank charges. `settles` is the amount of the agreement that it settles, if
    the cash is in another currency. With bank charges, in the currency of the cash, `arrived_minor` has to be `money`
    less `charges_minor`: an amount that reached the account is then not taken for what was paid, nor charged twice.
    """

    money: Money
    received_on: date
    settles: Money | None = None
    charges_minor: Annotated[int, Meta(ge=0, le=MINOR_UNITS_MAX)] = 0
    arrived_minor: Annotated[int, Meta(ge=1, le=MINOR_UNITS_MAX)] | None = None


class WithdrawPledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of the withdrawal, by default today."""

    withdrawn_on: date | None = None


class LapsePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of the lapse, by default today."""

    lapsed_on: date | None = None


class ReducePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The amount in the pledge's currency, the reason (`/v1/reference/reasons`), and the day, by default today."""

    money: Money
    reason: Code
    reduced_on: date | None = None


class CarryOver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars to be moved to another fund, with the donor's consent."""

    to_fund: FundCode
    money: Money
    carried_over_on: date | None = None


class ClosePledge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The end of a pledge; it has no fields, because the path and the revision suffice."""


class ProposeWriteOff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for the write-off (`/v1/reference/reasons`), and the day, by default today."""

    reason: Code
    written_off_on: date | None = None


class ProposeRefund(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The refund in the pledge's currency, the reason, and the day, by default today."""

    money: Money
    reason: Code
    refunded_on: date | None = None


class ProposeEarmarkRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason why the pledge may be used for other purposes (`/v1/reference/reasons/release_earmark`)."""

    reason: Code


class ProposeReversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wrong entry, the reason (`/v1/reference/reasons`), and the day, by default today."""

    entry_id: UUID
    reason: Code
    reversed_on: date | None = None


class ProposeReopening(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The reason for reopening a closed year (`/v1/reference/reasons`)."""

    reason: Code


class Decide(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision on a proposal; it has no fields, because the path and the revision suffice."""


class CloseYear(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The closing of a year; it has no fields. The checklist states the conditions."""


class Spend(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars spent from an allocation, the use (`expenditure` or `disbursement`), and the day, by default today."""

    money: Money
    how: Spending = Spending.EXPENDITURE
    spent_on: date | None = None


class GiveBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The day of the return, by default today."""

    returned_on: date | None = None


class Allocate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars of a fund for exactly one requirement, SHERLOC work package or activity."""

    fund: FundCode
    money: Money
    requirement_id: UUID | None = None
    work_package: Code | None = None
    activity_id: UUID | None = None
    allocated_on: date | None = None

    def purpose(self) -> Purpose:
        """Return the purpose. Raises Invalid unless exactly one is named."""
        if [self.requirement_id, self.work_package, self.activity_id].count(None) != 2:
            raise Invalid("one-purpose")
        return Purpose(self.requirement_id, self.work_package, self.activity_id)


class NewRate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """US dollars per unit of the currency, as a string of decimal digits, from a day on."""

    source: Code
    currency: Currency
    valid_from: date
    usd_per_unit: Annotated[str, Meta(min_length=1, max_length=20)]


class LoadRates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of rates. A loaded rate may be repeated; a rate that differs from the loaded one is refused."""

    rates: Annotated[tuple[NewRate, ...], Meta(min_length=1, max_length=RATES_MAX)]

    def table(self) -> tuple[Rate, ...]:
        """Return the rates. Raises Invalid for an unknown currency."""
        for position, rate in enumerate(self.rates):
            if rate.currency not in currencies():
                raise unknown_code(f"rates[{position}].currency", rate.currency, currencies(), code_list="currencies")
        return tuple(
            Rate(source=r.source, currency=r.currency, valid_from=r.valid_from, usd_per_unit=r.usd_per_unit)
            for r in self.rates
        )


def check_reason(move: str, reason: str) -> str:
    """Return the reason. Raises Invalid if it is not one of this transition's reasons."""
    if reason not in (known := reasons(move)):
        raise unknown_code("reason", reason, known, code_list=f"reasons/{move}")
    return reason


def dollars(money: Money) -> int:
    """Return the US cents of an amount. Raises Mismatch if it is not in US dollars."""
    if money.currency != USD:
        raise Mismatch("fund-currency", expected=USD)
    return money.minor
