"""Figures as tables and charts, in the six languages."""

import csv
import io

import openpyxl
import pytest
from lxml import etree

from chassis.db.database import Database
from contracts import formats, reference
from contracts import requests as r
from contracts.reference.figure_labels import PLAIN, TABLES, label_of, name_of
from contracts.values import Language
from services.reports.figures.model import FIGURES
from tests.builders import headers
from tests.reports.open_data.steps import APRIL, issued
from tests.reports.steps import COORDINATOR, Client, Owners, a_submission, counted_people, day, of_request

SVG = "{http://www.w3.org/2000/svg}"


async def test_a_figure_is_a_table_in_the_readers_language(api: Client, owners: Owners, db: Database) -> None:
    await owners.submit(7, public=True)
    await issued(db, APRIL)
    query = {"by": "paragraph", "format": "csv"}

    answer = await api.get("/v1/public/figures/lines/table", params=query, headers={"Accept-Language": "fr"})

    paragraph = reference.paragraphs()["I.k"].label("fr")
    assert [
        ["Code", "Signification", "Nombre", "Supprimé", "Médiane en jours"],
        ["I.k", paragraph, "5", "", ""],
        ["total", "Total", "5", "", ""],
    ] == list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer.headers["content-disposition"].startswith('attachment; filename="lines-2026-03-31-fr.csv"')


async def test_numbers_of_a_spreadsheet_are_numbers_and_suppressed_ones_are_empty(api: Client, owners: Owners) -> None:
    await counted_people(owners, mla_training=12, equipment=8, outreach=2)
    query = {"by": "kind", "language": "en"}

    answer = await api.get("/v1/figures/people/table", params=query, headers=headers("KEN:focal_point"))

    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert [("equipment", None), ("mla_training", 10), ("outreach", None), ("total", 20)] == [
        (row[0], row[2]) for row in rows[1:]
    ]
    assert ["Suppressed", None, "Suppressed", None] == [row[3] for row in rows[1:]]


@pytest.mark.parametrize("language", list(Language))
async def test_a_figure_is_a_chart(api: Client, owners: Owners, language: Language) -> None:
    await owners.submit(10)
    await owners.submit(5, kind="equipment")
    query = {"by": "kind", "as_of": day(1), "language": language}

    answer = await api.get("/v1/figures/lines/chart", params=query, headers=headers(COORDINATOR))

    assert "image/svg+xml" == answer.headers["content-type"]
    picture = etree.fromstring(answer.content)
    boxes, texts = picture.findall(f"{SVG}rect"), ["".join(one.itertext()) for one in picture.findall(f"{SVG}text")]
    assert [190, 380] == [int(box.get("width")) for box in boxes]
    assert {"5", "10"} <= set(texts)
    assert f"{name_of('lines', 'kind', language)} ({formats.day('2026-03-02', language)})" == picture.findtext(
        f"{SVG}title"
    )
    assert b"class=" not in answer.content, "a chart needs no style sheet"


async def test_a_chart_of_durations_shows_their_medians(api: Client, owners: Owners) -> None:
    for registered in (1, 3, 20):
        request = a_submission()
        await owners.tell(request)
        await owners.tell(of_request(r.RequestRegistered, request, "registered_at", reference="TA-1"), day=registered)

    answer = await api.get("/v1/figures/request_days/chart", params={"language": "en"}, headers=headers(COORDINATOR))

    picture = etree.fromstring(answer.content)
    assert ["Submitted", "3"] == ["".join(one.itertext()) for one in picture.findall(f"{SVG}text")]
    title = picture.findtext(f"{SVG}title") or ""
    assert title.startswith("Time of requests in each status, by status: Median in days")


def test_every_figure_and_every_code_of_it_has_a_name_in_six_languages() -> None:
    for language in Language:
        for name, figure in FIGURES.items():
            for by in figure.dimensions:
                assert name_of(name, by, language)
            for status in figure.statuses:
                assert status != label_of("status", status, language), (status, language)
    assert all(set(term.labels) == set(Language) for term in reference.figures().values())


def test_codes_of_the_lists_have_labels() -> None:
    for by, terms in TABLES.items():
        assert all(label_of(by, code, Language.EN) == term.label("en") for code, term in terms().items())
    examples = {
        "state": ("KEN", "Kenya"),
        "region": ("african", "African"),
        "group": ("ldc", "Least developed"),
        "reason": ("other", "Other"),
        "indicator": ("people_trained", "People trained"),
        "gender_marker": ("2", "Principal objective"),
        "provider": ("UNODC-ROEA", "UNODC-ROEA"),
    }
    for by, (code, label) in examples.items():
        assert label_of(by, code, Language.EN).startswith(label), by
    assert {"month", "fund", "provider", "donor"} == PLAIN
