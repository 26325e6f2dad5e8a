"""The scheme of topics: one poly-hierarchy over the tables, in six languages, in which no code is ever lost."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts import reference
from contracts.reference import Term
from contracts.reference.scheme import Concept, Scheme, Wording, scheme_of
from contracts.values import Language
from tests.contracts.steps import SCRIPTS, shared_rows

WORLD = Path(__file__).parents[2] / "services" / "demo" / "world"
IN_THE_SCHEME = {"kind": "kinds", "kinds": "kinds"} | {
    name: name for name in ("topics", "articles", "paragraphs", "pillars")
}
"""Maps the fields of a body that hold codes of the scheme to the table of the codes."""


def a_concept(code: str, **more: Any) -> Concept:
    labels = {language: Wording(text=f"{code} {language}") for language in Language}
    return Concept(table="topics", code=code, labels=labels, alternatives={}, **more)


def a_scheme(*concepts: Concept) -> Scheme:
    return scheme_of(concepts, version="2026-01-01", title={"en": "Made up"})


def ancestors(scheme: Scheme, name: str, path: tuple[str, ...] = ()) -> set[str]:
    assert name not in path, path
    above = scheme.concepts[name].broader
    return set(above).union(*(ancestors(scheme, one, (*path, name)) for one in above))


def codes_of_the_world(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from codes_of_the_world(one)
    if isinstance(node, dict):
        for field, value in node.items():
            if field in IN_THE_SCHEME:
                yield from (f"{IN_THE_SCHEME[field]}/{code}" for code in ([value] if isinstance(value, str) else value))
            else:
                yield from codes_of_the_world(value)


def shared_by_two(concepts: Iterable[Concept], language: str) -> list[str]:
    """The wordings that more than one concept has."""
    borne = Counter(text for one in concepts for text in {word.text.casefold() for word in one.wordings(language)})
    return [text for text, times in borne.items() if times > 1]


# -- the current scheme -----------------------------------------------------------------------------------------------


def test_it_is_at_least_as_new_as_every_table_that_it_is_made_of() -> None:
    scheme = reference.scheme()
    tables = {concept.table for concept in scheme.concepts.values()}

    assert {"kinds", "topics", "instruments", "articles", "pillars", "paragraphs"} == tables
    assert scheme.version >= max(reference.table(name).version for name in tables)
    assert set(Language) == set(scheme.title)


def test_everything_that_a_concept_names_is_in_the_scheme() -> None:
    concepts = reference.scheme().concepts

    named = {name for one in concepts.values() for name in (*one.broader, *one.related, *one.replaced_by)}
    assert set() == named - concepts.keys()


def test_no_concept_is_its_own_ancestor_or_related_to_one() -> None:
    scheme = reference.scheme()

    for name, concept in scheme.concepts.items():
        assert not ancestors(scheme, name) & {name, *concept.related}, name


def test_topic_may_have_several_parents_and_an_article_has_its_instrument() -> None:
    concepts = reference.scheme().concepts

    assert {"topics/law_enforcement_cooperation", "topics/investigation"} == {
        *concepts["topics/joint_investigations"].broader
    }
    assert ("instruments/UNTOC",) == concepts["articles/UNTOC:18"].broader


def test_who_is_related_is_so_in_both_directions() -> None:
    concepts = reference.scheme().concepts

    assert "articles/UNTOC:18" in concepts["topics/mutual_legal_assistance"].related
    assert "topics/mutual_legal_assistance" in concepts["articles/UNTOC:18"].related
    assert "kinds/mla_training" in concepts["paragraphs/I.k"].related


@pytest.mark.parametrize("language", Language)
def test_every_topic_and_kind_has_a_label_and_at_least_one_more_name_in_each_language(language: Language) -> None:
    for concept in reference.scheme().concepts.values():
        assert concept.labels[language].text, concept.name
        if concept.table in {"topics", "kinds"}:
            assert 1 <= len(concept.alternatives[language]) <= 5, concept.name


@pytest.mark.parametrize("language", Language)
def test_no_name_is_said_twice_of_a_concept_nor_of_two_of_the_same_table(language: Language) -> None:
    concepts = reference.scheme().concepts.values()

    for concept in concepts:
        texts = [word.text.casefold() for word in concept.wordings(language)]
        assert sorted(set(texts)) == sorted(texts), concept.name
        assert all(text == text.strip() != "" for text in texts), concept.name
    for table in ("kinds", "topics", "instruments", "pillars"):
        assert [] == shared_by_two((one for one in concepts if one.table == table), language), table


def test_every_name_is_in_the_script_of_its_language_or_an_acronym_and_no_word_mixes_latin_and_cyrillic() -> None:
    for concept in reference.scheme().concepts.values():
        for language in Language:
            for word in concept.wordings(language):
                foreign = [script for other, script in SCRIPTS.items() if other != language]
                assert not any(re.search(script, word.text) for script in foreign), word
                own = re.search(SCRIPTS.get(language, "[A-Za-z]"), word.text)
                assert own or re.fullmatch("[A-Z]+", word.text), word
                assert not re.search(r"[A-Za-z][\u0400-\u04FF]|[\u0400-\u04FF][A-Za-z]|'", word.text), word


def test_nothing_is_reviewed_yet_and_no_alternative_is_official() -> None:
    concepts = reference.scheme().concepts.values()

    assert {"official", "compiled"} == {label.status for one in concepts for label in one.labels.values()}
    assert {"compiled"} == {word.status for one in concepts for words in one.alternatives.values() for word in words}


@pytest.mark.parametrize("name", ["requests", "offerings"])
def test_every_code_of_the_sample_world_is_in_the_scheme_and_none_of_them_is_retired(name: str) -> None:
    concepts = reference.scheme().concepts
    codes = set(codes_of_the_world(json.loads((WORLD / f"{name}.json").read_text(encoding="utf-8"))))

    assert len(codes) > 20
    assert [] == [code for code in codes if code not in concepts or concepts[code].retired]


def test_what_comes_near_in_the_thesaurus_of_the_united_nations_is_there() -> None:
    concepts = {row["uri"]: row["en"] for row in shared_rows("vocab/unbis_crime_justice_6lang.csv")}
    near = {address: one.code for one in reference.scheme().concepts.values() for address in one.close}

    assert set() == near.keys() - concepts.keys()
    assert "EXTRADITION" == next(concepts[address] for address, code in near.items() if code == "extradition")


# -- status of labels -------------------------------------------------------------------------------------------------


def test_a_label_is_official_reviewed_or_compiled() -> None:
    term = Term(code="one", labels={"ar": "ا", "en": "one", "fr": "un"}, official=("en",), reviewed=("fr",))

    assert ["compiled", "official", "reviewed"] == [term.label_status(language) for language in ("ar", "en", "fr")]


def test_an_alternative_label_is_compiled_unless_another_status_is_written_beside_it() -> None:
    term = Term(code="one", labels={}, alt={"en": ("first", Wording(text="single", status="reviewed"))})

    assert ["compiled", "reviewed"] == [word.status for word in term.alternatives("en")]
    assert () == term.alternatives("fr")


# -- retired concepts -------------------------------------------------------------------------------------------------


def test_a_retired_code_is_read_as_what_replaced_it_over_as_many_steps_as_it_took() -> None:
    scheme = a_scheme(
        a_concept("smuggling", retired=True, replaced_by=("topics/of_people", "topics/of_goods")),
        a_concept("of_goods", retired=True, replaced_by=("topics/illicit_goods",)),
        a_concept("of_people"),
        a_concept("illicit_goods"),
    )

    assert ("topics/of_people", "topics/illicit_goods") == scheme.current("topics/smuggling")
    assert ("topics/of_people",) == scheme.current("topics/of_people")
    assert ["of_people", "illicit_goods"] == [top.code for top in scheme.tops()]


def test_retired_concept_is_as_near_as_its_replacements() -> None:
    scheme = a_scheme(
        a_concept("goods"),
        a_concept("arms", broader=("topics/goods",)),
        a_concept("drugs", broader=("topics/goods",)),
        a_concept("weapons", retired=True, replaced_by=("topics/arms",)),
        a_concept("gone", retired=True),
    )

    assert 0 == scheme.distance("topics/weapons", "topics/arms")
    assert 2 == scheme.distance("topics/drugs", "topics/weapons")
    assert None is scheme.distance("topics/gone", "topics/arms")


def test_a_code_retired_without_a_replacement_is_read_as_nothing_and_one_that_never_was_is_an_error() -> None:
    scheme = a_scheme(a_concept("forgotten", retired=True))

    assert () == scheme.current("topics/forgotten")
    with pytest.raises(KeyError):
        scheme.current("topics/unheard_of")


def test_replacements_that_go_in_a_circle_are_found() -> None:
    scheme = a_scheme(
        a_concept("one", retired=True, replaced_by=("topics/other",)),
        a_concept("other", retired=True, replaced_by=("topics/one",)),
    )

    with pytest.raises(ValueError, match="replacement cycle"):
        scheme.current("topics/one")


def test_no_concept_in_use_has_a_retired_parent() -> None:
    concepts = reference.scheme().concepts

    for name, concept in concepts.items():
        assert concept.retired or not any(concepts[above].retired for above in concept.broader), name


def test_every_retired_code_of_the_tables_leads_to_one_in_use() -> None:
    scheme = reference.scheme()

    for name, concept in scheme.concepts.items():
        assert not concept.replaced_by or concept.retired, name
        assert not concept.retired or scheme.current(name), name
    assert ("extradition",) == reference.current("topics", "extradition")
