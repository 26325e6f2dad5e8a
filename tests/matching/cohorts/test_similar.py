"""Similarity of lines by codes and texts, and duplicates."""

import random
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Period
from services.matching.cohorts.similar import DUPLICATE_WITHIN, SIMILAR_MAX, Submitted, similar, similarity
from services.matching.scoring.criteria import FULL
from services.matching.texts.meaning import Embedder
from services.matching.texts.reading import Wording, read
from tests.builders import AHEAD, NOON
from tests.matching.builders import a_wanted_line
from tests.matching.scoring.builders import lines
from tests.matching.texts.steps import Letters


def submitted(text: str | None = None, at: datetime = NOON, model: Embedder | None = None, **changes: Any) -> Submitted:
    line = a_wanted_line(**changes)
    readings = read([Wording(about_id=line.line_id, core=text)], model) if text is not None else [None]
    return Submitted(line=line, submitted_at=at, reading=readings[0])


@given(lines(), lines())
def test_similarity_is_symmetric(one: Any, other: Any) -> None:
    assert 0 <= similarity(one, other) == similarity(other, one) <= FULL
    assert not (one.topics and one.articles) or similarity(one, one) == FULL


@given(st.randoms())
def test_input_order_does_not_change_similar_lines(chance: random.Random) -> None:
    to = submitted("a judge of extradition", model=Letters())
    others = [
        submitted(text, model=Letters(), line_id=UUID(int=number))
        for number, text in enumerate(["aab", "aab", "c", "b", ""], 1)
    ]
    shuffled = list(others)
    chance.shuffle(shuffled)

    assert similar(to, others) == similar(to, shuffled)


def test_common_codes_are_listed() -> None:
    to = submitted(topics=("mutual_legal_assistance", "extradition"))
    other = submitted(
        kind="mentoring",
        topics=("extradition", "cybercrime"),
        articles=("UNTOC:16",),
        window=Period(starts=date(AHEAD, 6, 1), ends=date(AHEAD, 12, 31)),
    )
    later = submitted(window=Period(starts=date(AHEAD + 1, 1, 1), ends=date(AHEAD + 1, 2, 1)))

    (found,) = similar(to, [other])

    assert (False, ("extradition",), ()) == (found.same_kind, found.topics, found.articles)
    assert Period(starts=date(AHEAD, 6, 1), ends=date(AHEAD, 6, 30)) == found.overlap
    assert similar(to, [later])[0].overlap is None


def test_among_equal_codes_the_most_similar_text_comes_first() -> None:
    to = submitted("aab", model=Letters())
    far, near = (submitted(text, model=Letters(), state="UGA") for text in ("ccc", "aab"))

    found = similar(to, [far, near])

    assert [near.line.line_id, far.line.line_id] == [one.line.line_id for one in found]
    assert [1000, 0] == [one.judgement and one.judgement.closeness for one in found]


def test_without_a_model_words_of_the_same_language_are_compared() -> None:
    to = submitted("The judges of the country are trained in extradition.")
    far, near, russian = (
        submitted(text, state="UGA")
        for text in (
            "The forests of the coast are mapped from the air.",
            "Training on extradition for all judges of the appeal courts.",
            "Судьи страны обучаются выдаче преступников.",
        )
    )

    found = similar(to, [far, near, russian])

    assert near.line.line_id == found[0].line.line_id
    assert 3 == len(found), "lines without a common word are placed by codes"
    assert all(one.judgement is None for one in found)


def test_at_most_twenty_similar_lines_are_returned() -> None:
    assert SIMILAR_MAX == len(similar(submitted(), [submitted() for _ in range(SIMILAR_MAX + 5)]))
    assert [] == similar(submitted(), [])


MINUTES = timedelta(minutes=10)
SAME = "The judges are trained in extradition."


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (submitted(SAME, NOON + MINUTES), True),
        (submitted(SAME, NOON - MINUTES), True),
        (submitted(SAME, NOON + DUPLICATE_WITHIN + MINUTES), False),
        (submitted("The forests are mapped.", NOON + MINUTES), False),
        (submitted(SAME, NOON + MINUTES, state="UGA"), False),
        (submitted(SAME, NOON + MINUTES, kind="mentoring"), False),
        (submitted(None, NOON + MINUTES), True),
        (submitted(None, NOON + MINUTES, articles=("UNTOC:16",)), False),
    ],
)
def test_near_copy_by_the_same_state_within_an_hour_is_a_duplicate(other: Submitted, is_one: bool) -> None:
    assert [is_one] == [found.duplicate for found in similar(submitted(SAME), [other])]


def test_line_of_the_same_request_is_no_duplicate() -> None:
    request_id = uuid4()

    (found,) = similar(submitted(SAME, request_id=request_id), [submitted(SAME, request_id=request_id)])

    assert not found.duplicate


def test_one_more_word_is_a_duplicate_and_another_text_is_not() -> None:
    to = submitted("aaaaaaab", model=Letters())

    found = similar(to, [submitted(text, model=Letters()) for text in ("c", "aaaaaab")])

    assert [True, False] == [one.duplicate for one in found]
