"""Each topic and kind belongs to one sector of the DAC's list, which has the name of the list."""

import csv
from collections import Counter
from pathlib import Path

from contracts import reference
from contracts.reference import dac
from contracts.reference.dac import LEGAL_AND_JUDICIAL_DEVELOPMENT, dac_sectors


def test_every_topic_and_kind_falls_in_one_sector() -> None:
    """A new topic or kind fails here until it is assigned to a sector."""
    sectors = dac_sectors().values()

    assert Counter(list(reference.topics())) == Counter(topic for one in sectors for topic in one.topics)
    assert Counter(list(reference.kinds())) == Counter(kind for one in sectors for kind in one.kinds)
    assert "15190" == dac.dac_sector_of("topics", "smuggling_of_migrants")
    assert "15131" == dac.dac_sector_of("kinds", "strategy_development")
    assert LEGAL_AND_JUDICIAL_DEVELOPMENT == dac.dac_sector_of("topics", "of_a_later_version")


def test_every_sector_is_in_force_and_called_as_its_source_calls_it(shared_data: Path) -> None:
    with (shared_data / "iati" / "codelists" / "Sector.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = {row["code"]: row for row in csv.DictReader(file) if row["status"] == "active"}

    for code, sector in dac_sectors().items():
        assert {"en": listed[code]["name_en"], "fr": listed[code]["name_fr"]} == dict(sector.labels), code


def test_no_sector_of_its_own_reveals_what_may_put_a_person_at_risk() -> None:
    at_risk = [code for code, kind in reference.kinds().items() if kind.restricted]

    assert at_risk
    assert {LEGAL_AND_JUDICIAL_DEVELOPMENT} == {dac.dac_sector_of("kinds", code) for code in at_risk}
    assert {LEGAL_AND_JUDICIAL_DEVELOPMENT} == {
        dac.dac_sector_of("topics", code) for code in ("victims_and_witnesses", "witness_protection")
    }
