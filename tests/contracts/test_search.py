"""Search finds a concept by the beginning of a word, in any way of typing, with the best one first."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import reference
from contracts.reference.scheme import Concept, Wording
from contracts.reference.search import Index, find, index_of, normalize
from contracts.values import Language


def a_concept(code: str, *names: str, language: str = "en", **more: Any) -> Concept:
    """A concept with a label and other names in one language."""
    label, *others = (Wording(text=name) for name in names)
    return Concept(table="topics", code=code, labels={language: label}, alternatives={language: (*others,)}, **more)


def codes(typed: str, *concepts: Concept, language: str = "en", limit: int = 10) -> list[str]:
    return [hit.concept.code for hit in find(index_of(concepts), typed, language=language, limit=limit)]


def names(typed: str, language: str = "en") -> list[str]:
    return [hit.concept.name for hit in reference.search(typed, language=language, limit=50)]


# -- normalization ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("EXTRADICIÓN", "extradicion"),
        ("Cœur", "coeur"),
        ("ﬁnance", "finance"),
        ("l’entraide", "l'entraide"),
        ("Money-laundering", "money  laundering"),
        ("ё", "е"),
        ("е\u0308", "е"),
        ("ＭＬＡ", "mla"),
        ("تَسْلِيمُ", "تسليم"),
        ("تســـليم", "تسليم"),
        ("أدلة", "ادله"),
        ("إلكترونيّ", "الكتروني"),
        ("مستشفى", "مستشفي"),
        ("Straße", "STRASSE"),
    ],
)
def test_two_ways_of_typing_the_same_fold_to_the_same(typed: str, same: str) -> None:
    assert normalize(same) == normalize(typed)


@pytest.mark.parametrize(("one", "other"), [("й", "и"), ("司", "同"), ("بنت", "نبت")])
def test_letters_that_differ_stay_different(one: str, other: str) -> None:
    assert normalize(one) != normalize(other)


def test_folding_twice_is_folding_once() -> None:
    for concept in reference.scheme().concepts.values():
        for language in Language:
            for word in concept.wordings(language):
                assert normalize(normalize(word.text)) == normalize(word.text) != ""


@given(st.text(max_size=200))
def test_whatever_is_typed_folds_to_words_with_one_space_between_and_finds_at_most_what_was_asked(typed: str) -> None:
    assert normalize(typed) == " ".join(normalize(typed).split())
    assert normalize(typed) == normalize(normalize(typed))
    assert len(reference.search(typed, language="en", limit=5)) <= 5


# -- order of results -------------------------------------------------------------------------------------------------


def test_the_whole_comes_before_a_label_s_beginning_before_a_word_s_before_another_name_s() -> None:
    assert ["whole", "label", "word", "other"] == codes(
        "law",
        a_concept("other", "Statutes", "Law books"),
        a_concept("word", "Case law"),
        a_concept("label", "Law reform"),
        a_concept("whole", "Law"),
    )


def test_another_name_met_as_a_whole_comes_before_labels_that_go_on() -> None:
    assert ["mutual", "training"] == codes(
        "MLA", a_concept("training", "MLA training"), a_concept("mutual", "…", "MLA")
    )


def test_among_equals_the_language_asked_for_comes_first_then_the_shorter_then_the_scheme_s_order() -> None:
    english, french = a_concept("english", "Prevention"), a_concept("french", "Prévention", language="fr")

    assert ["french", "english"] == codes("prev", english, french, language="fr")
    assert ["english", "french"] == codes("prev", french, english, language="en")
    assert ["short", "long"] == codes("law", a_concept("long", "Lawfulness"), a_concept("short", "Laws"))
    assert ["b", "a"] == codes("law", a_concept("b", "Laws"), a_concept("a", "Laws"))


def test_a_concept_is_found_once_by_its_best_wording() -> None:
    hits = find(index_of([a_concept("one", "Law of the law", "Law")]), "law", language="en", limit=10)

    assert [("exact", "Law")] == [(hit.how, hit.matched) for hit in hits]


def test_a_retired_concept_is_not_found() -> None:
    assert [] == codes("law", a_concept("old", "Law", retired=True))


def test_nothing_is_found_by_nothing_nor_in_the_middle_of_a_word() -> None:
    assert [] == codes("", a_concept("one", "Law"))
    assert [] == codes("!", a_concept("one", "Law"))
    assert [] == codes("aw", a_concept("one", "Law"))
    assert ([], []) == (codes("law"), find(Index([], []), "law", language="en", limit=1))


def test_chinese_is_found_by_any_part_of_it() -> None:
    assert ["mutual"] == codes("法互", a_concept("mutual", "司法互助", language="zh"))


def test_arabic_is_found_with_the_article_and_without() -> None:
    mutual = a_concept("mutual", "المساعدة القانونية المتبادلة", language="ar")

    assert ["mutual"] == codes("المساعدة القانونية", mutual)
    assert ["mutual"] == codes("مساعدة قانونية متبادلة", mutual)
    assert ["mutual"] == codes("الم", mutual)
    assert ["law"] == codes("القانون", a_concept("law", "قانون", language="ar"))


# -- searches in the scheme -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("MLA", "topics/mutual_legal_assistance"),
        ("entraide pénale", "topics/mutual_legal_assistance"),
        ("взаимная правовая помощь по уголовным делам", "topics/mutual_legal_assistance"),
        ("司法互助", "topics/mutual_legal_assistance"),
        ("asistencia juridica mutua", "topics/mutual_legal_assistance"),
        ("المساعدة القضائية المتبادلة", "topics/mutual_legal_assistance"),
        ("lavado de act", "topics/money_laundering"),
        ("отмывание ден", "topics/money_laundering"),
        ("洗钱", "topics/money_laundering"),
        ("غسيل الاموال", "topics/money_laundering"),
        ("human traf", "topics/trafficking_in_persons"),
        ("Palermo Conv", "instruments/UNTOC"),
        ("atelier", "kinds/training"),
    ],
)
def test_what_people_type_finds_what_they_mean(typed: str, first: str) -> None:
    assert first == names(typed)[0]


def test_whatever_a_concept_is_called_it_is_found_by_and_so_is_who_shares_the_name() -> None:
    concepts = reference.scheme().concepts.values()

    for language in Language:
        for concept in concepts:
            for word in concept.wordings(language):
                assert concept.name in names(word.text, language), (concept.name, word.text)
    assert {"kinds/witness_protection", "topics/witness_protection"} <= {*names("защита свид", "ru")}


def test_the_index_finds_what_a_look_at_every_wording_finds() -> None:
    """The expected concepts of a text of one word are all those with a word that begins with it."""
    concepts = [one for one in reference.scheme().concepts.values() if one.table in {"kinds", "topics"}]
    index = index_of(concepts)
    words = {word for one in concepts for name in one.wordings("fr") for word in normalize(name.text).split()}
    chosen = random.Random(7).sample(sorted(words), 60)

    for typed in {word[:length] for word in chosen for length in (1, 2, 4, 9)}:
        expected = {
            one.name
            for one in concepts
            if any(
                word.startswith(typed)
                for language in ("en", "es", "fr", "ru")
                for name in one.wordings(language)
                for word in normalize(name.text).split()
            )
        }
        seen = {
            hit.concept.name
            for hit in find(index, typed, language="fr", limit=len(concepts))
            if hit.language not in {"ar", "zh"}
        }
        assert expected == seen, typed
