"""Words of the six languages: stems, stop words, and robustness to any text."""

import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.stemming import arabic
from contracts.stemming.stop_words import STOP_WORDS
from contracts.stemming.words import (
    CHARACTERS_MAX,
    LANGUAGES,
    WORD_CHARACTERS_MAX,
    WORDS_MAX,
    folded,
    stems,
    words,
    words_and_characters,
)

MEET: dict[Any, str] = {
    "ar": "الشهود شهود, القضاة والقضاة, المحكمة محكمه, التدريب تدريب, التدريبات تدريب, المدعون المدعين, السلطات سلطة, للضحايا الضحايا,"
    "القانونية القانوني, التحقيقات تحقيق, إدارة الاداره, مُكَافَحَة المكافحة, المحققون محققين, أجهزة اجهزه",
    "en": "investigation investigations, trafficking traffick, prosecutor prosecutors, witness witnesses, seizure seizures, "
    "smuggled smuggling, confiscated confiscation, judge judges, authority authorities, laundering launder, drafting drafted, policy policies",
    "es": "investigación investigaciones, capacitación CAPACITACION, extradición EXTRADICION, fiscal fiscales, testigo testigos, "
    "delito delitos, incautación incautaciones, autoridad autoridades, víctima víctimas, legislativo legislativa, organizada organizado, decomiso decomisos",
    "fr": "enquête enquêtes, formation formations, procureur procureurs, témoin témoins, saisie saisies, magistrat magistrats, "
    "autorité autorités, juridique juridiques, criminel criminelle, victime victimes, confisqué confisquée, judiciaire JUDICIAIRES",
    "ru": "расследование расследования, прокурор прокуроров, свидетель свидетелей, преступление преступлений, конфискация конфискации, "
    "взаимная взаимной, судья судей, подготовка подготовки, организованная организованной, потерпевший потерпевших, торговля торговлей, учёт учета",
    "zh": "有组织犯罪集团 犯罪, 司法协助培训 司法, 司法协助培训 培训, 刑事调查 调查, 证人保护 证人, 洗钱罪 洗钱, 电子证据 证据, 夏洛克数据库 数据库",
}
APART: dict[Any, str] = {
    "ar": "شاهد محكمة, تدريب تحقيق, قانون قاض",
    "en": "witness judge, policy police, prosecutor protection",
    "es": "testigo juez, policía política, fiscalía capacitación",
    "fr": "témoin juge, police politique, saisie formation",
    "ru": "свидетель судья, суд сын, полиция политика",
    "zh": "证人 法官, 警察 政策",
}


def pairs(table: dict[Any, str]) -> list[Any]:
    return [pytest.param(lang, *pair.split(), id=f"{lang} {pair}") for lang in table for pair in table[lang].split(",")]


@pytest.mark.parametrize(("language", "one", "other"), pairs(MEET))
def test_inflected_words_have_equal_stems(language: Any, one: str, other: str) -> None:
    assert set(stems(one, language)) & set(stems(other, language))


@pytest.mark.parametrize(("language", "one", "other"), pairs(APART))
def test_different_words_have_different_stems(language: Any, one: str, other: str) -> None:
    assert not set(stems(one, language)) & set(stems(other, language))


@pytest.mark.parametrize(("language", "text"), [
    ("ar", "حماية الشهود في القضايا من خلال المحكمة"),
    ("en", "the protection of witnesses who testify in a court"),
    ("es", "la protección de los testigos que declaran en un tribunal"),
    ("fr", "la protection des témoins qui déposent devant un tribunal"),
    ("ru", "защита свидетелей, которые дают показания в суде"),
])  # fmt: skip
def test_stop_words_are_left_out(language: Any, text: str) -> None:
    kept = {word.folded for word in words(text, language)}

    assert 3 <= len(kept) < len(text.split())
    assert not kept & STOP_WORDS[language]


def test_stop_words_are_folded_like_words() -> None:
    for language, listed in STOP_WORDS.items():
        for word in listed:
            assert word == (arabic.normalized(folded(word)) if language == "ar" else folded(word))


