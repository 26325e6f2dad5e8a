"""Topics are suggested for a text in any of the six languages, with their passages."""

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import reference
from contracts.stemming.words import LANGUAGES, words_and_characters
from services.matching.texts.topics import PASSAGES_MAX, SUGGESTIONS_MAX, Suggestion, names, suggested, wordings
from tests.demo.steps import world


def passages(text: str, suggestion: Suggestion) -> list[str]:
    return [text[one.start : one.end] for one in suggestion.passages]


@pytest.mark.parametrize(("text", "topic", "passage"), [
    ("نحتاج إلى تدريب في مجال الاتجار بالأشخاص هذا العام.", "trafficking_in_persons", "الاتجار بالأشخاص"),
    ("تدابير جديدة لحماية الشهود في المحاكم.", "witness_protection", "لحماية الشهود"),
    ("We ask for help with a joint investigation at the border.", "joint_investigations", "joint investigation"),
    ("Se solicita capacitación en TECNICAS ESPECIALES DE INVESTIGACION para fiscales.", "special_investigative_techniques", "TECNICAS ESPECIALES DE INVESTIGACION"),
    ("La formation porte sur les preuves électroniques et leur saisie.", "electronic_evidence", "preuves électroniques"),
    ("Просим помочь с подготовкой запросов о взаимной правовой помощи.", "mutual_legal_assistance", "взаимной правовой помощи | подготовкой запросов"),
    ("我们请求在电子证据方面提供培训。", "electronic_evidence", "电子证据"),
])  # fmt: skip
def test_inflected_topic_is_found_with_its_passage(text: str, topic: str, passage: str) -> None:
    first = suggested(text)[0]

    assert topic == first.topic
    assert passage.split(" | ") == passages(text, first)


@pytest.mark.parametrize(("text", "topic"), [
    ("لا تعرف الشرطة كيف يجري تجميد الأصول بعد فتح القضية.", "confiscation"),
    ("Our customs officers find pangolin scales and ivory in containers.", "wildlife_forest_fisheries"),
    ("La UIF recibe reportes de operaciones sospechosas y no los analiza.", "money_laundering"),
    ("Les victimes d’exploitation sexuelle et de travail forcé ne sont pas repérées.", "trafficking_in_persons"),
    ("Взяточничество государственных должностных лиц остается безнаказанным.", "corruption"),
    ("检察官不会处理赎金软件和网络攻击案件。", "cybercrime"),
])  # fmt: skip
def test_topic_is_found_by_its_wordings(text: str, topic: str) -> None:
    assert topic in {one.topic for one in suggested(text)}


def said_of_kin(topic: str, topics: set[str]) -> bool:
    """Return True if each of the others is broader or narrower than this topic."""
    return all(other in broader(topic) or topic in broader(other) for other in topics - {topic})


def broader(topic: str) -> set[str]:
    parents = reference.topics()[topic].parents
    return {*parents, *(one for parent in parents for one in broader(parent))}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_wording_finds_only_its_topic(language: Any) -> None:
    """Wordings are compared as stems, as they are read.

    A broader topic may share a wording with its narrower one.
    """
    said, every = wordings(language), reference.topics()
    assert said.keys() <= every.keys()
    of: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for topic, wording in [(topic, one) for topic, some in said.items() for one in some]:
        assert wording == " ".join(wording.split())
        read = tuple(word.stem for word in words_and_characters(wording, language))
        assert read, wording
        assert topic not in of[read], f"{wording} stands for {topic} already"
        of[read].add(topic)
    for topic, name in [(topic, one) for topic, term in every.items() for one in names(term, language)]:
        of[tuple(word.stem for word in words_and_characters(name, language))].add(topic)
    for read, topics in of.items():
        assert len(topics) == 1 or all(said_of_kin(one, topics) for one in topics), (read, topics)
    for topic in sorted(said)[::7]:
        # A longer name of another topic within it may take its place.
        lost = [one for one in said[topic] if topic not in {found.topic for found in suggested(one)}]
        assert len(lost) <= len(said[topic]) // 10, lost


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_finds_its_topic(language: Any) -> None:
    for code, term in reference.topics().items():
        found = {one.topic for one in suggested(term.labels[language])}
        assert code in found, term.labels[language]


def test_the_longest_name_at_a_place_wins() -> None:
    text = "They work on international cooperation for confiscation, and on nothing else."

    assert ["cooperation_in_confiscation"] == [one.topic for one in suggested(text)]


def test_topics_are_ordered_by_fullest_name_then_frequency() -> None:
    text = "Extradition comes late. Terrorism is another matter; terrorism is not meant. Mutual legal assistance is."

    assert ["mutual_legal_assistance", "terrorism", "extradition"] == [one.topic for one in suggested(text)]
    assert [1, 2, 1] == [one.times for one in suggested(text)]


def test_name_does_not_span_sentences() -> None:
    assert "joint_investigations" in {one.topic for one in suggested("Our police asks for joint investigations.")}
    assert "joint_investigations" not in {
        one.topic for one in suggested("The offices are joint. Investigations go on.")
    }


def test_each_paragraph_is_read_in_its_own_language() -> None:
    text = "La protection des témoins est une priorité du ministère, qui demande aussi une formation des juges et des procureurs.\n"
    text += "The judges also ask for help with joint investigations.\n还有洗钱问题。"
    found = {one.topic: passages(text, one) for one in suggested(text)}

    assert ["protection des témoins"] == found["witness_protection"]
    assert ["joint investigations"] == found["joint_investigations"]
    assert ["洗钱"] == found["money_laundering"]


def test_short_text_is_read_in_each_language() -> None:
    assert "extradition" in {one.topic for one in suggested("Extradición")}
    assert "gender" in {one.topic for one in suggested("Genre ; questions de genre")}


def test_at_most_ten_distinct_topics_are_suggested() -> None:
    text = " ".join(f"{term.labels['en']}." for term in reference.topics().values()) * 3
    found = suggested(text)

    assert SUGGESTIONS_MAX == len(found) == len({one.topic for one in found})
    assert {PASSAGES_MAX} == {len(one.passages) for one in found}
    assert found[:3] == suggested(text, limit=3)


def test_alternative_label_is_a_name() -> None:
    term = reference.Term(code="t", labels={"en": "Trafficking in persons"}, alt={"en": ("Human trafficking",)})

    assert ("Trafficking in persons", "Human trafficking") == names(term, "en")
    assert ("Preuves électroniques",) == names(reference.topics()["electronic_evidence"], "fr")[:1]


def test_sample_texts_give_topics_in_each_language() -> None:
    named = set()
    for request in world("requests"):
        body = request["body"]
        wanted = {topic for line in body["lines"] for topic in line["topics"]}
        if wanted & {one.topic for one in suggested(f"{body['title']}\n{body['need']}")}:
            named.add(body["language"])

    assert set(LANGUAGES) == named


@given(st.text(st.characters()))
def test_no_text_is_refused(text: str) -> None:
    for one in suggested(text):
        assert all(0 <= passage.start < passage.end <= len(text) for passage in one.passages)


@pytest.mark.parametrize("text", ["Extradition. ", "电子证据", "الاتجار ", "Trafficking in ", "\n"], ids=ascii)
def test_long_text_is_read_up_to_the_limit(text: str) -> None:
    assert len(suggested(text * (1_000_000 // len(text)))) <= SUGGESTIONS_MAX
