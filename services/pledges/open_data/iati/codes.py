"""Codes of IATI's code lists that we use, and checks of a file against the lists and rules we know."""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from fractions import Fraction

from msgspec import Struct

from contracts.reference import currencies
from services.pledges.open_data.iati.activity import Activity, Coded, Share


class TransactionType(StrEnum):
    INCOMING_FUNDS = "1"
    OUTGOING_COMMITMENT = "2"
    DISBURSEMENT = "3"
    EXPENDITURE = "4"
    INTEREST_PAYMENT = "5"
    LOAN_REPAYMENT = "6"
    REIMBURSEMENT = "7"
    PURCHASE_OF_EQUITY = "8"
    SALE_OF_EQUITY = "9"
    CREDIT_GUARANTEE = "10"
    INCOMING_COMMITMENT = "11"
    OUTGOING_PLEDGE = "12"
    INCOMING_PLEDGE = "13"


class OrganisationRole(StrEnum):
    FUNDING = "1"
    ACCOUNTABLE = "2"
    EXTENDING = "3"
    IMPLEMENTING = "4"


class OrganisationType(StrEnum):
    GOVERNMENT = "10"
    MULTILATERAL = "40"


class ActivityStatus(StrEnum):
    PIPELINE = "1"
    IMPLEMENTATION = "2"
    FINALISATION = "3"
    CANCELLED = "5"


class ActivityDate(StrEnum):
    PLANNED_START = "1"
    ACTUAL_START = "2"
    PLANNED_END = "3"
    ACTUAL_END = "4"


ACTIVITY_SCOPE_GLOBAL = "1"
HIERARCHY_FUND, HIERARCHY_PURPOSE = "1", "2"
ACTIVITY_WEB_PAGE = "A12"
RESULT_OUTPUT = "1"
MEASURE_UNIT, MEASURE_PERCENTAGE = "1", "2"
BUDGET_ORIGINAL, BUDGET_REVISED = "1", "2"
BUDGET_INDICATIVE, BUDGET_COMMITTED = "1", "2"
FLOW_ODA = "10"
FINANCE_STANDARD_GRANT = "110"
UNTIED = "5"
AID_TO_A_FUND, AID_IN_PROJECTS = Coded("B03", "1"), Coded("C01", "1")
DEVELOPING_COUNTRIES_UNSPECIFIED = Share("998", "1", "100")
GENDER_EQUALITY = "1"
"""The gender equality marker, in the DAC's vocabulary of policy markers."""

EARMARKING = "2"
"""The aid type vocabulary of EARMARKING_CATEGORIES."""

EARMARKING_CATEGORIES = {"unearmarked": "1", "softly_earmarked": "2", "earmarked": "3", "tightly_earmarked": "4"}
DAC = "1"
WHOLE_BASIS_POINTS = 10_000


def shares(basis_points: Sequence[tuple[str, int]]) -> tuple[Share, ...]:
    """Return the shares of DAC sectors, each given in hundredths of a percent, which have to add up to 100 %."""
    assert sum(points for _, points in basis_points) == WHOLE_BASIS_POINTS, "shares add up to 100 %"
    return tuple(Share(code, DAC, _percentage(points)) for code, points in basis_points)


def equal_shares(sectors: Sequence[str]) -> tuple[Share, ...]:
    """Return equal shares of DAC sectors, weighted by how often each is named, the largest first.

    At least one sector is required. The remainder of the hundredths of a percent goes to the largest remainders, ties
    to the lowest codes.
    """
    divided = {code: divmod(WHOLE_BASIS_POINTS * many, len(sectors)) for code, many in Counter(sectors).items()}
    left = WHOLE_BASIS_POINTS - sum(points for points, _ in divided.values())
    first = sorted(divided, key=lambda code: (-divided[code][1], code))[:left]
    points = {code: floor + (code in first) for code, (floor, _) in divided.items()}
    return shares(sorted(points.items(), key=lambda one: (-one[1], one[0])))


def _percentage(points: int) -> str:
    return f"{points // 100}.{points % 100:02}".rstrip("0").rstrip(".")


# -- checks -----------------------------------------------------------------------------------------------------------


class Note(Struct, frozen=True, kw_only=True):
    """A note on something in an activity that is readable but not valid by the standard."""

    identifier: str
    says: str
    value: str


def notes(activity: Activity) -> Iterator[Note]:
    """Yield notes on unknown transaction types and currencies, too precise amounts, and percentages that miss 100."""
    known = set(TransactionType)
    for transaction in activity.transactions:
        amount = transaction.amount
        if transaction.type not in known:
            yield _note(activity, "an unknown type of transaction", transaction.type)
        if amount.currency is None or amount.currency not in currencies():
            yield _note(activity, "a currency that is not known", amount.currency or "")
        elif amount.minor is None:
            yield _note(activity, "an amount finer than its currency's minor unit", amount.value)
    for vocabulary in sorted({sector.vocabulary for sector in activity.sectors}):
        of_one = [sector for sector in activity.sectors if sector.vocabulary == vocabulary]
        if (total := _total(of_one)) != 100:
            yield _note(activity, f"sectors of vocabulary {vocabulary} are not 100 % together", str(total))
    places = [*activity.countries, *(region for region in activity.regions if region.vocabulary == DAC)]
    if places and (total := _total(places)) != 100:
        yield _note(activity, "countries and regions are not 100 % together", str(total))


def _total(of: Sequence[Share]) -> Fraction:
    """Return the sum of the percentages; a single share without a percentage is 100 %, one of several is 0."""
    if len(of) == 1 and not of[0].percentage:
        return Fraction(100)
    return sum((Fraction(share.percentage or 0) for share in of), Fraction())


def _note(activity: Activity, says: str, value: str) -> Note:
    return Note(identifier=activity.identifier, says=says, value=value)
