"""IATI codes in our files exist in the standard's lists, and unknown ones are noted."""

import csv
from pathlib import Path

from msgspec.structs import replace

from contracts.reference.dac import dac_sectors
from contracts.values import Language
from services.pledges.open_data.iati import codes
from services.pledges.open_data.iati.activity import Amount, Share
from services.pledges.open_data.iati.codes import notes
from services.pledges.open_data.iati.published import activities
from tests.pledges.open_data.builders import ON, UNODC, a_ledger, a_movement


def test_every_used_code_is_in_force_in_iati_lists(shared_data: Path) -> None:
    used = {
        "TransactionType": set(codes.TransactionType),
        "OrganisationRole": set(codes.OrganisationRole),
        "OrganisationType": set(codes.OrganisationType),
        "ActivityStatus": set(codes.ActivityStatus),
        "ActivityDateType": set(codes.ActivityDate),
        "ActivityScope": {codes.ACTIVITY_SCOPE_GLOBAL},
        "BudgetType": {codes.BUDGET_ORIGINAL, codes.BUDGET_REVISED},
        "BudgetStatus": {codes.BUDGET_INDICATIVE},
        "FlowType": {codes.FLOW_ODA},
        "FinanceType": {codes.FINANCE_STANDARD_GRANT},
        "TiedStatus": {codes.UNTIED},
        "AidType": {codes.AID_TO_A_FUND.code, codes.AID_IN_PROJECTS.code},
        "AidTypeVocabulary": {codes.EARMARKING, codes.AID_TO_A_FUND.vocabulary, codes.AID_IN_PROJECTS.vocabulary},
        "EarmarkingCategory": set(codes.EARMARKING_CATEGORIES.values()),
        "Region": {codes.DEVELOPING_COUNTRIES_UNSPECIFIED.code},
        "RegionVocabulary": {codes.DEVELOPING_COUNTRIES_UNSPECIFIED.vocabulary},
        "Sector": set(dac_sectors()),
        "SectorVocabulary": {codes.DAC},
        "PolicyMarker": {codes.GENDER_EQUALITY},
        "PolicyMarkerVocabulary": {codes.DAC},
        "PolicySignificance": {"0", "1", "2"},
        "RelatedActivityType": {"1"},
        "Language": set(Language),
        "Version": {"2.03"},
        "CRSChannelCode": {UNODC.rpartition("-")[2]},
        "OrganisationRegistrationAgency": {"XM-DAC"},
    }
    unspecified = codes.DEVELOPING_COUNTRIES_UNSPECIFIED.code
    assert "Developing countries, unspecified" == named(shared_data, "Region", unspecified)
    assert "Gender Equality" == named(shared_data, "PolicyMarker", codes.GENDER_EQUALITY)
    for name, found in used.items():
        with (shared_data / "iati" / "codelists" / f"{name}.csv").open(encoding="utf-8") as file:
            in_force = {row["code"] for row in csv.DictReader(file) if row["status"] != "withdrawn"}
        assert set(map(str, found)) <= in_force, name


def named(shared_data: Path, table: str, code: str) -> str:
    with (shared_data / "iati" / "codelists" / f"{table}.csv").open(encoding="utf-8") as file:
        return next(row["name_en"] for row in csv.DictReader(file) if row["code"] == code)


def test_unknown_codes_are_noted() -> None:
    (fund,) = activities(a_ledger(a_movement()), reporter=UNODC)
    (one,) = fund.transactions
    strange = [
        replace(one, type="99"),
        replace(one, amount=Amount("1", "XXQ", ON)),
        replace(one, amount=Amount("1.005", "EUR", ON)),
    ]
    halves = (Share("15130", "1", "50"), Share("15160", "1", "49.9"))
    bad = replace(fund, transactions=tuple(strange), sectors=halves, regions=())

    assert ["99", "XXQ", "1.005", "999/10"] == [note.value for note in notes(bad)]
