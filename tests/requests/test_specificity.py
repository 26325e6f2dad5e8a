"""Advice on a line that is too general to be matched."""

from datetime import timedelta

import pytest

from contracts.requests import Line
from contracts.values import Period
from services.requests.request.specificity import Aspect, LineText, missing
from tests.builders import NOON
from tests.requests.builders import a_line

SAID = LineText(
    institution_name="Institute",
    outcome="Judges cite decisions of other States",
    in_place="一个由六名律师组成的中央机关，没有电子案卷",
    markers_justification="",
)


@pytest.mark.parametrize(
    ("line", "text", "expected"),
    [
        (a_line(), SAID, ()),
        (a_line(institution="other"), SAID, (Aspect.WHO,)),
        (a_line(topics=(), articles=()), SAID, (Aspect.SUBJECT,)),
        (a_line(window=Period(starts=NOON.date(), ends=NOON.date() + timedelta(days=900))), SAID, (Aspect.WHEN,)),
        (
            a_line(),
            LineText(institution_name="", outcome="training", in_place="", markers_justification=""),
            (Aspect.WHO, Aspect.OUTCOME, Aspect.IN_PLACE),
        ),
    ],
)
def test_generic_line_gets_advice(line: Line, text: LineText, expected: tuple[Aspect, ...]) -> None:
    assert expected == missing(line, text)
