"""A statement as PDF: six languages, deterministic, and user text is never markup."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import pytest
import typst

from chassis.printing import glyphs, typesetting
from chassis.printing.typesetting import font_files, legible
from contracts.funds import WORK_PACKAGES
from contracts.reference import in_kind_forms
from contracts.values import Language
from services.pledges.funds.shares import REQUESTS
from services.pledges.ledger.postings import EntryType
from services.pledges.pledge.earmarking import Earmarking
from services.pledges.statements.printing import pdf, words
from services.pledges.statements.printing.pdf import statement_pdf, template_data
from services.pledges.statements.printing.renderer import RenderInput
from tests.pledges.statements.builders import (
    LABELS,
    PAID_AND_BACK,
    POT,
    a_promise,
    a_statement,
    entry,
    in_kind,
    taken_back,
)
from tests.pledges.statements.steps import SIGNS, characters_in

MARKUP = '#read("/etc/passwd") *bold* _thin_ $x$ @ref <label> = Head \\u{41} #{1+1} // gone'
TAKEN_BACK = [
    f"reversed_{kind}"
    for kind in ("received", "refunded", "recognized", "reduced", "written_off", "carried_over", "brought_forward")
]
COMING = ("reduced", "lapsed", "written_off", "refunded", "reversed")
LANGUAGES = list(Language)


def shown(language: Language, **changes: Any) -> str:
    """Return every text on the pages, one per line."""
    sheet = template_data(a_statement(**changes), language)
    return "\n".join(
        words.texts({name: sheet[name] for name in sheet.keys() - {"author", "language", "direction", "fonts"}})
    )


def headings(language: Language, **changes: Any) -> Iterator[Any]:
    """Yield the headings that typst made of the template, as content."""
    sheet = msgspec.json.encode(template_data(a_statement(**changes), language)).decode()
    made = typst.query(pdf.template(), "heading", sys_inputs={"sheet": sheet}, font_paths=typesetting.fonts())
    yield from (one["body"] for one in json.loads(made))


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_is_tagged_and_searchable(language: Language) -> None:
    made = statement_pdf(a_statement(), language)
    wanted = set(shown(language)) - SIGNS

    assert made.startswith(b"%PDF-1.7")
    assert b"pdfuaid:part>1</pdfuaid:part" in made
    assert f"<rdf:li>{language}</rdf:li>".encode() in made
    assert set() == wanted - characters_in(made)


def test_missing_letter_is_visible() -> None:
    assert "捐" not in characters_in(statement_pdf(a_statement(), Language.EN))


@pytest.mark.parametrize("language", LANGUAGES)
def test_pdf_is_deterministic_across_processes(language: Language) -> None:
    order = msgspec.json.encode(RenderInput(statement=a_statement(), language=language))
    elsewhere = {"PATH": os.environ["PATH"], "TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-P", "-m", "services.pledges.statements.printing"]
    child = subprocess.run(command, input=order, capture_output=True, env=elsewhere, check=True)

    assert statement_pdf(a_statement(), language) == child.stdout


def test_other_moment_gives_other_bytes() -> None:
    reported = a_statement()
    later = msgspec.structs.replace(reported, as_of=reported.as_of.replace(microsecond=0))

    assert statement_pdf(reported, Language.EN) != statement_pdf(later, Language.EN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_receipt_type_is_printed(language: Language) -> None:
    there, reported = words.labels(language), a_statement(entries=PAID_AND_BACK)
    (pledge,) = (one for one in template_data(reported, language)["pledges"] if one["receipts"])
    back = [
        f"{there[f'entry_reversed_{kind}']} · {there['number']}\u00a0{number}"
        for kind, number in (("refunded", 2), ("received", 1))
    ]

    assert [there["entry_received"], there["entry_refunded"], *back] == [row[2] for row in pledge["receipts"]]
    assert [row[1] for row in pledge["movements"][2:]] == [row[2] for row in pledge["receipts"]]
    assert len({there[f"entry_{kind}"] for kind in TAKEN_BACK}) == len(TAKEN_BACK)
    wanted = set(shown(language, entries=PAID_AND_BACK)) - SIGNS
    assert set() == wanted - characters_in(statement_pdf(reported, language))


def test_reversal_of_unknown_type_is_printed() -> None:
    new = entry(30, "swapped", date(2026, 5, 1), ("discharged", 5, 5))
    reported = a_statement(entries=(*PAID_AND_BACK, new, taken_back(31, new, date(2026, 5, 2))))
    (pledge,) = (one for one in template_data(reported, Language.EN)["pledges"] if one["receipts"])

    assert {"swapped", "Entry reversed · No.\u00a03"} <= {row[2] for row in pledge["receipts"]}


# -- user texts -------------------------------------------------------------------------------------------------------


def test_markup_in_name_is_text() -> None:
    pot = msgspec.structs.replace(POT, labels=dict.fromkeys(LABELS, MARKUP))
    bodies = list(headings(Language.EN, fund_balances=(pot,)))

    assert {"func": "text", "text": f"{MARKUP} (SHERLOC-MNT)"} in bodies


def test_markup_in_note_and_reference_is_text() -> None:
    promise = a_promise(note=MARKUP, agreement_reference=MARKUP)
    reported = a_statement((promise,), entries=a_statement_entries())

    assert set(MARKUP) - {" "} <= characters_in(statement_pdf(reported, Language.EN))
    assert MARKUP in shown(Language.EN, promises=(promise,), entries=a_statement_entries())


def a_statement_entries() -> tuple[Any, ...]:
    return (
        entry(1, "pledged", date(2026, 2, 1), ("pledged", 100, 115)),
        entry(2, "committed", date(2026, 2, 2), ("receivable", 100, 115), ("committed", -100, -115)),
    )


def test_markup_in_in_kind_description_is_text() -> None:
    reported = a_statement(in_kind=((in_kind(), MARKUP),))

    assert set(MARKUP) - {" "} <= characters_in(statement_pdf(reported, Language.EN))
    assert MARKUP in shown(Language.EN, in_kind=((in_kind(), MARKUP),))


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_kind_section_is_last_or_absent(language: Language) -> None:
    (*_, last) = headings(language)

    assert words.labels(language)["in_kind"] in str(last) + "".join(one["text"] for one in last.get("children", []))
    assert words.labels(language)["in_kind"] not in str(list(headings(language, in_kind=())))
    assert in_kind_forms()["equipment"].label(language) in shown(language)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a\u202eb\u2066c\u200fd\u061ce", "abcde"),
        ("line\r\n\tnext\u2028last", "line next last"),
        ("\x00\x07\u200b", ""),
        ("fine 😀 \U000f0000", "fine \N{REPLACEMENT CHARACTER} "),
        ("عربي Русский 汉字 Ελληνικά", "عربي Русский 汉字 Ελληνικά"),
    ],
)
def test_control_characters_are_removed_and_missing_glyphs_marked(written: str, read: str) -> None:
    assert read == legible(written)


def test_unrenderable_note_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "legible", lambda text: text)
    made = statement_pdf(a_statement((a_promise(note="😀"),), entries=a_statement_entries()), Language.ZH)

    assert set("此文本含有无法打印的字符") <= characters_in(made)


# -- isolation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reach", ['#read("/etc/passwd")', '#read("../pdf.py")', '#import "@preview/cetz:0.3.0": canvas', '#image("x.png")']
)
def test_template_reads_no_files_or_packages(reach: str) -> None:
    with pytest.raises(typst.TypstError):
        pdf.compiler().compile(input=reach.encode(), format="pdf")


def test_only_packaged_fonts_are_used() -> None:
    assert {"Noto Sans", "Noto Sans Arabic", "Noto Sans SC"} <= set(typesetting.fonts().families())
    assert not {"DejaVu Sans", "Libertinus Serif", "New Computer Modern"} & set(typesetting.fonts().families())


def test_missing_font_file_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "FONTS", {"manimgx-fonts": ("manimgx_fonts/None.ttf",)})
    with pytest.raises(typesetting.RenderError, match=r"None\.ttf"):
        font_files()


def test_truncated_font_is_rejected(tmp_path: Any) -> None:
    whole = font_files()[0].read_bytes()
    for length in (3, 40, 2_000):
        cut = tmp_path / f"{length}.ttf"
        cut.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="cut off"):
            glyphs.characters(cut)


def test_supported_characters_match_the_font() -> None:
    latin, arabic, chinese = (glyphs.characters(path) for path in font_files())

    assert {*map(ord, "AzŻЯѣ€−")} <= latin
    assert {*map(ord, "ابتثشؤ،")} <= arabic
    assert {*map(ord, "联合国毒品和犯罪问题办公室。")} <= chinese
    assert ord("联") not in latin | arabic
    assert 0xFFFF not in latin | arabic | chinese


# -- words and figures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_label(language: Language) -> None:
    there = words.labels(language)
    entries = {*COMING, *EntryType} - {"allocated", "returned"}

    assert set(words.labels(Language.EN)) == set(there)
    assert {f"entry_{kind}" for kind in (*entries, *TAKEN_BACK)} <= set(there)
    assert {f"purpose_{one}" for one in (*WORK_PACKAGES, REQUESTS)} | {*Earmarking} <= set(there)
    assert all(there.values())


@pytest.mark.parametrize(
    ("language", "amount", "day"),
    [
        (Language.AR, "-1,234,567.89\u00a0EUR", "5 مارس 2026"),
        (Language.EN, "EUR\u00a0-1,234,567.89", "5 March 2026"),
        (Language.ES, "-1.234.567,89\u00a0EUR", "5 de marzo de 2026"),
        (Language.FR, "-1\u202f234\u202f567,89\u00a0EUR", "5 mars 2026"),
        (Language.RU, "-1\u00a0234\u00a0567,89\u00a0EUR", "5 марта 2026\u202fг."),
        (Language.ZH, "-1,234,567.89\u00a0EUR", "2026年3月5日"),
    ],
)
def test_amounts_and_days_are_localized_with_digits_0_to_9(language: Language, amount: str, day: str) -> None:
    sheet = words.TemplateData(a_statement(), language)

    assert amount == sheet.money(-123_456_789, "EUR")
    assert day.split() == sheet.day(date(2026, 3, 5)).split()


def test_printed_amount_has_decimals_of_its_currency() -> None:
    sheet = words.TemplateData(a_statement(), Language.EN)

    assert "JPY\u00a05,000,000" == sheet.money(5_000_000, "JPY")
    assert "KWD\u00a00.001" == sheet.money(1, "KWD")
    assert "USD\u00a05,000,000,000,000,000,000,000.01" == sheet.money(5 * 10**23 + 1, "USD")


def test_arabic_page_is_right_to_left() -> None:
    assert "rtl" == template_data(a_statement(), Language.AR)["direction"]
    assert {"ltr"} == {template_data(a_statement(), one)["direction"] for one in LANGUAGES if one is not Language.AR}
