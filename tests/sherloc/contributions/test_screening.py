"""The screen for personal data: passages that it marks and passages that it does not mark, in six languages."""

import time

import pytest

from services.sherloc.contributions.screening import MARKS_MAX, MarkKind, is_anonymised, screen

K = MarkKind


def found(text: str) -> list[tuple[str, MarkKind]]:
    return [(text[mark.start : mark.end], mark.kind) for mark in screen({"text": text})]


@pytest.mark.parametrize(
    ("text", "passage", "kind"),
    [
        ("The accused, Mr. John Sample, was convicted.", "Mr. John Sample", K.NAME),
        ("heard Mrs Sample-Doe on the facts", "Mrs Sample-Doe", K.NAME),
        ("Le tribunal a entendu M. Exemple hier.", "M. Exemple", K.NAME),
        ("Mme É. Modèle a été acquittée", "Mme É. Modèle", K.NAME),
        ("fue condenado el Sr. Ejemplo Ficticio por trata", "Sr. Ejemplo Ficticio", K.NAME),
        ("declaró la Sra. Muestra", "Sra. Muestra", K.NAME),
        ("осужден г-н Примеров за торговлю", "г-н Примеров", K.NAME),
        ("показания гражданки Примеровой", "гражданки Примеровой", K.NAME),
        ("أدانت المحكمة السيد مثال وهمي", "السيد مثال وهمي", K.NAME),
        ("被告是例子先生。", "是例子先生", K.NAME),
        ("Write to sample.person@court.example for a copy.", "sample.person@court.example", K.EMAIL),
        ("call +254 20 555 0199 for it", "+254 20 555 0199", K.TELEPHONE),
        ("Tél. : 01 55 50 01 99", "Tél. : 01 55 50 01 99", K.TELEPHONE),
        ("телефон 495 555-01-99", "телефон 495 555-01-99", K.TELEPHONE),
        ("هاتف: ٠٢٠٥٥٥٠١٩٩", "هاتف: ٠٢٠٥٥٥٠١٩٩", K.TELEPHONE),
        ("电话：010-55550199", "电话：010-55550199", K.TELEPHONE),
        ("travelled on passport No. A1234567 to", "passport No. A1234567", K.IDENTITY_DOCUMENT),
        ("titulaire du passeport n° 12AB", "", None),
        ("con pasaporte X1234567", "pasaporte X1234567", K.IDENTITY_DOCUMENT),
        ("паспорт серии 1234 567890", "паспорт серии 1234 567890", K.IDENTITY_DOCUMENT),
        ("جواز سفر رقم 1234567", "جواز سفر رقم 1234567", K.IDENTITY_DOCUMENT),
        ("护照号码E12345678", "护照号码E12345678", K.IDENTITY_DOCUMENT),
        ("In Republic v. Sample the court held", "In Republic v. Sample", K.CASE_PARTY),
        ("Sample vs Doe", "Sample vs Doe", K.CASE_PARTY),
        ("Ministère Public c. Exemple", "Ministère Public c. Exemple", K.CASE_PARTY),
        ("Ejemplo contra Muestra", "Ejemplo contra Muestra", K.CASE_PARTY),
        ("дело Примеров против Образцова", "Примеров против Образцова", K.CASE_PARTY),
        ("في قضية مثال ضد نموذج", "في قضية مثال ضد نموذج", K.CASE_PARTY),
        ("例子诉样本案", "例子诉样本案", K.CASE_PARTY),
        ("The accused, born on 3 May 1980, stated", "born on 3 May 1980", K.BIRTH_DATE),
        ("DOB: 1980-05-03", "DOB: 1980-05-03", K.BIRTH_DATE),
        ("né le 3 mai 1980 à", "né le 3 mai 1980", K.BIRTH_DATE),
        ("nacida el 3 de mayo de 1980", "nacida el 3 de mayo de 1980", K.BIRTH_DATE),
        ("родился 03.05.1980 в", "родился 03.05.1980", K.BIRTH_DATE),
        ("03.05.1980 г.р., гражданин", "03.05.1980 г.р.", K.BIRTH_DATE),
        ("المولود في 03/05/1980", "المولود في 03/05/1980", K.BIRTH_DATE),
        ("出生于1980年5月3日", "出生于1980年5月3日", K.BIRTH_DATE),
    ],
)
def test_personal_data_is_marked_at_its_position(text: str, passage: str, kind: MarkKind | None) -> None:
    assert ([(passage, kind)] if kind else []) == found(text)


@pytest.mark.parametrize(
    "text",
    [
        "The United Nations Convention against Transnational Organized Crime, article 18.",
        "Judgment of 25 November 2026 in case No. 112/2026, paragraphs 12-15 and 20.",
        "In Republic v. A., decided by the High Court; Mr. K. was the second accused.",
        "La Convention des Nations Unies contre la criminalité transnationale organisée.",
        "La Convención de las Naciones Unidas contra la Delincuencia Organizada Transnacional.",
        "Конвенция Организации Объединенных Наций против транснациональной организованной преступности.",
        "اتفاقية الأمم المتحدة لمكافحة الجريمة المنظمة عبر الوطنية، الجرائم ضد الأطفال.",
        "检察机关提起公诉，被告人王某上诉；王某某先生为证人。",
        "Ministère public c. X., M. B. étant relaxé. Loi n° 2026-112 du 3 mai 2026.",
        "A phone was seized; the passport was forged. 12 persons were born abroad.",
        "Прокуратура против К. по статье 5.",
    ],
)
def test_texts_without_personal_data_have_no_mark(text: str) -> None:
    assert [] == found(text)


@pytest.mark.parametrize(
    "party",
    ["A", "A.", "A. B.", "K1", "К.", "أ.", "王某", "李某某", "甲", "Republic", "Ministère public", "النيابة العامة"],
)
def test_party_by_initials_or_an_authority_is_anonymised(party: str) -> None:
    assert is_anonymised(party)


@pytest.mark.parametrize("party", ["Sample", "J. Sample", "Примеров", "مثال", "王小明", "Republic of Sample", "", "12"])
def test_name_of_a_party_is_not_anonymised(party: str) -> None:
    assert not is_anonymised(party)


def test_marks_name_their_text_and_are_bounded() -> None:
    marks = screen({"title": "Mr Sample", "text": "a@b.example " * 500})

    assert ("title", 0, 9) == (marks[0].field, marks[0].start, marks[0].end)
    assert MARKS_MAX == len(marks)


@pytest.mark.parametrize("piece", ["A", "Mr A", "a.", "1 ", "Ab ", "born ", "passport 1", "السيد ", "诉", "例", "+1"])
def test_long_texts_are_screened_in_little_time(piece: str) -> None:
    before = time.process_time()

    screen({"text": piece * (8000 // len(piece))})

    assert time.process_time() - before < 1
