"""The page of a figure: counted by a code as of a day, exact for UNODC, with files to download."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import reference
from services.console.figures.counted_figures import GROUPS, picture_of
from tests.console.site import Site

IN_THE_FUTURE = (datetime.now(UTC) + timedelta(days=7)).date().isoformat()
"""Not tomorrow, which is today when a run that began before midnight comes to it."""

SUPPRESSED = "Numbers of people below five are not shown"
FOUND = {"figure": "lines", "by": "topic", "as_of": "2026-12-31", "counts": "records", "total": 45}


def a_cell(value: str, number: int | None, median_days: int | None = None) -> dict[str, Any]:
    return {"value": value, "number": number, "suppressed": number is None, "median_days": median_days}


def test_every_figure_is_offered_once() -> None:
    named = {code.removeprefix("figure:") for code in reference.figures() if code.startswith("figure:")}

    assert sorted(named) == sorted(name for group in GROUPS for name in group.names)


def test_suppressed_number_has_neither_a_number_nor_a_length() -> None:
    picture = picture_of({**FOUND, "cells": [a_cell("extradition", 25), a_cell("adjudication", None)]}, "en")

    assert [["Extradition", "25"], ["Adjudication", "…"], ["Total", "45"]] == picture.rows
    assert "Needs, by topic (31 December 2026)" == picture.finding
    assert 1 == picture.svg.count("<rect"), "only the number that is shown has a bar"
    assert ">not shown</text>" in picture.svg


def test_durations_are_drawn_by_their_median() -> None:
    cells = [a_cell("submitted", 40, 14), a_cell("open", None)]

    picture = picture_of({**FOUND, "figure": "request_days", "by": "status", "counts": "days", "cells": cells}, "en")

    assert [["Submitted", "40", "14"], ["Open", "…", "…"], ["Total", "45", ""]] == picture.rows
    assert ">14</text>" in picture.svg
    assert ">40</text>" not in picture.svg


def test_months_and_amounts_are_written_in_the_readers_language() -> None:
    found = {**FOUND, "figure": "pledged", "by": "month", "counts": "usd_minor", "total": 123_400_000}

    picture = picture_of({**found, "cells": [a_cell("2026-11", 123_400_000)]}, "fr")

    assert [["novembre 2026", "1\u202f234\u202f000 USD"]] == picture.rows[:1]


def test_a_coordinator_counts_by_a_code_and_downloads_it(site: Site) -> None:
    with site.client("UNODC:coordinator") as client:
        assert "/en/figures/pledged" in client.get("/en/figures").text
        page = client.get("/en/figures/lines?by=paragraph").text
        assert ("Needs, by paragraph of the resolution" in page, "Numbers are exact" in page) == (True, True)
        assert "Records of Kenya." in client.get("/en/figures/lines?by=topic&state=KEN").text
        for query in ("by=weather", f"as_of={IN_THE_FUTURE}", "as_of=x"):
            refused = client.get(f"/en/figures/lines?{query}")
            assert (400, True) == (refused.status_code, "There is a problem" in refused.text)
        for file, begins in (("table.csv", b"\xef\xbb\xbfCode"), ("table.xlsx", b"PK"), ("chart.svg", b"<?xml")):
            answer = client.get(f"/en/figures/lines/{file}?by=paragraph")
            assert answer.content.startswith(begins), file
        missing = ("/en/figures/lines/table.pdf", "/en/figures/weather", "/en/figures/weather.csv")
        assert [404] * 3 == [client.get(one).status_code for one in missing]


def test_a_state_sees_exact_records_no_small_number_of_people_and_no_amount(site: Site) -> None:
    with site.client("KEN:focal_point") as client:
        assert "/en/figures/pledged" not in client.get("/en/figures").text
        page = client.get("/en/figures/lines").text
        assert (SUPPRESSED in page, "Records of Kenya." in page, 'name="state"' in page) == (False, True, False)
        assert SUPPRESSED in client.get("/en/figures/people").text


@pytest.mark.parametrize("person", ["ZAF:provider_officer", "FRA:donor_officer"])
def test_others_are_led_to_what_is_published(site: Site, person: str) -> None:
    with site.client(person) as client:
        page = client.get("/en/figures").text
        assert ('href="/en/figures/lines"' in page, 'href="/en/public/figures"' in page) == (False, True)
        assert 403 == client.get("/en/figures/lines").status_code
