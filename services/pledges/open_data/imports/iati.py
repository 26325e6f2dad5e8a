"""Rules, in order, for importing a transaction of a donor's IATI activity file as a flow.

A donor reports the money that it gives; only transactions whose receiver is UNODC are flows to us. The standard has no
value in US dollars, so it is computed at our rate in force on the value date; without a rate the transaction is
rejected.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec.structs import asdict, replace

from contracts.pledges import IMPORT_ROWS_MAX, Rate
from contracts.reference import currencies
from contracts.refusals import Invalid
from contracts.values import MINOR_UNITS_MAX, Money
from services.pledges.money.model import USD, Validity, value
from services.pledges.open_data.flows.model import FlowStatus
from services.pledges.open_data.iati.activity import Activity, Amount, Party, Transaction
from services.pledges.open_data.iati.codes import TransactionType
from services.pledges.open_data.iati.reading import read_transactions
from services.pledges.open_data.imports.model import (
    IMPORT_BYTES_MAX,
    LENGTHS,
    ReportedFlow,
    ValidatedRows,
    check_new,
    check_text,
    checked_currency,
    partition,
)

VERSIONS = frozenset({"2.01", "2.02", "2.03"})
"""Accepted versions of the standard; each only adds to the previous one."""

STATUSES: Mapping[str, FlowStatus] = {
    TransactionType.OUTGOING_PLEDGE: FlowStatus.PLEDGE,
    TransactionType.OUTGOING_COMMITMENT: FlowStatus.COMMITMENT,
    TransactionType.DISBURSEMENT: FlowStatus.PAID,
}

ID_DIGITS = 40

Rates: TypeAlias = Mapping[tuple[str, date], Sequence[Rate]]
"""Candidates for the rate in force, by currency and day."""


class NumberedTransaction(NamedTuple):
    """A transaction with its number in the file, from 1, and its id; an unreadable transaction has no id."""

    number: int
    source_id: str
    said: tuple[Activity, Transaction] | Invalid


def read(content: bytes) -> list[NumberedTransaction]:
    """Return every transaction of a file.

    Raises Invalid if it is not an IATI 2 file, or has too many transactions or none.
    """
    found = read_transactions(content, transactions_max=IMPORT_ROWS_MAX, bytes_max=IMPORT_BYTES_MAX)
    if found.version not in VERSIONS:
        raise Invalid("iati-version-unknown", versions=sorted(VERSIONS))
    if not found.transactions:
        raise Invalid("iati-transactions-missing")
    equal = Counter[str]()
    rows = []
    for number, said in enumerate(found.transactions, 1):
        source_id = "" if isinstance(said, Invalid) else _source_id(*said, equal)
        rows.append(NumberedTransaction(number, source_id, said))
    return rows


def rates_needed(rows: Sequence[NumberedTransaction], reporter: str) -> frozenset[tuple[str, date]]:
    """Return the currencies and days whose rates `validate` needs."""
    said = [row.said[1] for row in rows if not isinstance(row.said, Invalid)]
    days = {(one.amount.currency or "", one.amount.on) for one in said if _is_to(reporter, one)}
    return frozenset((currency, on) for currency, on in days if currency in currencies() and currency != USD)


def validate(
    rows: Sequence[NumberedTransaction],
    known: Collection[str],
    *,
    reporter: str,
    rates: Rates,
    validity: Validity,
    until: date,
) -> ValidatedRows:
    """Accept or reject each transaction: receiver `reporter` (an IATI identifier), value date up to `until`.

    `known` are the ids of accepted transactions of other imports. If an id is repeated in a file, the first transaction
    counts.
    """
    seen: set[str] = set()

    def kept(row: NumberedTransaction) -> ReportedFlow:
        if isinstance(row.said, Invalid):
            # The error of an activity is shared by all its transactions, so it is raised without their tracebacks.
            raise row.said.with_traceback(None)
        activity, transaction = row.said
        if not activity.identifier:
            raise Invalid("iati-element-missing", column="iati-identifier")
        if transaction.type not in STATUSES:
            raise Invalid("iati-type-not-outgoing", column="transaction-type")
        if not _is_to(reporter, transaction):
            raise Invalid("iati-receiver-not-us", column="receiver-org")
        try:
            check_new(row.source_id, seen, known, column="transaction")
        finally:
            seen.add(row.source_id)
        if (transaction.provider or activity.reporter).ref.strip() == reporter:
            # Our own files contain such transactions, for transfers between our funds.
            raise Invalid("donor-missing", column="provider-org")
        flow = _reported(row, activity, transaction)
        if flow.date > until:
            raise Invalid("date-ahead", column="value")
        return _valued(flow, rates.get((flow.currency, flow.date), ()), validity)

    return partition(rows, kept, lambda row: (row.number, row.source_id))


def _is_to(reporter: str, transaction: Transaction) -> bool:
    return transaction.receiver is not None and transaction.receiver.ref.strip() == reporter


def _reported(row: NumberedTransaction, activity: Activity, transaction: Transaction) -> ReportedFlow:
    """Return the flow as the donor reports it, without a value in US dollars.

    Raises Invalid with the first broken rule.
    """
    receiver, described = transaction.receiver or Party(), transaction.description or activity.titles
    reference = _text(activity.identifier, "refCode", element="iati-identifier")
    donor = _text(_name(transaction.provider) or _name(activity.reporter), "srcOrganization", element="provider-org")
    destination = _text(receiver.activity or _name(receiver), "destOrganization", element="receiver-org")
    flow_type = _text(transaction.flow or activity.flow, "flowType", element="flow-type")
    description = _text(described[0].text, "description", element="description")
    if not donor:
        raise Invalid("donor-missing", column="provider-org")
    currency = checked_currency(transaction.amount.currency, column="value")
    return ReportedFlow(
        line=row.number,
        source_id=row.source_id,
        reference=reference,
        date=transaction.amount.on,
        status=STATUSES[transaction.type],
        flow_type=flow_type,
        method="",
        donor=donor,
        destination=destination,
        usd_minor=0,
        minor=_minor(transaction.amount),
        currency=currency,
        rate="",
        usage_from=None,
        usage_until=None,
        description=description,
    )


def _valued(flow: ReportedFlow, rates: Sequence[Rate], validity: Validity) -> ReportedFlow:
    """Add the value in US dollars at the rate in force on the flow's day. Raises Mismatch without a rate."""
    worth = value(Money(minor=flow.minor, currency=flow.currency), flow.date, rates, validity)
    return replace(flow, **asdict(worth))


