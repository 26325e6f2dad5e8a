"""What the demo says of a match: what fits best, and what is missing most."""

from services.demo.show import match_words
from services.demo.story import Line


def a_reason(says: str, points: int, of: int) -> dict[str, object]:
    return {"says": says, "points": points, "of": of}


def test_largest_missing_share_is_shown_beside_what_fits() -> None:
    reasons = [
        a_reason("topics", 220, 220), a_reason("region", 18, 60), a_reason("articles", 110, 110),
        a_reason("language", 90, 100), a_reason("experience", 0, 60), a_reason("window", 100, 100),
    ]  # fmt: skip
    line = Line(kind="mla_training", match={"provider": "UNODC-MLA", "score": 538, "explanation": reasons})

    shown = [text for _, text in match_words(line)]

    assert "mla_training: UNODC-MLA 538/1000" == shown[0]
    assert "220/220 topics" == shown[1]
    assert "0/60 experience" == shown[-1]
    assert 1 == sum("experience" in one for one in shown)


def test_full_match_lacks_nothing() -> None:
    line = Line(
        kind="mla_training", match={"provider": "NOR", "score": 1000, "explanation": [a_reason("topics", 1000, 1000)]}
    )

    assert ["mla_training: NOR 1000/1000", "1000/1000 topics"] == [text for _, text in match_words(line)]
