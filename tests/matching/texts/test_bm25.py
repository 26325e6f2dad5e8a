"""BM25 scores equal the formula, whatever the history of the index."""

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.matching.texts import bm25
from services.matching.texts.bm25 import LENGTH_WEIGHT, SATURATION, Found, Index

TOKENS = st.lists(st.sampled_from("abcdefg"), max_size=8)
DOCUMENTS = st.dictionaries(st.sampled_from([f"d{n}" for n in range(9)]), TOKENS)


def an_index(documents: Mapping[str, Sequence[str]]) -> Index:
    index = Index()
    for document_id, tokens in documents.items():
        index.put(document_id, tokens)
    return index


def by_the_formula(documents: Mapping[str, Sequence[str]], query: Sequence[str]) -> list[Found]:
    """Return the result of the published formula, document by document."""
    mean = sum(map(len, documents.values())) / max(len(documents), 1) or 1.0
    found = []
    for document_id, tokens in documents.items():
        score = 0.0
        for token, times in sorted(Counter(query).items()):
            holding = sum(token in other for other in documents.values())
            rarity = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            damped = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * (len(tokens) / mean))
            count = tokens.count(token)
            score += times * rarity * (count * (SATURATION + 1) / (count + damped)) if count else 0
        if score > 0:
            found.append(Found(document_id, score))
    return sorted(found, key=lambda one: (-one.score, one.document_id))


@given(DOCUMENTS, TOKENS, st.integers(1, 12))
def test_scores_equal_the_formula(documents: dict[str, list[str]], query: list[str], limit: int) -> None:
    assert by_the_formula(documents, query)[:limit] == an_index(documents).search(query, limit=limit)


@given(DOCUMENTS, TOKENS, st.sets(st.sampled_from(["d1", "d2", "d3", "nobody"])), st.integers(1, 3))
def test_search_among_some_keeps_their_scores(
    documents: dict[str, list[str]], query: list[str], among: set[str], limit: int
) -> None:
    expected = [one for one in by_the_formula(documents, query) if one.document_id in among]

    assert expected[:limit] == an_index(documents).search(query, limit=limit, among=among)


@given(st.lists(st.tuples(st.sampled_from(["d1", "d2", "d3", "d4"]), st.none() | TOKENS), max_size=40), TOKENS)
def test_updated_index_equals_a_new_one(changes: list[tuple[str, list[str] | None]], query: list[str]) -> None:
    index, documents = Index(), dict[str, list[str]]()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bm25, "GONE_MAX", 3)
        for document_id, tokens in changes:
            if tokens is None:
                index.remove(document_id)
                documents.pop(document_id, None)
            else:
                index.put(document_id, tokens)
                documents[document_id] = tokens
            assert by_the_formula(documents, query) == index.search(query, limit=9)
    assert len(documents) == len(index)
    assert all(document_id in index for document_id in documents)


def test_equal_documents_are_ordered_by_id() -> None:
    ids = [f"d{n:03}" for n in range(50)]
    shuffled = random.Random(7).sample(ids, len(ids))
    index = an_index({one: ["witness"] for one in shuffled} | {"other": ["judge"]})

    for limit in (1, 7, 50):
        assert ids[:limit] == [one.document_id for one in index.search(["witness"], limit=limit)]


def test_single_score_equals_the_batch_score() -> None:
    chance = random.Random(7)
    vocabulary = [f"w{n}" for n in range(100)]
    documents = {f"d{n:02}": chance.choices(vocabulary, k=40) for n in range(50)}
    index, query = an_index(documents), chance.choices(vocabulary, k=60)

    assert 50 == len(index.search(query, limit=50))
    assert index.search(query, limit=50) == index.search(query, limit=50, among=documents)


def test_rare_word_weighs_more_than_a_common_one() -> None:
    index = an_index({"a": ["training", "judge"], "b": ["training", "witness"], "c": ["training", "judge"]})

    assert "b" == index.search(["training", "witness"], limit=1)[0].document_id


def test_empty_index_and_unknown_word_find_nothing() -> None:
    assert [] == Index().search(["witness"], limit=5)
    assert [] == an_index({"a": []}).search(["witness"], limit=5)
    assert [] == an_index({"a": ["judge"]}).search([], limit=5)
    assert [] == an_index({"a": ["judge"]}).search(["judge"], limit=0)