def _minor(amount: Amount) -> int:
    """Return an amount in whole minor units.

    Raises Invalid unless it is positive, in range, and not finer than its currency's minor unit.
    """
    minor = amount.minor
    if minor is None:
        raise Invalid("amount-too-precise", column="value")
    if minor < 0:
        raise Invalid("amount-negative", column="value")
    if not minor:
        raise Invalid("amount-zero", column="value")
    if minor > MINOR_UNITS_MAX:
        raise Invalid("number-out-of-range", column="value")
    return minor


def _text(text: str, like: str, *, element: str) -> str:
    """Return the text. Raises Invalid unless it fits the length limit of the column `like`."""
    check_text(text, LENGTHS[like], column=element)
    return text


def _name(party: Party | None) -> str:
    if party is None:
        return ""
    return party.names[0].text if party.names and party.names[0].text else party.ref


def _source_id(activity: Activity, transaction: Transaction, equal: Counter[str]) -> str:
    """Return an id that is the same in every file with this transaction, and unique to it.

    It is made from the activity, the type, the day and the donor's reference, so that a corrected amount has the same
    id. Without a reference it is also made from amount, value date, receiver, provider, and the number of equal
    transactions before it, from `equal`.
    """
    said: list[object] = [activity.identifier, transaction.type, transaction.on, transaction.ref]
    if not transaction.ref:
        amount, receiver = transaction.amount, transaction.receiver or Party()
        said += [amount.value if amount.minor is None else amount.minor, amount.currency, amount.on, receiver.ref]
        said.append(transaction.provider.ref or _name(transaction.provider) if transaction.provider else "")
        before = str(said)
        said.append(equal[before])
        equal[before] += 1
    return "iati-" + hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:ID_DIGITS]
