"""Parser of IATI activity files: those of donors, and our own, to check them.

A file that cannot be an activity file is refused as a whole; otherwise each record with a defect is left out and the
defect reported with its line. Codes are checked by `notes`, not here. XML from outside is dangerous: document types are
refused, so there are no entities; nothing is fetched; size and counts are limited.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from lxml import etree
from msgspec import Struct

from contracts.refusals import Invalid
from services.pledges.open_data.iati.activity import (
    DECIMAL,
    Activity,
    Amount,
    Budget,
    Coded,
    Dated,
    Document,
    Indicator,
    Marker,
    Measured,
    Narrative,
    Party,
    Result,
    Share,
    Transaction,
)
from services.pledges.open_data.iati.writing import LANGUAGE, PARENT

FILE_BYTES_MAX = 5 * 1024 * 1024
TRANSACTIONS_MAX = 10_000
ATTRIBUTES_MAX = 100
"""Maximum number of attributes of an element, many times as many as the standard has."""

DEFECTS_MAX = 100
"""Maximum number of defects reported."""

DAC = "1"
"""The default vocabulary."""

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:Z|[+-]\d{2}:\d{2})?\Z", re.ASCII)
# The number is limited because inherited values are looked up from each descendant, one attribute after another.
_HAS_MORE = etree.XPath("boolean(//*[@*[position() > $most]])")
Element = Any
T = TypeVar("T")


class Defect(Struct, frozen=True, kw_only=True):
    """The slug of a record's refusal, and the line."""

    slug: str
    line: int
    details: Mapping[str, str] = {}


class Reading(Struct, frozen=True, kw_only=True):
    """The records of a file without defects, and the first defect of each other record."""

    version: str
    activities: tuple[Activity, ...]
    defects: tuple[Defect, ...]


class TransactionList(Struct, frozen=True, kw_only=True):
    """All transactions of a file in order, each with its activity; for a defect in either, the defect instead."""

    version: str
    transactions: tuple[tuple[Activity, Transaction] | Invalid, ...]


def read(data: bytes, *, transactions_max: int = TRANSACTIONS_MAX, bytes_max: int = FILE_BYTES_MAX) -> Reading:
    """Read a file. Raises Invalid if it is not an IATI activity file, or is too large."""
    root = _activities(data, transactions_max, bytes_max)
    reader = _Reader()
    found = [reader.attempt(one, reader.activity) for one in root.iterchildren("iati-activity")]
    return Reading(
        version=_version(root),
        activities=tuple(activity for activity in found if activity),
        defects=tuple(reader.defects[:DEFECTS_MAX]),
    )


def read_transactions(data: bytes, *, transactions_max: int, bytes_max: int = FILE_BYTES_MAX) -> TransactionList:
    """Like `read`, for transactions only, with one result for each element of that name."""
    root = _activities(data, transactions_max, bytes_max)
    known: dict[Element, Activity | Invalid] = {}

    def found(at: Element) -> tuple[Activity, Transaction] | Invalid:
        parent = at.getparent()
        if parent not in known:
            known[parent] = _activity_of(root, parent)
        activity = known[parent]
        if isinstance(activity, Invalid):
            return activity
        try:
            return activity, _transaction(at, parent.get("default-currency"))
        except Invalid as no:
            return no

    return TransactionList(version=_version(root), transactions=tuple(found(at) for at in root.iter("transaction")))


def defect_of(no: Invalid) -> Defect:
    details = {name: str(value) for name, value in no.details.items() if name != "line"}
    return Defect(slug=no.slug, line=int(str(no.details.get("line", 1))), details=details)


def _activities(data: bytes, transactions_max: int, bytes_max: int) -> Element:
    if len(data) > bytes_max:
        raise Invalid("xml-too-large", bytes_max=bytes_max)
    root = _root(data)
    if _HAS_MORE(root, most=ATTRIBUTES_MAX):
        raise Invalid("xml-attributes-too-many", attributes_max=ATTRIBUTES_MAX)
    if root.tag != "iati-activities":
        raise Invalid("iati-not-activities", line=root.sourceline)
    if sum(1 for _ in root.iter("transaction")) > transactions_max:
        raise Invalid("iati-too-many-transactions", transactions_max=transactions_max)
    return root


def _activity_of(root: Element, at: Element) -> Activity | Invalid:
    """Return the enclosing activity, or its defect."""
    try:
        if at.tag != "iati-activity" or at.getparent() is not root:
            raise Invalid("iati-transaction-misplaced", line=at.sourceline)
        return _Reader().activity(at)
    except Invalid as no:
        return no


def _version(root: Element) -> str:
    return str(root.get("version", "")).strip()


def parser(**more: Any) -> etree.XMLParser:
    """Return a parser that resolves no entities and fetches nothing."""
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, **more)


