"""A screen for personal data in texts of the six languages. It marks passages; a person decides on them.

It finds forms, not persons: a name after a title, an e-mail address, a telephone number, the number of an identity
document, the parties of a case, a date of birth. Initials (`A.`, `Mr. K.`, `王某`) are not names. It marks too much
rather than too little.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

MARKS_MAX = 200
"""Maximum number of marks of one contribution."""


class MarkKind(StrEnum):
    """Kinds of personal data that a marked passage may be."""

    NAME = "name"
    EMAIL = "email"
    TELEPHONE = "telephone"
    IDENTITY_DOCUMENT = "identity_document"
    CASE_PARTY = "case_party"
    BIRTH_DATE = "birth_date"


class Mark(Struct, frozen=True, kw_only=True):
    """A passage of a text. `start` is the position of its first character, `end` that after its last.

    Positions are counted in code points.
    """

    field: str
    start: int
    end: int
    kind: MarkKind


_HAN = "\u4e00-\u9fff"
_WORD = r"[^\W\d_][\w'’\-]{1,40}"
"""Two letters or more, so that initials do not match."""

_UPPER = "[A-ZÀ-ÖØ-ÞĀĂĄĆČĎĐĒĘĚĞĢĪİĶŁŃŇŌŐŘŚŞŠŤŪŮŰŹŻŽА-ЯЁ]"
_CAPITAL = rf"{_UPPER}[\w'’\-]{{1,40}}"
_INITIAL = rf"(?:{_UPPER}\.[ \u00a0]?)"
_GAP = r"[ \t\u00a0]{1,3}"
_FULL_NAME = rf"{_INITIAL}{{0,3}}{_CAPITAL}(?:{_GAP}{_CAPITAL}){{0,3}}"
_TITLES = (
    r"(?:Mr|Mrs|Ms|Miss|Dr|Prof|Mx"
    r"|M|MM|Mme|Mmes|Mlle|Me|Monsieur|Madame|Mademoiselle"
    r"|Sr|Sra|Srta|Sres|Señor|Señora|Don|Doña|Dña"
    r"|[Гг]-н|[Гг]-жа|[Гг]-на|[Гг]-ну|[Гг]-жи|[Гг]осподин[ау]?|[Гг]оспож[аиу]|[Гг]ражданин[ау]?|[Гг]ражданк[аиу])"
)
_DAY = (
    r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
    r"|\d{4}[ ]?年[ ]?\d{1,2}[ ]?月(?:[ ]?\d{1,2}[ ]?日)?"
    r"|\d{1,2}(?:er|º|°|st|nd|rd|th)?[ ](?:de[ ]|of[ ])?[^\W\d_]{3,12}[ ,]{1,2}(?:de[ ])?\d{4}"
    r"|[^\W\d_]{3,12}[ ]\d{1,2},[ ]\d{4}|\d{4})"
)
_BORN = (
    r"(?:\b(?:born|date of birth|d\.o\.b\.?|dob|née?(?: le)?|date de naissance|nacid[oa]|fecha de nacimiento"
    r"|дата рождения|родил(?:ся|ась)|рожд(?:ен|ён)(?:н?ый|ная|а)?)\b"
    r"|تاريخ الميلاد|تاريخ الولادة|المولود[ةه]?|مواليد|出生日期|出生于|出生於|生于|生於)"
)
_DOCUMENT = (
    r"(?:\b(?:passport|identity card|id card|national id|passeport|carte d[’']identité|pasaporte|cédula|dni"
    r"|паспорт[ау]?|удостоверени[ея] личности)\b|جواز (?:ال)?سفر|بطاقة (?:ال)?هوية|الرقم القومي|护照|身份证)"
)
_PHONE_WORD = (
    r"(?:\b(?:tel|telephone|phone|mobile|fax|tél|téléphone|portable|teléfono|móvil|тел|телефон)\b"
    r"|هاتف|الهاتف|电话|手机)"
)

_PATTERNS: Mapping[MarkKind, tuple[re.Pattern[str], ...]] = {
    MarkKind.EMAIL: (re.compile(r"[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,4}"),),
    MarkKind.BIRTH_DATE: (
        re.compile(rf"{_BORN}[^\n\d]{{0,20}}?{_DAY}", re.I),
        re.compile(rf"{_DAY}[ ]?(?:г\.[ ]?р\.|года рождения|出生|生(?=[，。,]))", re.I),
    ),
    MarkKind.IDENTITY_DOCUMENT: (
        re.compile(rf"{_DOCUMENT}[^\n\d]{{0,20}}?[A-Z]{{0,3}}[ ]?\d(?:[ ]?\d){{4,17}}[Xx]?", re.I),
    ),
    MarkKind.TELEPHONE: (
        re.compile(rf"{_PHONE_WORD}[^\w\n]{{0,6}}[+(]?\d(?:[ \u00a0().\-]{{0,2}}\d){{5,14}}", re.I),
        re.compile(r"(?<![\w+])\+\d(?:[ \u00a0().\-]{0,2}\d){6,14}(?!\w)"),
    ),
    MarkKind.NAME: (
        re.compile(rf"(?<![\w.]){_TITLES}\.?{_GAP}({_FULL_NAME})"),
        re.compile(
            rf"(?:السيدة|السيد|السيدان|السادة|الآنسة|الدكتورة|الدكتور|المدعوة?|المواطنة?)[ ]({_WORD}(?:[ ]{_WORD})?)"
        ),
        re.compile(rf"([{_HAN}]{{1,3}})(?:先生|女士|小姐|博士)"),
    ),
    MarkKind.CASE_PARTY: (
        re.compile(
            rf"(?<![\w.])({_FULL_NAME}|{_UPPER}\.?(?:{_UPPER}\.?){{0,2}}){_GAP}(?:v|vs|c|contra|contre|против)\.?{_GAP}"
            rf"({_FULL_NAME}|{_UPPER}\.?(?:{_UPPER}\.?){{0,2}})(?!\w)"
        ),
        re.compile(rf"(?:^|قضية[ ])({_WORD}(?:[ ]{_WORD}){{0,2}})[ ]ضد[ ]({_WORD}(?:[ ]{_WORD}){{0,2}})", re.M),
        re.compile(rf"(?<![{_HAN}])([{_HAN}]{{2,6}}?)诉([{_HAN}]{{2,4}})(?:案|(?![{_HAN}]))"),
    ),
}

_AUTHORITY_WORDS = """
state republic people prosecutor prosecution attorney general director crown queen king commonwealth rex regina public
of the united states federal government national in see case matter
état etat république ministère procureur parquet dans voir affaire
estado república ministerio público pueblo fiscal fiscalía en véase asunto caso
государство государства республика прокурор прокурора прокуратура прокуратуры в деле дело
الدولة النيابة العامة المدعي العام الجمهورية
检察院 人民检察院 国家 检察机关
"""
_AUTHORITIES = frozenset(_AUTHORITY_WORDS.split())
"""Words of authorities, and words that precede a party. None of them names a person."""


def screen(texts: Mapping[str, str]) -> tuple[Mark, ...]:
    """Return the passages that look like personal data, in the order of texts and positions; at most MARKS_MAX."""
    found = [mark for field, text in texts.items() for mark in _in(field, text)]
    return tuple(found[:MARKS_MAX])


def is_anonymised(party: str) -> bool:
    """Check whether a party is named as an authority, or by initials or a surname with 某.

    Initials are at most three letters, or at most two with a number.
    """
    one = party.strip()
    return bool(_INITIALS.fullmatch(one)) or _all_authorities(one)


_INITIALS = re.compile(
    rf"[^\W\d_]|(?:[^\W\d_]\.[ ]?){{1,3}}|(?:[^\W\d_]\.?[ ]?){{1,2}}\d{{1,2}}|[{_HAN}]某{{1,2}}|[{_HAN}]"
)
_SPLIT = re.compile(r"[^\w’'\-]+")


def _in(field: str, text: str) -> Iterator[Mark]:
    """Yield marks that do not overlap. Of overlapping passages the first one is marked, and of these the longest."""
    spans = sorted(_spans(text), key=lambda one: (one[0], -one[1]))
    reached = 0
    for start, end, kind in spans:
        if start >= reached:
            reached = end
            yield Mark(field=field, start=start, end=end, kind=kind)


def _spans(text: str) -> Iterator[tuple[int, int, MarkKind]]:
    for kind, patterns in _PATTERNS.items():
        for pattern in patterns:
            for match in pattern.finditer(text):
                parts = [part for part in match.groups() if part]
                if kind is MarkKind.CASE_PARTY and all(is_anonymised(part) for part in parts):
                    continue
                if kind is MarkKind.NAME and ("某" in parts[0] or _all_authorities(parts[0])):
                    continue
                yield *match.span(), kind


def _all_authorities(words: str) -> bool:
    named = [word for word in _SPLIT.split(words) if word]
    return bool(named) and all(word.casefold() in _AUTHORITIES for word in named)
