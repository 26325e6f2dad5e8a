"""Tables and IATI files for tests of imports and exports."""

import csv
import io
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from uuid import UUID

from lxml import etree

from contracts.funds import YearlyRequirement
from contracts.values import Language
from services.pledges.open_data.iati.published import Ledger, Movement
from services.pledges.open_data.imports.model import LENGTHS
from tests.evaluation.__main__ import DATA

LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
UNODC = "XM-DAC-41128"
ON = date(2026, 2, 12)
PLEDGE = """<transaction ref="T-1">
<transaction-type code="12"/>
<transaction-date iso-date="2026-02-03"/>
<value currency="NOK" value-date="2026-02-12">10000.50</value>
<description><narrative>Fictitious sample: a pledge</narrative></description>
<receiver-org ref="XM-DAC-41128" receiver-activity-id="XM-DAC-41128-SHERLOC-MNT"/>
</transaction>"""
OPENED = """<iati-activity xml:lang="en">
<iati-identifier>XX-FICT-1-A1</iati-identifier>
<reporting-org ref="XX-FICT-1" type="10"><narrative>Government of Atlantis</narrative></reporting-org>
<title><narrative>Fictitious sample</narrative></title>
<description><narrative>Fictitious sample</narrative></description>
<participating-org role="1"/>
<activity-status code="2"/>
<activity-date type="2" iso-date="2026-01-01"/>
"""
PLACES: Mapping[str, str] = {
    "ref": ' ref="T-1"',
    "type": '<transaction-type code="12"/>',
    "day": "2026-02-03",
    "value_date": ' value-date="2026-02-12"',
    "currency": ' currency="NOK"',
    "amount": "10000.50",
    "text": "Fictitious sample: a pledge",
    "receiver": ' ref="XM-DAC-41128"',
    "end": "</transaction>",
}
REAL = DATA / "finance" / "ocha_fts_incoming_2020_sample.csv"
GOOD: Mapping[str, str] = {
    "id": "F-1",
    "refCode": "",
    "date": "2026-02-12",
    "status": "paid",
    "contributionType": "financial",
    "flowType": "Standard",
    "method": "Traditional aid",
    "boundary": "incoming",
    "description": "Fictitious sample",
    "amountUSD": "11500",
    "originalAmount": "10000",
    "originalCurrency": "EUR",
    "exchangeRate": "0.87",
    "srcOrganization": "Atlantis, Government of",
    "destOrganization": "A fund",
    "destUsageYearStart": "2026",
    "destUsageYearEnd": "2027",
}


def a_movement(type_: str = "pledged", account: str = "pledged", minor: int = 10_000_00, **changes: object) -> Movement:
    of_whom = {"donor": None if type_ in {"allocated", "returned", "spent"} else "NOR"}
    given = {"entry_id": UUID(int=1), "of_type": type_, "on": ON, "currency": "EUR", "earmarking": None}
    return Movement(type=type_, account=account, minor=minor, **(given | of_whom | changes))


def a_ledger(*movements: Movement, **changes: object) -> Ledger:
    given = {
        "fund": "SHERLOC-MNT",
        "labels": {language: f"Fictitious sample {language}" for language in Language},
        "requirements": [YearlyRequirement(year=2027, usd_minor=62_000_000)],
        "opened_on": date(2026, 1, 1),
        "movements": movements,
    }
    return Ledger(**(given | changes))


@cache
def schema_in(folder: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(folder / "xsd-2.03" / "iati-activities-schema.xsd")))


def an_activity(*transactions: str, opened: str = OPENED) -> str:
    return f"{opened}{''.join(transactions)}</iati-activity>"


def a_file(*activities: str, version: str = "2.03") -> bytes:
    return f'<?xml version="1.0"?><iati-activities version="{version}">{"".join(activities)}</iati-activities>'.encode()


def a_transaction(**changes: str) -> str:
    """Return the pledge above with replaced parts, named by their place."""
    text = PLEDGE
    for place, new in changes.items():
        assert PLACES[place] in text, place
        text = text.replace(PLACES[place], new, 1)
    return text


def a_table(*rows: Mapping[str, str], columns: tuple[str, ...] = tuple(LENGTHS)) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(GOOD | row for row in rows)
    return text.getvalue().encode()
