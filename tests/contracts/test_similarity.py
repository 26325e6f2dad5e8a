"""The similarity of two topics grows with the information content of their nearest common ancestor."""

import os
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import reference
from contracts.reference.similarity import Taxonomy, highest_similarity, similarity, taxonomy_of

FAMILY = taxonomy_of(
    {
        "crime": [],
        "trafficking": ["crime"],
        "persons": ["trafficking"],
        "arms": ["trafficking"],
        "cyber": ["crime"],
        "evidence": ["cyber", "procedure"],
        "procedure": [],
        "trial": ["procedure"],
    }
)


@st.composite
def taxonomies(draw: st.DrawFn) -> Taxonomy:
    """Taxonomies of up to twelve concepts, each below any of the previous ones."""
    size = draw(st.integers(min_value=1, max_value=12))
    parents = {str(n): draw(st.sets(st.sampled_from([str(m) for m in range(n)]))) if n else set() for n in range(size)}
    return taxonomy_of(parents)


def test_leaf_has_full_information_and_a_broader_concept_less() -> None:
    content = FAMILY.content

    assert 1.0 == content["arms"] == content["evidence"]
    assert content["crime"] < content["trafficking"] < content["persons"]
    assert all(said > 0 for said in content.values())


def test_concept_with_two_parents_counts_once_for_each() -> None:
    assert FAMILY.content["procedure"] == FAMILY.content["trafficking"]
    assert {"evidence", "cyber", "crime", "procedure"} == FAMILY.above["evidence"]


def test_the_figure_is_lin_s() -> None:
    # Nine concepts with the virtual root; two below trafficking: 1 - log 3 / log 9 = 1/2. The leaves have 1.
    assert 500 == similarity(FAMILY, "persons", "arms")
    assert 667 == similarity(FAMILY, "persons", "trafficking")


def test_parent_and_child_are_more_alike_than_siblings_and_these_more_than_strangers() -> None:
    parent_and_child, siblings = similarity(FAMILY, "trafficking", "arms"), similarity(FAMILY, "persons", "arms")
    cousins, strangers = similarity(FAMILY, "arms", "cyber"), similarity(FAMILY, "arms", "trial")

    assert parent_and_child > siblings > cousins > strangers == 0


def test_siblings_deep_down_are_more_alike_than_siblings_below_a_root() -> None:
    assert similarity(FAMILY, "persons", "arms") > similarity(FAMILY, "trafficking", "cyber")


def test_of_two_shared_ancestors_the_more_telling_counts() -> None:
    both = taxonomy_of(
        {"wide": [], "x": ["wide"], "y": ["wide"], "narrow": [], "a": ["wide", "narrow"], "b": ["wide", "narrow"]}
    )
    assert round(1000 * both.content["narrow"]) == similarity(both, "a", "b") > round(1000 * both.content["wide"])


def test_however_near_two_concepts_are_they_are_not_the_same() -> None:
    leaves = {f"leaf {n}": ["inner"] for n in range(3000)}
    others = {f"other {n}": list[str]() for n in range(3000)}

    assert 999 == similarity(taxonomy_of({"outer": [], "inner": ["outer"]} | leaves | others), "outer", "inner")


def test_of_several_the_most_alike_count_and_of_none_nothing_is_alike() -> None:
    assert 1000 == highest_similarity(FAMILY, ["arms", "trial"], ["cyber", "trial"])
    assert similarity(FAMILY, "arms", "persons") == highest_similarity(FAMILY, ["arms", "trial"], ["persons"])
    assert 0 == highest_similarity(FAMILY, [], ["persons"])


def test_a_concept_that_never_was_is_an_error() -> None:
    with pytest.raises(KeyError):
        similarity(FAMILY, "unheard_of", "unheard_of")


@given(taxonomies())
def test_in_every_taxonomy_only_the_same_is_wholly_alike_and_who_comes_first_does_not_matter(made: Taxonomy) -> None:
    for a, b in product(made.above, made.above):
        assert (1000 if a == b else min(999, similarity(made, a, b))) == similarity(made, b, a)
        assert (similarity(made, a, b) == 0) == (not made.above[a] & made.above[b])


@given(taxonomies())
def test_broader_concept_has_less_information_in_every_taxonomy(made: Taxonomy) -> None:
    for code, above in made.above.items():
        assert all(made.content[ancestor] < made.content[code] for ancestor in above - {code})


# -- the topics --------------------------------------------------------------------------------------------------------


def test_topics_are_alike_at_all_where_edges_lead_from_one_to_the_other() -> None:
    topics = reference.topics()

    for a, b in product(topics, topics):
        found = reference.topic_similarity(a, b)
        assert found == reference.topic_similarity(b, a)
        assert (found == 1000) == (a == b)
        assert (found == 0) == (reference.topic_distance(a, b) == reference.UNRELATED)


def test_a_parent_is_more_like_a_topic_than_what_shares_only_that_parent_with_it() -> None:
    concepts = {code: set(topic.parents) for code, topic in reference.topics().items()}

    for child, parents in concepts.items():
        for parent in parents:
            for sibling in (
                code for code, others in concepts.items() if code != child and others == parents == {parent}
            ):
                found = reference.topic_similarity(child, sibling)
                assert reference.topic_similarity(child, parent) > found, (child, parent, sibling)


@pytest.mark.parametrize(
    ("topic", "nearer", "further"),
    [
        ("mutual_legal_assistance", "central_authorities", "extradition"),
        ("mutual_legal_assistance", "extradition", "law_enforcement_cooperation"),
        ("mutual_legal_assistance", "law_enforcement_cooperation", "trafficking_in_persons"),
        ("trafficking_in_persons", "smuggling_of_migrants", "firearms_trafficking"),
        ("electronic_evidence", "preservation_of_data", "special_investigative_techniques"),
        ("witness_protection", "victim_assistance", "case_management_systems"),
    ],
)
def test_of_two_topics_the_nearer_in_meaning_is_the_more_alike(topic: str, nearer: str, further: str) -> None:
    assert reference.topic_similarity(topic, nearer) > reference.topic_similarity(topic, further)


def test_the_figures_are_the_same_in_every_process() -> None:
    """The order of sets differs in each process, but not the results."""
    code = "from contracts import reference as r; t = list(r.topics()); print([r.topic_similarity(a, b) for a in t for b in t])"
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[2],
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(said)
