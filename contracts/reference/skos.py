"""The scheme of topics as SKOS (W3C Recommendation of 18 August 2009), in Turtle and in JSON-LD.

Both are generated from the same statements. Names are URNs, because several installations serve the scheme.
"""

from collections.abc import Iterator

from contracts import rdf
from contracts.rdf import Iri, Subject, Text, Value
from contracts.reference.scheme import Concept, Scheme, Status

PREFIXES = {
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "owl": "http://www.w3.org/2002/07/owl#",
}
BASE = "urn:entraide:reference:"
WHOLE = f"{BASE}scheme"
"""The URI of the scheme."""


def iri(name: str) -> str:
    """The URI of a concept: `topics/extradition` is `urn:entraide:reference:topics:extradition`."""
    return BASE + name.replace("/", ":", 1)


def turtle(scheme: Scheme) -> str:
    """Return the scheme in Turtle."""
    return rdf.turtle(PREFIXES, _subjects(scheme))


def json_ld(scheme: Scheme) -> str:
    """Return the scheme in JSON-LD 1.1."""
    return rdf.json_ld(PREFIXES, _subjects(scheme))


def _subjects(scheme: Scheme) -> Iterator[Subject]:
    tops = [top.name for top in scheme.tops()]
    whole: list[tuple[str, Value]] = [("dcterms:title", Text(text, lang)) for lang, text in scheme.title.items()]
    whole.append(("owl:versionInfo", Text(scheme.version)))
    whole += [("skos:hasTopConcept", Iri(iri(name))) for name in tops]
    yield WHOLE, "skos:ConceptScheme", whole
    for concept in scheme.concepts.values():
        yield iri(concept.name), "skos:Concept", list(_statements_of(concept, top=concept.name in tops))
    for table in dict.fromkeys(concept.table for concept in scheme.concepts.values()):
        members = (one for one in scheme.concepts.values() if one.table == table)
        yield f"{BASE}{table}", "skos:Collection", [("skos:member", Iri(iri(one.name))) for one in members]


def _statements_of(concept: Concept, *, top: bool) -> Iterator[tuple[str, Value]]:
    yield "skos:inScheme", Iri(WHOLE)
    if top:
        yield "skos:topConceptOf", Iri(WHOLE)
    yield "skos:notation", Text(concept.name)
    for language, label in concept.labels.items():
        yield "skos:prefLabel", Text(label.text, language)
    for language, words in concept.alternatives.items():
        for word in words:
            yield "skos:altLabel", Text(word.text, language)
    for predicate, names in (("skos:broader", concept.broader), ("skos:related", concept.related)):
        for name in names:
            yield predicate, Iri(iri(name))
    for address in concept.close:
        yield "skos:closeMatch", Iri(address)
    if concept.retired:
        yield "owl:deprecated", True
        for name in concept.replaced_by:
            yield "dcterms:isReplacedBy", Iri(iri(name))
    yield "skos:editorialNote", Text(_note(concept), "en")


def _note(concept: Concept) -> str:
    """A note on the origin of the labels, because SKOS cannot state it for each label."""
    labels = _by_status([(label.status, language) for language, label in concept.labels.items()])
    others = [
        (word.status, f"{word.text} ({language})") for language, words in concept.alternatives.items() for word in words
    ]
    marked = _by_status([one for one in others if one[0] != "compiled"])
    rest = ["compiled: all" if not marked else "compiled: all others"] if others else []
    return f"Labels {'; '.join(labels)}." + (f" Alternative labels {'; '.join([*marked, *rest])}." if others else "")


def _by_status(found: list[tuple[Status, str]]) -> list[str]:
    """Each status with its languages, such as `official: en`, `compiled: ar, fr`."""
    statuses: tuple[Status, ...] = ("official", "reviewed", "compiled")
    by_status = {status: [where for one, where in found if one == status] for status in statuses}
    return [f"{status}: {', '.join(where)}" for status, where in by_status.items() if where]
