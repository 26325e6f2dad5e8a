"""A fund's ledger as IATI activities: one for the fund, and one for each purpose to which money was allocated.

A transaction follows from the movements of an entry on accounts: a reversal is a negative amount of the same type, and
nothing published is ever edited. Neither the State that asked for assistance nor its provider is named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.funds import YearlyRequirement
from contracts.reference import activity_kinds, countries, country_name
from contracts.refusals import Conflict
from contracts.values import Language
from services.pledges.activities.model import Activity as Planned
from services.pledges.activities.model import ActivityStatus as PlannedStatus
from services.pledges.money.model import USD
from services.pledges.open_data.iati import codes
from services.pledges.open_data.iati.activity import (
    Activity,
    Coded,
    Dated,
    Narrative,
    Party,
    Transaction,
)
from services.pledges.open_data.iati.activity import amount_of as amount
from services.pledges.open_data.iati.aims import Aims
from services.pledges.open_data.iati.codes import ActivityDate, ActivityStatus, OrganisationRole, OrganisationType
from services.pledges.open_data.iati.codes import TransactionType as T
from services.pledges.open_data.iati.parts import Delivered, allotted, delivered, needs, pages, participants
from services.pledges.open_data.iati.words import ENGLISH_FIRST, Words, narratives, words

TRANSACTIONS_MAX = 20_000
SIGNS: Mapping[str, tuple[T, int]] = {
    "pledged": (T.INCOMING_PLEDGE, 1),
    "receivable": (T.INCOMING_COMMITMENT, 1),
    "cash": (T.INCOMING_FUNDS, 1),
    "refunded": (T.INCOMING_FUNDS, 1),
    "available": (T.OUTGOING_COMMITMENT, 1),
    "spent": (T.EXPENDITURE, -1),
    "transferred": (T.DISBURSEMENT, -1),
}
"""Maps an account to the transaction type of its movements, and to the sign of a debit."""

PUBLISHED_TYPES: Mapping[str, frozenset[T]] = {
    "pledged": frozenset({T.INCOMING_PLEDGE}),
    "committed": frozenset({T.INCOMING_COMMITMENT}),
    "recognized": frozenset({T.INCOMING_COMMITMENT}),
    "received": frozenset({T.INCOMING_FUNDS}),
    "withdrawn": frozenset({T.INCOMING_PLEDGE}),
    "lapsed": frozenset({T.INCOMING_PLEDGE}),
    "reduced": frozenset({T.INCOMING_PLEDGE, T.INCOMING_COMMITMENT}),
    "written_off": frozenset({T.INCOMING_COMMITMENT}),
    "refunded": frozenset({T.INCOMING_FUNDS}),
    "allocated": frozenset({T.OUTGOING_COMMITMENT}),
    "returned": frozenset({T.OUTGOING_COMMITMENT}),
    "spent": frozenset({T.EXPENDITURE, T.OUTGOING_COMMITMENT}),
    "disbursed": frozenset({T.DISBURSEMENT, T.OUTGOING_COMMITMENT}),
    "carried_over": frozenset({T.DISBURSEMENT}),
    "brought_forward": frozenset({T.INCOMING_FUNDS}),
}
"""Transaction types published for each type of entry.