def test_accents_are_removed_after_stemming() -> None:
    assert stems("TEMOINS", "fr") == stems("témoins", "fr")
    assert stems("CAPACITACION", "es") == stems("capacitación", "es")
    assert ["polic"] == stems("policía", "es")
    assert stems("йод", "ru") != stems("иод", "ru")


def test_words_of_a_mixed_text_are_stemmed_by_script() -> None:
    assert ["portal", "защит", "شهود", "证人"] == stems("portals, защиты, الشهود, 证人", "en")


def test_word_has_its_position_in_the_original_text() -> None:
    text = "😀 L’ＥＮＴＲＡＩＤＥ \u200fju\u00addiciaire\u200f ﬁnale"

    assert ["ＥＮＴＲＡＩＤＥ", "\u200fju\u00addiciaire\u200f", "ﬁnale"] == [
        text[w.start : w.end] for w in words(text, "fr")
    ]
    assert ["entraide", "judiciaire", "finale"] == [w.folded for w in words(text, "fr")]


def test_only_zero_width_space_splits_words() -> None:
    assert ["portal"] == stems("por\u200dtal\u202c", "en")
    assert ["por", "tal"] == stems("por\u200btal", "en")
    assert stems("شهود", "ar") == stems("\u202bشـــهود\u200f", "ar")


def test_numbers_are_the_same_in_every_script() -> None:
    assert ["2027"] == stems("٢٠٢٧", "ar") == stems("２０２７", "zh") == stems("2027", "en")


def test_chinese_is_segmented_by_words_or_characters() -> None:
    assert {"司法", "协助"} <= set(stems("司法协助", "zh"))
    assert ["司", "法", "协", "助"] == [word.stem for word in words_and_characters("司法协助", "zh")]
    assert [(1, 3), (3, 5)] == [(w.start, w.end) for w in words("的证人保护", "zh")][:2]


def test_light_stem_keeps_short_words() -> None:
    assert "ولد" == arabic.stem("ولد")
    assert "ال" == arabic.stem("ال")
    assert "بيان" == arabic.stem("بيانات") == arabic.stem("البيانات")
    assert "حما" == arabic.without_preposition("لحماية")
    assert arabic.without_preposition("بحث") is None


ODD = [
    "",
    " ",
    "\n",
    "\x00",
    "😀🇺🇳",
    "\u200f",
    "\u0301",
    "\ud800",
    "\ufffe",
    "ﷺ",
    "ـ",
    "_",
    "İ",
    "ǅ",
    "\U0010ffff",
    "打\u200f打",
    "ß\u0301",
]


@pytest.mark.parametrize("language", [*LANGUAGES, None])
@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_no_text_is_refused_however_odd(text: str, language: Any) -> None:
    for many in (1, 50):
        for found in (words(text * many, language), words_and_characters(text * many, language)):
            assert all(word.stem and 0 <= word.start < word.end <= len(text) * many for word in found)


@given(st.text(st.characters()), st.sampled_from([*LANGUAGES, None]))
def test_word_positions_are_correct_for_any_text(text: str, language: Any) -> None:
    for found in (words(text, language), words_and_characters(text, language)):
        assert all(word.stem and word.folded and 0 <= word.start < word.end <= len(text) for word in found)
        assert all(len(word.folded) <= WORD_CHARACTERS_MAX or language == "zh" for word in found)


@pytest.mark.parametrize(
    "text", ["word ", "x", "打", "ﷺ", "\u0301", "\u200f", "打\u200f", "打x", "ء", "a\u0301"], ids=ascii
)
def test_long_text_takes_bounded_time(text: str) -> None:
    began = time.process_time()
    found = words(text * (1_000_000 // len(text)), "en")

    assert len(found) <= WORDS_MAX
    assert all(word.end <= CHARACTERS_MAX for word in found)
    assert time.process_time() - began < 5


def test_dictionaries_are_loaded_on_first_use() -> None:
    code = """
import sys
import services.matching.texts.language, services.matching.texts.topics
from contracts.stemming.words import stems
loaded = [name for name in ("rjieba", "py3langid", "snowballstemmer") if name in sys.modules]
assert not loaded, loaded
stems("witness", "en")
assert "snowballstemmer" in sys.modules and "rjieba" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
