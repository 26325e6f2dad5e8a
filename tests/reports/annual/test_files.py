"""Reports as files: PDF for people and screen readers, and text documents, with the same bytes each time."""

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest
from docx import Document

from contracts import reference, sessions
from contracts.values import Language
from services.reports.annual.printing.words import labels
from tests.builders import NOON, headers
from tests.pledges.statements.steps import characters_in
from tests.reports.annual.steps import drafted, issued, slug, written
from tests.reports.steps import KENYA, Client, Owners, a_session, planned
from tests.soak import IS_SOAK

FRENCH = "Fictif : vingt demandes d’entraide judiciaire."
ARABIC = "وهمي: عشرون طلبا"


async def downloaded(api: Client, report_id: str, format: str, language: str, who: str = "UNODC:auditor") -> bytes:
    answer = await api.get(f"/v1/reports/{report_id}/{format}", params={"language": language}, headers=headers(who))
    assert answer.status_code == 200, answer.text
    assert language == answer.headers["Content-Language"]
    return answer.content


def text_of(file: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True).stdout.decode()


async def an_issued_report(api: Client, owners: Owners) -> str:
    await owners.submit(22, paragraphs=("I.k",))
    await owners.submit(3, paragraphs=("II.d",))
    await owners.submit(13, paragraphs=("I.c",))
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "fr", FRENCH)
    await written(api, report_id, "I.k", "ar", ARABIC)
    await issued(api, report_id)
    return report_id


@pytest.mark.thinned
@pytest.mark.parametrize("language", list(Language) if IS_SOAK else [Language.AR, Language.FR])
async def test_a_report_is_printed_in_every_language(api: Client, owners: Owners, language: Language) -> None:
    report_id = await an_issued_report(api, owners)
    made = await downloaded(api, report_id, "pdf", language.value)

    assert made.startswith(b"%PDF-")
    assert b"pdfuaid" in made, "the PDF is tagged as PDF/UA-1"
    assert f"/Lang({language.value})".encode() in made.replace(b" ", b"")
    title = labels(language)["title_conference"].replace("{year}", "")
    assert {letter for letter in title if letter.isalpha()} <= characters_in(made)
    assert made == await downloaded(api, report_id, "pdf", language.value), "a report gives the same bytes each time"


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext")
async def test_the_pdf_says_what_was_counted_and_written(api: Client, owners: Owners, tmp_path: Path) -> None:
    report_id = await an_issued_report(api, owners)
    file = tmp_path / "report.pdf"
    file.write_bytes(await downloaded(api, report_id, "pdf", "fr"))
    text = text_of(file)

    assert "Rapport à la Conférence des Parties" in text
    assert "entraide judiciaire" in text
    for paragraph, one in reference.paragraphs().items():
        assert paragraph in text
        assert one.label("fr").split()[0] in text
    assert "Projet" not in text


async def test_the_text_document_has_the_same_contents(api: Client, owners: Owners) -> None:
    report_id = await an_issued_report(api, owners)
    made = await downloaded(api, report_id, "docx", "ar")
    assert made == await downloaded(api, report_id, "docx", "ar"), "a report gives the same bytes each time"

    read = Document(BytesIO(made))
    headings = [one.text for one in read.paragraphs if one.style.name == "Heading 3"]
    assert list(reference.paragraphs()) == [one.partition(" ")[0] for one in headings]
    texts = [one for one in read.paragraphs if one.text == ARABIC]
    assert texts
    assert "w:bidi" in texts[0]._p.xml
    assert "w:rtl" in texts[0]._p.xml
    assert "bidiVisual" in read.tables[0]._tbl.xml
    (pictures,) = [[name for name in ZipFile(BytesIO(made)).namelist() if name.endswith(".png")]]
    assert 2 == len(pictures)
    assert {(1980, 1, 1, 0, 0, 0)} == {one.date_time for one in ZipFile(BytesIO(made)).infolist()}


async def test_a_file_has_exact_numbers_of_records_and_no_small_one_of_people(api: Client, owners: Owners) -> None:
    ids = a_session(uuid4())
    people = sessions.ParticipantsBySex(delivery_id=ids["deliveries"][0], women=8, men=21, other_or_not_stated=3)
    await owners.tell(planned(ids), sessions.SessionHeld(**ids, held_at=NOON, participants=(people,)))
    report_id = await an_issued_report(api, owners)
    read = Document(BytesIO(await downloaded(api, report_id, "docx", "en")))

    by_paragraph = {row.cells[0].text: row.cells[1].text for row in read.tables[3].rows[1:]}
    assert {"I.k": "22", "I.c": "13", "II.d": "3", "I.a": "0"}.items() <= by_paragraph.items()
    by_sex = [tuple(cell.text for cell in row.cells) for row in read.tables[1].rows[1:]]
    took_part = [
        (sex, number, until) for measure, sex, number, until in by_sex if measure == "Participants in sessions"
    ]
    assert [("Women", "…", "…"), ("Men", "20", "20"), ("Other, or not stated", "…", "…")] == took_part


async def test_a_text_without_translation_is_shown_in_its_own_language(api: Client, owners: Owners) -> None:
    report_id = await an_issued_report(api, owners)
    read = Document(BytesIO(await downloaded(api, report_id, "docx", "en")))

    texts = [one.text for one in read.paragraphs]
    assert FRENCH in texts
    assert "français" in texts[texts.index(FRENCH) - 1]


async def test_a_draft_says_that_it_is_one(api: Client) -> None:
    read = Document(BytesIO(await downloaded(api, await drafted(api), "docx", "en")))

    assert "Draft, not issued" in [one.text for one in read.paragraphs]


async def test_markup_in_a_text_is_text(api: Client) -> None:
    report_id = await drafted(api)
    await written(api, report_id, "I.k", "en", '#read("/etc/passwd") *bold* \u0007 \u202e <w:p/> 🦄')

    assert (await downloaded(api, report_id, "pdf", "en")).startswith(b"%PDF-")
    read = Document(BytesIO(await downloaded(api, report_id, "docx", "en")))
    assert '#read("/etc/passwd") *bold*  <w:p/> \N{REPLACEMENT CHARACTER}' in [one.text for one in read.paragraphs]


async def test_a_file_of_a_hidden_report_is_not_found(api: Client) -> None:
    report_id = await drafted(api)
    for format in ("pdf", "docx"):
        answer = await api.get(f"/v1/reports/{report_id}/{format}", headers=headers(KENYA))
        assert (404, "not-found") == slug(answer)
