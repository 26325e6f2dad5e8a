"""An independent library reads the scheme as SKOS, with the integrity conditions of the Recommendation."""

from typing import Any

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, SKOS

from contracts import reference
from contracts.reference.scheme import Concept, Wording, scheme_of
from contracts.reference.skos import WHOLE, iri, json_ld, turtle

SCHEME = URIRef(WHOLE)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return Graph().parse(data=turtle(reference.scheme()), format="turtle")


def above(graph: Graph, concept: Any) -> set[Any]:
    return set(graph.transitive_objects(concept, SKOS.broader)) - {concept}


def a_scheme(*concepts: dict[str, Any]) -> Graph:
    made = [Concept(**({"table": "topics", "labels": {}, "alternatives": {}} | one)) for one in concepts]
    return Graph().parse(data=turtle(scheme_of(made, version="1", title={})), format="turtle")


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # by rdflib's own reader
def test_turtle_and_json_ld_say_the_same(graph: Graph) -> None:
    assert set(graph) == set(Graph().parse(data=json_ld(reference.scheme()), format="json-ld"))


def test_every_concept_is_in_the_one_scheme_which_has_a_version(graph: Graph) -> None:
    concepts = {URIRef(iri(name)) for name in reference.scheme().concepts}

    assert [SCHEME] == list(graph.subjects(RDF.type, SKOS.ConceptScheme))
    assert concepts == set(graph.subjects(RDF.type, SKOS.Concept)) == set(graph.subjects(SKOS.inScheme, SCHEME))
    assert [Literal(reference.scheme().version)] == list(graph.objects(SCHEME, OWL.versionInfo))


def test_concepts_schemes_and_collections_are_three_different_things(graph: Graph) -> None:
    """Conditions S9 and S37 of the SKOS Reference."""
    kinds = [set(graph.subjects(RDF.type, kind)) for kind in (SKOS.Concept, SKOS.ConceptScheme, SKOS.Collection)]

    assert [] == [common for common in (kinds[0] & kinds[1], kinds[0] & kinds[2], kinds[1] & kinds[2]) if common]
    assert kinds[0] == set(graph.objects(None, SKOS.member))


def test_the_top_concepts_are_those_with_nothing_above_them(graph: Graph) -> None:
    tops = set(graph.objects(SCHEME, SKOS.hasTopConcept))

    assert tops == set(graph.subjects(SKOS.topConceptOf, SCHEME))
    assert tops == {one for one in graph.subjects(RDF.type, SKOS.Concept) if not above(graph, one)}
    assert URIRef("urn:entraide:reference:topics:crime_types") in tops


def test_a_concept_has_one_label_in_each_of_the_six_languages_and_no_other_name_is_that_label(graph: Graph) -> None:
    """Conditions S13 and S14 of the SKOS Reference."""
    for concept in graph.subjects(RDF.type, SKOS.Concept):
        labels = list(graph.objects(concept, SKOS.prefLabel))
        languages = [label.language for label in labels if isinstance(label, Literal)]
        assert ["ar", "en", "es", "fr", "ru", "zh"] == sorted(map(str, languages)), concept
        assert set() == set(labels) & set(graph.objects(concept, SKOS.altLabel)), concept


def test_no_concept_is_broader_than_itself_or_related_to_a_broader_one(graph: Graph) -> None:
    """Condition S27 of the SKOS Reference, and no cycles."""
    for concept in graph.subjects(RDF.type, SKOS.Concept):
        assert concept not in {up for one in graph.objects(concept, SKOS.broader) for up in above(graph, one) | {one}}
        assert set() == above(graph, concept) & set(graph.objects(concept, SKOS.related)), concept


def test_what_is_related_or_broader_is_a_concept_and_related_goes_both_ways(graph: Graph) -> None:
    """Conditions S19 and S23 of the SKOS Reference."""
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))

    assert set(graph.objects(None, SKOS.broader)) | set(graph.objects(None, SKOS.related)) <= concepts
    pairs = set(graph.subject_objects(SKOS.related))
    assert pairs == {(there, here) for here, there in pairs}


def test_no_two_concepts_have_the_same_notation(graph: Graph) -> None:
    notations = list(graph.objects(None, SKOS.notation))

    assert len(set(notations)) == len(notations) == len(reference.scheme().concepts)


def test_what_comes_near_elsewhere_is_named_by_its_address(graph: Graph) -> None:
    extradition = URIRef(iri("topics/extradition"))

    assert [URIRef("http://metadata.un.org/thesaurus/1002220")] == list(graph.objects(extradition, SKOS.closeMatch))
    assert URIRef(iri("articles/UNTOC:16")) in set(graph.objects(extradition, SKOS.related))


def test_a_note_says_whose_words_the_labels_are(graph: Graph) -> None:
    laundering = URIRef(iri("topics/money_laundering"))

    note = "Labels official: en; compiled: ar, es, fr, ru, zh. Alternative labels compiled: all."
    assert [Literal(note, lang="en")] == list(graph.objects(laundering, SKOS.editorialNote))


def test_a_note_names_the_alternative_labels_that_are_not_compiled() -> None:
    names = {"en": (Wording(text="AML", status="reviewed"), Wording(text="Laundering"))}
    graph = a_scheme({"code": "one", "labels": {"en": Wording(text="One")}, "alternatives": names})

    note = "Labels compiled: en. Alternative labels reviewed: AML (en); compiled: all others."
    assert [Literal(note, lang="en")] == list(graph.objects(None, SKOS.editorialNote))


def test_a_retired_concept_is_deprecated_says_what_replaced_it_and_is_no_top() -> None:
    graph = a_scheme({"code": "old", "retired": True, "replaced_by": ("topics/new",)}, {"code": "new"})
    old, new = URIRef(iri("topics/old")), URIRef(iri("topics/new"))

    assert [(old, Literal(True))] == list(graph.subject_objects(OWL.deprecated))
    assert [(old, new)] == list(graph.subject_objects(DCTERMS.isReplacedBy))
    assert [new] == list(graph.objects(SCHEME, SKOS.hasTopConcept))


def test_quotes_backslashes_and_line_ends_in_a_label_come_through() -> None:
    text = 'a "quoted"\\ label\nof\ttwo\rlines'
    graph = a_scheme({"code": "one", "labels": {"en": Wording(text=text)}})

    assert [Literal(text, lang="en")] == list(graph.objects(None, SKOS.prefLabel))