A committed pledge leaves the open pledges of the ledger and stays an incoming pledge here, because in IATI a commitment
does not reverse the pledge. Spending does not reduce the outgoing commitment; a reversed spending whose money goes back
to the fund does.
"""

BETWEEN_FUNDS = frozenset({"carried_over", "brought_forward"})
"""The entry types of the two halves of a transfer between funds; UNODC is on both sides, and no donor is named."""


# Excluded from garbage collection: there are tens of thousands of movements, without cycles.
class Movement(Struct, frozen=True, kw_only=True, gc=False):
    """The change by an entry of one account in one currency.

    `of_type` is the type of the entry or, for a reversal, the reversed type. `other_fund` is the code of the fund on
    the other side of a transfer.
    """

    entry_id: UUID
    type: str
    of_type: str
    on: date
    account: str
    currency: str
    minor: int
    donor: str | None = None
    earmarking: str | None = None
    work_package: str | None = None
    requirement_id: UUID | None = None
    activity_id: UUID | None = None
    other_fund: str | None = None


class PlannedActivity(Struct, frozen=True, kw_only=True):
    """An activity planned by UNODC, as of a day; `kind` is a code of the table `activity_kinds`."""

    title: str
    language: str
    kind: str
    status: ActivityStatus
    dates: tuple[Dated, ...]
    participants: int | None = None


class Ledger(Struct, frozen=True, kw_only=True):
    """A fund, its requirements, and the movements that the caller may see, in the order of their entries.

    The file is as of a day, `on`: what takes effect later is in the files of later days. `site` is the public address
    of the console, if there is one. `gender_marker` is the fund's own. `aims` are the known aims of its purposes,
    `held` its planned activities, and `delivered` the confirmed results of deliveries that it paid for; their keys are
    the suffixes of the activity identifiers after the fund.
    """

    fund: str
    labels: Mapping[str, str]
    requirements: Sequence[YearlyRequirement]
    revised_years: Collection[int] = ()
    opened_on: date
    movements: Sequence[Movement]
    on: date = date.max
    updated: str = ""
    site: str = ""
    gender_marker: int | None = None
    aims: Mapping[str, Aims] = {}
    held: Mapping[str, PlannedActivity] = {}
    delivered: Mapping[str, Sequence[Delivered]] = {}


def activities(ledger: Ledger, *, reporter: str) -> tuple[Activity, ...]:
    """Return the fund's activity first, then those of its purposes in the order of their first allocations.

    `reporter` is UNODC's IATI identifier. Raises Conflict for more transactions than a file may have.
    """
    builder = _ActivityBuilder(ledger.fund, reporter, words(), ledger.updated)
    by_purpose: dict[str, list[tuple[Movement, Transaction]]] = {"": []}
    published = _published(one for one in ledger.movements if one.on <= ledger.on)
    if len(published) > TRANSACTIONS_MAX:
        raise Conflict("iati-too-many-transactions", transactions_max=TRANSACTIONS_MAX)
    for movement, type_, minor in published:
        one = movement, builder.transaction_of(movement, type_, minor)
        by_purpose.setdefault(_purpose(movement), []).append(one)
    of_fund = builder.fund(ledger, by_purpose.pop(""))
    return (of_fund, *(builder.purpose(ledger, name, of_one) for name, of_one in by_purpose.items()))


def planned_activity_of(planned: Planned, title: str, *, on: date) -> PlannedActivity:
    """Return a planned activity as of a day; a completed one stays in finalisation (3), open to late payments."""
    begins, ends = ActivityDate.PLANNED_START, Dated(ActivityDate.PLANNED_END, planned.ends_on)
    match planned.status:
        case PlannedStatus.PLANNED:
            status = ActivityStatus.PIPELINE if on < planned.starts_on else ActivityStatus.IMPLEMENTATION
        case PlannedStatus.COMPLETED:
            assert planned.completed_on is not None, "a completed activity has its last day"
            status, begins = ActivityStatus.FINALISATION, ActivityDate.ACTUAL_START
            ends = Dated(ActivityDate.ACTUAL_END, planned.completed_on)
        case PlannedStatus.CANCELLED:
            status = ActivityStatus.CANCELLED
    return PlannedActivity(
        title=title,
        language=planned.language,
        kind=planned.activity_kind,
        status=status,
        dates=(Dated(begins, planned.starts_on), ends),
        participants=planned.participants if planned.status is PlannedStatus.COMPLETED else None,
    )


def transaction_type_of(movement: Movement) -> tuple[T, int]:
    """Return the transaction type of a movement, if it is published, and the sign of a debit.

    Money passed on is posted to the same account as other spending, and published as a disbursement; transfers to and
    from other funds share one account, too.
    """
    match movement.account, movement.of_type:
        case "spent", "disbursed":
            return T.DISBURSEMENT, -1
        case "transferred", "brought_forward":
            return T.INCOMING_FUNDS, 1
        case account, _:
            return SIGNS[account]


def _published(movements: Iterable[Movement]) -> list[tuple[Movement, T, int]]:
    """Return the published movements with type and amount: one for each entry, type and currency."""
    sums: dict[tuple[UUID, T, str], int] = {}
    first: dict[tuple[UUID, T, str], Movement] = {}
    for movement in movements:
        type_, sign = transaction_type_of(movement)
        if type_ in PUBLISHED_TYPES[movement.of_type]:
            key = movement.entry_id, type_, movement.currency
            sums[key] = sums.get(key, 0) + sign * movement.minor
            first.setdefault(key, movement)
    return [(first[key], key[1], minor) for key, minor in sums.items() if minor]


def _purpose(movement: Movement) -> str:
    """Return the suffix of an activity's identifier after the fund; empty for the fund itself."""
    return movement.work_package or str(movement.requirement_id or movement.activity_id or "")


