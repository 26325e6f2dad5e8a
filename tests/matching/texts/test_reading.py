"""Readings of any text, compared only by the model that made them."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from contracts.matching import Judgement
from contracts.words import LineWords, RequestWords
from services.matching.texts.meaning import Model, Vector
from services.matching.texts.reading import TOKENS_MAX, Wording, judgements, of_lines, of_offering, read
from tests.matching.texts.steps import LETTERS, Letters

LINE, OFFERING, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
NARRATIVE = "The judges of the central authority draft their requests by hand. " * 15_000
"""Text of a million characters, more than anybody may send."""


def words(*outcomes: str, title: str = "Training", need: str = "We need judges.") -> RequestWords:
    lines = tuple(
        LineWords(line_id=UUID(int=number), outcome=one, in_place="") for number, one in enumerate(outcomes, 1)
    )
    return RequestWords(request_id=uuid4(), texts_hash="0" * 64, title=title, need=need, lines=lines)


def test_line_has_its_own_texts_and_its_requests() -> None:
    first, second = read(of_lines(words("Extradition is asked for.", "Witnesses are protected.")), Letters())

    assert (LINE, OFFERING) == (first.about_id, second.about_id)
    assert {"train", "judg", "extradit"} <= set(first.tokens)
    assert {"train", "judg", "protect"} <= set(second.tokens)
    assert "extradit" not in second.tokens
    assert "en" == first.language


def test_need_is_tokenized_but_not_embedded() -> None:
    with_need, without = (read(of_lines(words("aab", need=need)), Letters())[0] for need in ("ccc ccc", ""))

    assert with_need.vector == without.vector
    assert with_need.tokens != without.tokens


@pytest.mark.parametrize("text", ["", " \n\t", "…!?", "🙂🙃", "\u202e\u2067\u200f\ufeff"])
def test_empty_text_has_an_empty_reading(text: str) -> None:
    (reading,) = read([Wording(about_id=LINE, core=text, rest=text)], Letters())

    assert ((), None, None) == (reading.tokens, reading.language, reading.vector)
    assert {} == judgements(reading, read([of_offering(OFFERING, "aab", "b")], Letters()))


def test_reading_of_a_long_text_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    (reading,) = read([Wording(about_id=LINE, core=NARRATIVE, rest=NARRATIVE)], Letters())

    assert 0 < len(reading.tokens) <= TOKENS_MAX
    assert reading.vector is not None


def test_each_paragraph_is_read_in_its_own_language() -> None:
    (reading,) = read(
        [
            Wording(
                about_id=LINE,
                core="The judges are trained in extradition.\nСудьи обучаются выдаче преступников.\n法官接受引渡培训。",
                rest="يتدرب القضاة على تسليم المجرمين.\n🙂 \u202eLes juges sont formés à l’extradition.\u202c",
            )
        ],
        None,
    )

    assert {"judg", "extradit", "суд", "引渡", "jug"} <= set(reading.tokens), reading.tokens
    assert any("\u0621" <= letter <= "\u064a" for token in reading.tokens for letter in token)
    assert not any("\u202a" <= letter <= "\u202e" for token in reading.tokens for letter in token)
    assert reading.vector is None, "there was no model"


def test_model_judges_only_its_own_readings() -> None:
    line, near, far, empty = read(
        [
            of_offering(LINE, "aab", ""),
            of_offering(OFFERING, "aab", ""),
            of_offering(OTHER, "c", ""),
            of_offering(UUID(int=4), "", ""),
        ],
        Letters(),
    )
    newer = replace(near, about_id=UUID(int=5), vector=Vector(Model("letters", "2", 3), near.vector.values))

    said = judgements(line, [near, far, empty, newer])

    assert {
        OFFERING: Judgement(model=LETTERS.name, version=LETTERS.version, closeness=1000),
        OTHER: Judgement(model=LETTERS.name, version=LETTERS.version, closeness=0),
    } == said
    assert {} == judgements(None, [near]) == judgements(empty, [near])


class Opposites:
    """Embedder that makes each vector the opposite of the one before."""

    model = LETTERS

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[(-1) ** number, 0, 0] for number in range(len(texts))], dtype=np.float32)


def test_opposite_texts_are_not_close() -> None:
    line, offering = read([of_offering(LINE, "a", ""), of_offering(OFFERING, "b", "")], Opposites())

    assert 0 == judgements(line, [offering])[OFFERING].closeness