class _RootReached(Exception):
    """Raised at the document's root element to end parsing."""


class _PrologTarget:
    """Parser target for the prolog that refuses a document type before it is processed."""

    def doctype(self, *_: object) -> None:
        raise Invalid("xml-doctype")

    def start(self, *_: object) -> None:
        raise _RootReached

    def close(self) -> None:
        """Do nothing; lxml requires this method."""


def _root(data: bytes) -> Element:
    try:
        etree.fromstring(data, parser(target=_PrologTarget()))
    except _RootReached:
        pass
    except etree.XMLSyntaxError as error:
        raise Invalid("xml-malformed", line=error.lineno or 1) from error
    try:
        return etree.fromstring(data, parser(remove_comments=True, remove_pis=True))
    except etree.XMLSyntaxError as error:
        raise Invalid("xml-malformed", line=error.lineno or 1) from error


class _Reader:
    def __init__(self) -> None:
        self.defects: list[Defect] = []

    def attempt(self, at: Element, read_one: Callable[[Element], T]) -> T | None:
        """Read an element; on a defect, record the defect and return None."""
        try:
            return read_one(at)
        except Invalid as no:
            self.defects.append(defect_of(no))
            return None

    def all(self, at: Element, name: str, read_one: Callable[[Element], T]) -> tuple[T, ...]:
        found = (self.attempt(one, read_one) for one in at.iterchildren(name))
        return tuple(one for one in found if one is not None)

    def activity(self, at: Element) -> Activity:
        currency = at.get("default-currency")
        described = next(at.iterchildren("description"), None)
        if described is None:
            raise Invalid("iati-element-missing", line=at.sourceline, element="description")
        return Activity(
            identifier=_text(_one(at, "iati-identifier")),
            reporter=_reporter(_one(at, "reporting-org")),
            titles=_some_narratives(_one(at, "title")),
            description=_some_narratives(described),
            participants=self.all(at, "participating-org", _participant),
            status=_required(_one(at, "activity-status"), "code"),
            dates=self.all(at, "activity-date", lambda one: Dated(_required(one, "type"), _day(one, "iso-date"))),
            scope=_code(at, "activity-scope"),
            countries=self.all(at, "recipient-country", _share),
            regions=self.all(at, "recipient-region", _region),
            sectors=self.all(at, "sector", _sector),
            markers=self.all(at, "policy-marker", _marker),
            flow=_code(at, "default-flow-type"),
            finance=_code(at, "default-finance-type"),
            aid=self.all(at, "default-aid-type", _coded),
            tied=_code(at, "default-tied-status"),
            budgets=self.all(at, "budget", lambda one: _budget(one, currency)),
            transactions=self.all(at, "transaction", lambda one: _transaction(one, currency)),
            parent=next(
                (one.get("ref", "") for one in at.iterchildren("related-activity") if one.get("type") == PARENT), ""
            ),
            documents=self.all(at, "document-link", _document),
            results=self.all(at, "result", _result),
            language=at.get(LANGUAGE, ""),
            currency=currency or "",
            updated=at.get("last-updated-datetime", ""),
            hierarchy=at.get("hierarchy", ""),
        )


# -- records ----------------------------------------------------------------------------------------------------------


def _budget(at: Element, currency: str | None) -> Budget:
    return Budget(
        kind=at.get("type", ""),
        status=at.get("status", ""),
        starts=_day(_blank(_one(at, "period-start")), "iso-date"),
        ends=_day(_blank(_one(at, "period-end")), "iso-date"),
        amount=_amount(_one(at, "value"), currency),
    )


def _transaction(at: Element, currency: str | None) -> Transaction:
    described = _at_most_one(at, "description")
    provider, receiver = _at_most_one(at, "provider-org"), _at_most_one(at, "receiver-org")
    return Transaction(
        ref=at.get("ref", ""),
        type=_required(_blank(_one(at, "transaction-type")), "code"),
        on=_day(_blank(_one(at, "transaction-date")), "iso-date"),
        amount=_amount(_one(at, "value"), currency),
        description=() if described is None else _some_narratives(described),
        provider=None if provider is None else _party(provider, activity_as="provider-activity-id"),
        receiver=None if receiver is None else _party(receiver, activity_as="receiver-activity-id"),
        sectors=tuple(_sector_of_transaction(one) for one in at.iterchildren("sector")),
        flow=_code(at, "flow-type"),
        finance=_code(at, "finance-type"),
        aid=tuple(_coded(one) for one in at.iterchildren("aid-type")),
        tied=_code(at, "tied-status"),
    )


