"""Writer of activities as an IATI 2.03 file: the same bytes for the same activities.

Elements are in the order of the schema. Every narrative names its language and every amount its currency, beside the
defaults of its activity.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from lxml import etree

from services.pledges.open_data.iati.activity import (
    Activity,
    Amount,
    Budget,
    Coded,
    Document,
    Narrative,
    Party,
    Result,
    Share,
    Transaction,
)

VERSION = "2.03"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
PARENT = "1"
"""The related activity type of the parent."""

_NOT_FOR_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Element = Any


def write(activities: Iterable[Activity], *, generated_at: datetime) -> bytes:
    """Return the activities as a file in UTF-8."""
    root = etree.Element("iati-activities", {"version": VERSION, "generated-datetime": generated_at.isoformat()})
    for activity in activities:
        _activity(root, activity)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _activity(root: Element, activity: Activity) -> None:
    defaults = {"default-currency": activity.currency, "last-updated-datetime": activity.updated}
    attributes = {LANGUAGE: activity.language, "hierarchy": activity.hierarchy, **defaults}
    at = etree.SubElement(root, "iati-activity", _said(attributes))
    _text(etree.SubElement(at, "iati-identifier"), activity.identifier)
    reporter = etree.SubElement(at, "reporting-org", ref=activity.reporter.ref, type=activity.reporter.kind)
    _narratives(reporter, activity.reporter.names)
    _narratives(etree.SubElement(at, "title"), activity.titles)
    _narratives(etree.SubElement(at, "description"), activity.description)
    for participant in activity.participants:
        _party(at, "participating-org", participant, activity_as="activity-id")
    etree.SubElement(at, "activity-status", code=activity.status)
    for dated in activity.dates:
        etree.SubElement(at, "activity-date", {"type": dated.type, "iso-date": dated.on.isoformat()})
    _code(at, "activity-scope", activity.scope)
    _shares(at, "recipient-country", activity.countries)
    _shares(at, "recipient-region", activity.regions)
    _shares(at, "sector", activity.sectors)
    for marker in activity.markers:
        said = {"vocabulary": marker.vocabulary, "code": marker.code, "significance": marker.significance}
        etree.SubElement(at, "policy-marker", _said(said))
    _code(at, "default-flow-type", activity.flow)
    _code(at, "default-finance-type", activity.finance)
    _coded(at, "default-aid-type", activity.aid)
    _code(at, "default-tied-status", activity.tied)
    for budget in activity.budgets:
        _budget(at, budget)
    for transaction in activity.transactions:
        _transaction(at, transaction)
    for document in activity.documents:
        _document(at, document)
    if activity.parent:
        etree.SubElement(at, "related-activity", ref=activity.parent, type=PARENT)
    for result in activity.results:
        _result(at, result)


def _budget(parent: Element, budget: Budget) -> None:
    at = etree.SubElement(parent, "budget", _said({"type": budget.kind, "status": budget.status}))
    etree.SubElement(at, "period-start", {"iso-date": budget.starts.isoformat()})
    etree.SubElement(at, "period-end", {"iso-date": budget.ends.isoformat()})
    _amount(at, budget.amount)


def _transaction(parent: Element, transaction: Transaction) -> None:
    at = etree.SubElement(parent, "transaction", _said({"ref": transaction.ref}))
    etree.SubElement(at, "transaction-type", code=transaction.type)
    etree.SubElement(at, "transaction-date", {"iso-date": transaction.on.isoformat()})
    _amount(at, transaction.amount)
    if transaction.description:
        _narratives(etree.SubElement(at, "description"), transaction.description)
    if transaction.provider:
        _party(at, "provider-org", transaction.provider, activity_as="provider-activity-id")
    if transaction.receiver:
        _party(at, "receiver-org", transaction.receiver, activity_as="receiver-activity-id")
    _coded(at, "sector", transaction.sectors)
    _code(at, "flow-type", transaction.flow)
    _code(at, "finance-type", transaction.finance)
    _coded(at, "aid-type", transaction.aid)
    _code(at, "tied-status", transaction.tied)


def _document(parent: Element, document: Document) -> None:
    at = etree.SubElement(parent, "document-link", {"url": document.url, "format": document.format})
    _narratives(etree.SubElement(at, "title"), document.titles)
    for category in document.categories:
        etree.SubElement(at, "category", code=category)
    _code(at, "language", document.language)


def _result(parent: Element, result: Result) -> None:
    at = etree.SubElement(parent, "result", _said({"type": result.kind}))
    _narratives(etree.SubElement(at, "title"), result.titles)
    for indicator in result.indicators:
        measured = etree.SubElement(at, "indicator", _said({"measure": indicator.measure}))
        _narratives(etree.SubElement(measured, "title"), indicator.titles)
        for period in indicator.periods:
            during = etree.SubElement(measured, "period")
            etree.SubElement(during, "period-start", {"iso-date": period.starts.isoformat()})
            etree.SubElement(during, "period-end", {"iso-date": period.ends.isoformat()})
            if period.target:
                etree.SubElement(during, "target", value=period.target)
            if period.actual:
                etree.SubElement(during, "actual", value=period.actual)


def _amount(parent: Element, amount: Amount) -> None:
    said = _said({"currency": amount.currency or "", "value-date": amount.on.isoformat()})
    etree.SubElement(parent, "value", said).text = amount.value


def _party(parent: Element, name: str, party: Party, *, activity_as: str) -> None:
    said = {"ref": party.ref, "type": party.kind, "role": party.role, activity_as: party.activity}
    _narratives(etree.SubElement(parent, name, _said(said)), party.names)


def _shares(parent: Element, name: str, shares: Sequence[Share]) -> None:
    for share in shares:
        said = {"vocabulary": share.vocabulary, "code": share.code, "percentage": share.percentage}
        etree.SubElement(parent, name, _said(said))


def _coded(parent: Element, name: str, codes: Sequence[Coded]) -> None:
    for one in codes:
        etree.SubElement(parent, name, _said({"vocabulary": one.vocabulary, "code": one.code}))


def _code(parent: Element, name: str, code: str) -> None:
    if code:
        etree.SubElement(parent, name, code=code)


def _narratives(parent: Element, narratives: Sequence[Narrative]) -> None:
    for narrative in narratives:
        said = {LANGUAGE: narrative.language} if narrative.language else {}
        _text(etree.SubElement(parent, "narrative", said), narrative.text)


def _text(at: Element, text: str) -> None:
    # XML cannot represent most control characters, so they are replaced.
    at.text = _NOT_FOR_XML.sub("\ufffd", text)


def _said(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if value}
