"""A donor's activity file as flows: the first broken rule of each transaction; every transaction is accounted for."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.pledges import Rate
from contracts.refusals import Invalid
from services.pledges.money.model import DEFAULT_VALIDITY
from services.pledges.open_data.flows.model import FlowStatus
from services.pledges.open_data.iati.codes import TransactionType
from services.pledges.open_data.imports.iati import STATUSES, rates_needed, read, validate
from services.pledges.open_data.imports.model import ReportedFlow, ValidatedRows
from tests.pledges.open_data.builders import OPENED, PLEDGE, a_file, a_transaction, an_activity

UNODC, TODAY = "XM-DAC-41128", date(2026, 6, 1)
IN_FORCE = [Rate(source="fictitious", currency="NOK", valid_from=date(2026, 2, 1), usd_per_unit="0.0988")]


def judged(content: bytes, *, known: frozenset[str] = frozenset()) -> ValidatedRows:
    rows = read(content)
    rates = {(currency, on): IN_FORCE for currency, on in rates_needed(rows, UNODC)}
    found = validate(rows, known, reporter=UNODC, rates=rates, validity=DEFAULT_VALIDITY, until=TODAY)
    assert content.count(b"<transaction ") + content.count(b"<transaction>") + content.count(b"<transaction/>") == len(
        found.accepted
    ) + len(found.rejected)
    return found


def kept(*transactions: str) -> list[ReportedFlow]:
    found = judged(a_file(an_activity(*transactions)))
    assert () == found.rejected
    return list(found.accepted)


def slugs(*transactions: str, opened: str = OPENED) -> list[tuple[int, str, str | None]]:
    found = judged(a_file(an_activity(*transactions, opened=opened)))
    return [(row.line, row.slug, row.column) for row in found.rejected]


# -- accepted ---------------------------------------------------------------------------------------------------------


def test_transaction_to_us_is_accepted_and_valued() -> None:
    (flow,) = kept(PLEDGE)

    assert (1, "pledge", 1_000_050, "NOK", date(2026, 2, 12)) == (
        flow.line, flow.status, flow.minor, flow.currency, flow.date,
    )  # fmt: skip
    assert (98_805, "0.0988", "fictitious", date(2026, 2, 1)) == (
        flow.usd_minor, flow.rate, flow.rate_source, flow.rate_date,
    )  # fmt: skip
    assert ("XX-FICT-1-A1", "Government of Atlantis", "XM-DAC-41128-SHERLOC-MNT", "Fictitious sample: a pledge") == (
        flow.reference, flow.donor, flow.destination, flow.description,
    )  # fmt: skip


def test_flow_statuses_match_iati_transaction_types(shared_data: Path) -> None:
    with (shared_data / "iati" / "codelists" / "TransactionType.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["code"]: row["name_en"] for row in csv.DictReader(file)}
    by_label = {labels[code]: status for code, status in STATUSES.items()}

    assert set(labels) == set(TransactionType)
    assert {
        "Outgoing Pledge": FlowStatus.PLEDGE,
        "Outgoing Commitment": FlowStatus.COMMITMENT,
        "Disbursement": FlowStatus.PAID,
    } == by_label


def test_donor_is_provider_or_reporter() -> None:
    provider = '<provider-org ref="XX-FICT-2"/></transaction>'
    named = '<provider-org ref="XX-FICT-2"><narrative>Agency of Atlantis</narrative></provider-org></transaction>'
    nobody = "<provider-org/></transaction>"

    assert ["XX-FICT-2", "Agency of Atlantis", "Government of Atlantis"] == [
        flow.donor for end in (provider, named, nobody) for flow in kept(a_transaction(end=end))
    ]


def test_description_defaults_to_activity_title() -> None:
    said = "<description><narrative>Fictitious sample: a pledge</narrative></description>"

    assert ["Fictitious sample"] == [flow.description for flow in kept(PLEDGE.replace(said, ""))]


def test_dollars_need_no_rate() -> None:
    (flow,) = kept(a_transaction(currency=' currency="USD"'))

    assert (1_000_050, "1", "par") == (flow.usd_minor, flow.rate, flow.rate_source)


# -- rejected ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "slug", "column"),
    [
        ({"type": '<transaction-type code="13"/>'}, "iati-type-not-outgoing", "transaction-type"),
        ({"type": '<transaction-type code="1"/>'}, "iati-type-not-outgoing", "transaction-type"),
        ({"type": '<transaction-type code="D"/>'}, "iati-type-not-outgoing", "transaction-type"),
        ({"type": ""}, "iati-element-missing", "transaction-type"),
        ({"type": "<transaction-type/>"}, "iati-attribute-missing", "transaction-type"),
        ({"receiver": ' ref="XX-FICT-9"'}, "iati-receiver-not-us", "receiver-org"),
        ({"receiver": ""}, "iati-receiver-not-us", "receiver-org"),
        ({"text": "x" * 2001}, "text-too-long", "description"),
        ({"text": "a&#x85;b"}, "control-character", "description"),
        ({"currency": ""}, "currency-missing", "value"),
        ({"currency": ' currency="XAU"'}, "currency-unknown", "value"),
        ({"currency": ' currency="nok"'}, "currency-unknown", "value"),
        ({"amount": ""}, "iati-number-invalid", "value"),
        ({"amount": "1,000"}, "iati-number-invalid", "value"),
        ({"amount": "0.00"}, "amount-zero", "value"),
        ({"amount": "-5"}, "amount-negative", "value"),
        ({"amount": "1.005"}, "amount-too-precise", "value"),
        ({"amount": "10000000000000.01"}, "number-out-of-range", "value"),
        ({"value_date": ""}, "iati-attribute-missing", "value"),
        ({"value_date": ' value-date="2026-02-30"'}, "iati-date-invalid", "value"),
        ({"value_date": ' value-date="2026-06-02"'}, "date-ahead", "value"),
        ({"value_date": ' value-date="2026-03-01"'}, "rate-not-in-force", None),
        ({"currency": ' currency="EUR"'}, "rate-not-in-force", None),
    ],
)
def test_transaction_is_rejected_by_first_broken_rule(changes: dict[str, str], slug: str, column: str | None) -> None:
    assert [(1, slug, column)] == slugs(a_transaction(**changes))


def test_transfer_between_own_funds_is_rejected() -> None:
    from_us = '<provider-org ref="XM-DAC-41128"/><receiver-org'
    named = PLEDGE.replace("<receiver-org", from_us)
    of_ours = OPENED.replace("XX-FICT-1-A1", "XM-DAC-41128-A1").replace('"XX-FICT-1"', '"XM-DAC-41128"')

    for activity in (an_activity(named), an_activity(PLEDGE, opened=of_ours)):
        found = judged(a_file(activity))
        assert [("donor-missing", "provider-org")] == [(one.slug, one.column) for one in found.rejected]


def test_activity_defect_rejects_its_transactions_only() -> None:
    broken = an_activity(PLEDGE, a_transaction(ref=""), opened=OPENED.replace('<activity-status code="2"/>', ""))
    found = judged(a_file(broken, an_activity(PLEDGE)))

    assert [3] == [flow.line for flow in found.accepted]
    assert [(1, "iati-element-missing", "activity-status"), (2, "iati-element-missing", "activity-status")] == [
        (row.line, row.slug, row.column) for row in found.rejected
    ]


def test_activity_without_identifier_is_rejected() -> None:
    opened = OPENED.replace("XX-FICT-1-A1", " ")

    assert [(1, "iati-element-missing", "iati-identifier")] == slugs(PLEDGE, opened=opened)


@pytest.mark.parametrize(
    "content",
    [
        a_file(PLEDGE),
        a_file(f"<wrapped>{an_activity(PLEDGE)}</wrapped>"),
        a_file(an_activity(f"<wrapped>{PLEDGE}</wrapped>")),
        a_file(f"<organisation>{PLEDGE}</organisation>"),
    ],
)
def test_misplaced_transaction_is_counted(content: bytes) -> None:
    assert ["iati-transaction-misplaced"] == [row.slug for row in judged(content).rejected]


def test_nested_transaction_is_counted_separately() -> None:
    found = judged(a_file(an_activity(a_transaction(end=f"{PLEDGE}</transaction>"))))

    assert ([1], ["iati-transaction-misplaced"]) == ([f.line for f in found.accepted], [r.slug for r in found.rejected])


@pytest.mark.parametrize("version", ["", "1.05", "2.04", "3.0", "xx", " 2.03.1"])
def test_other_iati_version_is_rejected(version: str) -> None:
    with pytest.raises(Invalid) as no:
        read(a_file(an_activity(PLEDGE), version=version))

    assert "iati-version-unknown" == no.value.slug


def test_file_without_transactions_is_rejected() -> None:
    with pytest.raises(Invalid) as no:
        read(a_file(an_activity()))

    assert "iati-transactions-missing" == no.value.slug


# -- ids --------------------------------------------------------------------------------------------------------------


def test_transaction_id_does_not_depend_on_context() -> None:
    without = a_transaction(ref="")
    (first, second) = kept(PLEDGE, without)
    (again, other) = kept(without.replace("10000.50", "+10000.500"), PLEDGE)

    assert (first.source_id, second.source_id) == (other.source_id, again.source_id)
    assert first.source_id != second.source_id


def test_equal_transactions_are_distinct_without_reference() -> None:
    without = a_transaction(ref="")

    assert 3 == len({flow.source_id for flow in kept(without, without, a_transaction(ref="", amount="1"))})
    assert [(2, "id-repeated", "transaction")] == slugs(PLEDGE, a_transaction(amount="7"))
    assert [] == slugs(PLEDGE, a_transaction(day="2026-02-04"), a_transaction(type='<transaction-type code="2"/>'))


def test_provider_and_value_date_distinguish_transactions_without_reference() -> None:
    """This also holds in another file: neither transaction is taken for a known one."""
    given = [
        a_transaction(ref="", end=f"<provider-org{ref}><narrative>{name}</narrative></provider-org></transaction>")
        for ref, name in (("", "Lemuria"), ("", "Mu"), (' ref="XX-FICT-2"', "Mu"), (' ref="XX-FICT-2"', "MU"))
    ]
    given.append(a_transaction(ref="", value_date=' value-date="2026-02-13"'))
    ids = [flow.source_id for one in given for flow in kept(one)]

    assert ids[2] == ids[3], "the identifier decides, however the name is written"
    assert 4 == len(set(ids))


def test_known_transaction_is_rejected_with_another_amount() -> None:
    known = frozenset(flow.source_id for flow in kept(PLEDGE))

    assert ["imported-already"] == [
        row.slug for row in judged(a_file(an_activity(a_transaction(amount="1"))), known=known).rejected
    ]


@given(
    st.lists(st.sampled_from([PLEDGE, a_transaction(ref=""), a_transaction(amount="-1"), "<transaction/>"]), min_size=1)
)
def test_every_transaction_is_accepted_or_rejected(transactions: list[str]) -> None:
    found = judged(a_file(an_activity(*transactions)))

    numbers = [flow.line for flow in found.accepted] + [row.line for row in found.rejected]
    assert list(range(1, len(transactions) + 1)) == sorted(numbers)


# -- the samples of IATI ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (b"xx", {"iati-version-unknown": 94, "rejected": 1, "iati-not-activities": 1}),
        (b"2.03", {"iati-transactions-missing": 47, "rejected": 48, "iati-not-activities": 1}),
    ],
)
def test_every_transaction_of_samples_is_accounted_for(
    shared_data: Path, version: bytes, expected: dict[str, int]
) -> None:
    """Most samples are of version `xx`, and are read again as their real version."""
    samples, reported = sorted((shared_data / "iati" / "samples").glob("*.xml")), Counter[str]()
    for path in samples:
        try:
            found = judged(path.read_bytes().replace(b'version="xx"', b'version="%s"' % version))
            assert () == found.accepted, "no sample has UNODC as receiver"
            reported["rejected"] += 1
        except Invalid as no:
            reported[no.slug] += 1

    assert (96, expected) == (len(samples), reported)