class _ActivityBuilder(Struct, frozen=True):
    fund_code: str
    reporter: str
    words: Words
    updated: str

    @property
    def identifier(self) -> str:
        return self._identifier_of(self.fund_code)

    def fund(self, ledger: Ledger, published: Sequence[tuple[Movement, Transaction]]) -> Activity:
        years = [requirement.year for requirement in ledger.requirements]
        ends = [Dated(ActivityDate.PLANNED_END, date(max(years), 12, 31))] if years else []
        starts = min([ledger.opened_on, *(transaction.on for _, transaction in published)])
        # For money from another fund the funder is that fund; the donors of the money are named in that fund's file.
        givers = sorted({one.other_fund for one, of in published if of.type == T.INCOMING_FUNDS and one.other_fund})
        donors = sorted({one.donor for one, _ in published if one.donor and one.of_type not in BETWEEN_FUNDS})
        return Activity(
            identifier=self.identifier,
            titles=narratives(ledger.labels) or (Narrative(self.fund_code, Language.EN),),
            description=narratives(self.words.fund),
            participants=(
                *(_donor(donor, role=OrganisationRole.FUNDING) for donor in donors),
                *(self._unodc(OrganisationRole.FUNDING, activity=self._identifier_of(giver)) for giver in givers),
                self._unodc(OrganisationRole.ACCOUNTABLE),
                self._unodc(OrganisationRole.EXTENDING),
            ),
            status=ActivityStatus.IMPLEMENTATION,
            dates=(Dated(ActivityDate.ACTUAL_START, starts), *ends),
            aid=(codes.AID_TO_A_FUND,),
            budgets=needs(ledger.requirements, ledger.revised_years, on=ledger.on),
            transactions=tuple(transaction for _, transaction in published),
            documents=pages(ledger.site, self.words),
            hierarchy=codes.HIERARCHY_FUND,
            **self._common_elements(Aims(gender_marker=ledger.gender_marker)),
        )

    def purpose(self, ledger: Ledger, name: str, published: Sequence[tuple[Movement, Transaction]]) -> Activity:
        held = ledger.held.get(name)
        status, dates = (
            (held.status, held.dates) if held else _status_and_dates([transaction for _, transaction in published])
        )
        titles, description = self._texts_of(published[0][0], held)
        return Activity(
            identifier=f"{self.identifier}-{name}",
            titles=titles,
            description=description,
            participants=(
                self._unodc(OrganisationRole.FUNDING, activity=self.identifier),
                self._unodc(OrganisationRole.ACCOUNTABLE),
                self._unodc(OrganisationRole.EXTENDING),
            ),
            status=status,
            dates=dates,
            aid=(codes.AID_IN_PROJECTS,),
            budgets=allotted([transaction for _, transaction in published]),
            transactions=tuple(transaction for _, transaction in published),
            parent=self.identifier,
            results=participants(held.participants, held.dates, self.words)
            if held
            else delivered(ledger.delivered.get(name, ()), since=dates[0].on),
            hierarchy=codes.HIERARCHY_PURPOSE,
            **self._common_elements(ledger.aims.get(name, Aims())),
        )

    def _texts_of(
        self, movement: Movement, held: PlannedActivity | None
    ) -> tuple[tuple[Narrative, ...], tuple[Narrative, ...]]:
        """Return the title and description of a purpose; a planned activity has its own title, in one language."""
        purpose = narratives(self.words.purpose)
        if held is not None:
            kinds = narratives(activity_kinds()[held.kind].labels)
            return (Narrative(held.title, held.language),) if held.title.strip() else kinds, kinds
        if movement.work_package:
            return narratives(self.words.work_packages[movement.work_package]), purpose
        return narratives(self.words.assistance), purpose

    def transaction_of(self, movement: Movement, type_: T, minor: int) -> Transaction:
        of_donor = movement.donor and movement.of_type not in BETWEEN_FUNDS
        earmarking = codes.EARMARKING_CATEGORIES[movement.earmarking] if of_donor and movement.earmarking else ""
        provider, receiver = self._provider_and_receiver(movement)
        return Transaction(
            ref=str(movement.entry_id),
            type=type_,
            on=movement.on,
            amount=amount(minor, movement.currency, movement.on),
            description=narratives(self.words.corrections.get(movement.type, {})),
            provider=provider,
            receiver=receiver,
            aid=(codes.AID_TO_A_FUND, Coded(earmarking, codes.EARMARKING)) if earmarking else (),
        )

    def _provider_and_receiver(self, movement: Movement) -> tuple[Party, Party | None]:
        """Return provider and receiver. The receiver of allocated or spent money is not published."""
        here = self._fund_party(self.fund_code)
        match movement.of_type:
            case "carried_over":
                return here, self._fund_party(movement.other_fund)
            case "brought_forward":
                return self._fund_party(movement.other_fund), here
            case _ if movement.donor:
                return _donor(movement.donor, languages=(Language.EN,)), here
            case _:
                return here, None

    def _identifier_of(self, fund: str) -> str:
        return f"{self.reporter}-{fund}"

    def _fund_party(self, fund: str | None) -> Party:
        activity = self._identifier_of(fund) if fund else ""
        return Party(ref=self.reporter, kind=OrganisationType.MULTILATERAL, activity=activity)

    def _unodc(self, role: OrganisationRole, *, activity: str = "") -> Party:
        kind = OrganisationType.MULTILATERAL
        return Party(ref=self.reporter, kind=kind, role=role, activity=activity, names=narratives(self.words.office))

    def _common_elements(self, aims: Aims) -> dict[str, Any]:
        """Return the elements that are the same for all activities."""
        return {
            "reporter": Party(
                ref=self.reporter, kind=OrganisationType.MULTILATERAL, names=narratives(self.words.office)
            ),
            "language": Language.EN,
            "currency": USD,
            "updated": self.updated,
            "scope": codes.ACTIVITY_SCOPE_GLOBAL,
            "regions": (codes.DEVELOPING_COUNTRIES_UNSPECIFIED,),
            "sectors": aims.sectors,
            "markers": aims.markers,
            "flow": codes.FLOW_ODA,
            "finance": codes.FINANCE_STANDARD_GRANT,
            "tied": codes.UNTIED,
        }


def _status_and_dates(published: Sequence[Transaction]) -> tuple[ActivityStatus, tuple[Dated, ...]]:
    """Return the status and dates of an unplanned purpose.

    It begins with its first transaction, and is cancelled once all of its money is returned.
    """
    days = [transaction.on for transaction in published]
    starts = Dated(ActivityDate.ACTUAL_START, min(days))
    if sum(one.amount.minor or 0 for one in published if one.type == T.OUTGOING_COMMITMENT):
        return ActivityStatus.IMPLEMENTATION, (starts,)
    return ActivityStatus.CANCELLED, (starts, Dated(ActivityDate.ACTUAL_END, max(days)))


@lru_cache(maxsize=1000)
def _donor(donor: str, *, role: str = "", languages: Iterable[Language] = ENGLISH_FIRST) -> Party:
    """Return a State with its names; IATI identifiers of States are not stored."""
    if donor not in countries():
        return Party(kind=OrganisationType.MULTILATERAL, role=role, names=(Narrative(donor, Language.EN),))
    names = tuple(Narrative(country_name(donor, language), language) for language in languages)
    return Party(kind=OrganisationType.GOVERNMENT, role=role, names=names)