def _document(at: Element) -> Document:
    return Document(
        url=_required(at, "url"),
        format=at.get("format", ""),
        titles=_some_narratives(_one(at, "title")),
        categories=tuple(_required(one, "code") for one in at.iterchildren("category")),
        language=next((_required(one, "code") for one in at.iterchildren("language")), ""),
    )


def _result(at: Element) -> Result:
    return Result(
        kind=at.get("type", ""),
        titles=_some_narratives(_one(at, "title")),
        indicators=tuple(map(_indicator, at.iterchildren("indicator"))),
    )


def _indicator(at: Element) -> Indicator:
    return Indicator(
        measure=at.get("measure", ""),
        titles=_some_narratives(_one(at, "title")),
        periods=tuple(map(_measured, at.iterchildren("period"))),
    )


def _measured(at: Element) -> Measured:
    return Measured(
        starts=_day(_one(at, "period-start"), "iso-date"),
        ends=_day(_one(at, "period-end"), "iso-date"),
        actual=next((one.get("value", "") for one in at.iterchildren("actual")), ""),
        target=next((one.get("value", "") for one in at.iterchildren("target")), ""),
    )


def _reporter(at: Element) -> Party:
    return Party(ref=_required(at, "ref"), kind=at.get("type", ""), names=_narratives(at))


def _participant(at: Element) -> Party:
    _required(at, "role")
    return _party(at, activity_as="activity-id")


def _party(at: Element, *, activity_as: str) -> Party:
    return Party(
        ref=at.get("ref", ""),
        kind=at.get("type", ""),
        role=at.get("role", ""),
        activity=at.get(activity_as, ""),
        names=_narratives(at),
    )


def _share(at: Element) -> Share:
    percentage = at.get("percentage", "").strip()
    if percentage:
        _decimal(at, percentage)
    return Share(_required(at, "code"), at.get("vocabulary", ""), percentage)


def _region(at: Element) -> Share:
    share = _share(at)
    return Share(share.code, share.vocabulary or DAC, share.percentage)


_sector = _region


def _sector_of_transaction(at: Element) -> Coded:
    return Coded(_required(at, "code"), at.get("vocabulary") or DAC)


def _coded(at: Element) -> Coded:
    return Coded(_required(_blank(at), "code"), at.get("vocabulary") or DAC)


def _marker(at: Element) -> Marker:
    return Marker(_required(at, "code"), at.get("vocabulary") or DAC, at.get("significance", ""))


def _amount(at: Element, currency: str | None) -> Amount:
    currency = at.get("currency") or currency or None
    # An element's text ends at its first child, so the rest would be cut off.
    value = _decimal(at, "" if len(at) else _text(at))
    return Amount(value, currency, _day(at, "value-date"))


# -- elements, attributes, values -------------------------------------------------------------------------------------


def _one(parent: Element, name: str) -> Element:
    found = _at_most_one(parent, name)
    if found is None:
        raise Invalid("iati-element-missing", line=parent.sourceline, element=name)
    return found


def _at_most_one(parent: Element, name: str) -> Element | None:
    first = None
    for found in parent.iterchildren(name):
        if first is not None:
            raise Invalid("iati-element-repeated", line=found.sourceline, element=name)
        first = found
    return first


def _required(at: Element, name: str) -> str:
    value = at.get(name)
    if value is None:
        raise Invalid("iati-attribute-missing", line=at.sourceline, element=at.tag, attribute=name)
    return str(value)


def _code(parent: Element, name: str) -> str:
    found = _at_most_one(parent, name)
    return "" if found is None else _required(_blank(found), "code")


def _blank(at: Element) -> Element:
    if _text(at):
        raise Invalid("iati-text-misplaced", line=at.sourceline, element=at.tag)
    return at


def _day(at: Element, name: str) -> date:
    found = _DATE.match(_required(at, name).strip())
    try:
        if found:
            return date.fromisoformat(found[1])
    except ValueError:
        pass
    raise Invalid("iati-date-invalid", line=at.sourceline, element=at.tag, attribute=name)


def _decimal(at: Element, text: str) -> str:
    if not DECIMAL.match(text):
        raise Invalid("iati-number-invalid", line=at.sourceline, element=at.tag)
    return text


def _some_narratives(at: Element) -> tuple[Narrative, ...]:
    if not (found := _narratives(at)):
        raise Invalid("iati-element-missing", line=at.sourceline, element="narrative")
    return found


def _narratives(at: Element) -> tuple[Narrative, ...]:
    return tuple(Narrative(_text(one), _language(one)) for one in at.iterchildren("narrative"))


def _language(at: Element) -> str | None:
    """Return the element's own language, or that of the nearest element around it; None if there is none."""
    while at is not None:
        if said := at.get(LANGUAGE):
            return str(said)
        at = at.getparent()
    return None


def _text(at: Element) -> str:
    return (at.text or "").strip()
