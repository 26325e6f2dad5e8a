"""The moves of a match."""

from services.console.fields import Field
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

STATE, PROVIDER = ("focal_point",), ("provider_officer",)
DEPARTURE = Field(
    name="departure",
    label=N_("Reason for passing over a better ranked match"),
    kind="choice",
    required=False,
    options="reasons:present",
    hint=N_("Needed only if a better ranked match of this line is not presented."),
)
COVERS = Field(
    name="covers",
    label=N_("How many persons it covers"),
    kind="number",
    required=False,
    hint=N_("Leave it empty. Only if fewer are left than the match covers, enter how many are left."),
)
RATINGS = (
    ("5", N_("5 – very good")),
    ("4", N_("4 – good")),
    ("3", N_("3 – sufficient")),
    ("2", N_("2 – weak")),
    ("1", N_("1 – poor")),
)


def _rating(name: str, label: str) -> Field:
    return Field(name=name, label=label, kind="choice", options=RATINGS, whole=True)


EVALUATION = (
    Field(
        name="result",
        label=N_("What was agreed has been"),
        kind="choice",
        options=(("met", N_("Met")), ("partially_met", N_("Partly met")), ("unmet", N_("Not met"))),
    ),
    _rating("relevance", N_("Relevance to the need")),
    _rating("quality", N_("Quality")),
    _rating("timeliness", N_("Timeliness")),
    Field(
        name="comment",
        label=N_("Comment"),
        kind="words",
        required=False,
        max_length=2000,
        hint=N_("Only your side and UNODC will see it."),
    ),
)

MATCH = Noun(
    path="/matches",
    api="/v1/matches",
    record="matches/head.html",
    moves=(
        Move(
            name="present",
            path="present",
            label=N_("Present"),
            fields=(DEPARTURE, COMMENT),
            explains=N_("The State and the provider will see the match. Each then accepts or declines it."),
            done="presented",
        ),
        Move(
            name="shortlist",
            path="shortlist",
            label=N_("Put on the short list"),
            explains=N_("Only UNODC sees the short list."),
        ),
        Move(
            name="accept",
            path="accept",
            label=N_("Accept"),
            fields=(COVERS, COMMENT),
            explains=N_("The match is confirmed once the provider has confirmed it too."),
            done="accepted",
        ),
        Move(
            name="confirm",
            path="confirm",
            label=N_("Confirm"),
            fields=(COVERS, COMMENT),
            explains=N_("The match is confirmed once the State has accepted it too. Your capacity is then reserved."),
            done="accepted",
        ),
        Move(
            name="evaluate",
            path="evaluate",
            label=N_("Evaluate the delivery"),
            fields=EVALUATION,
            explains=N_("The other side sees your ratings, but not your comment. You can evaluate again later."),
        ),
        Move(
            name="decline",
            path="decline",
            label=N_("Decline"),
            fields=(reason("decline_by_state"), COMMENT),
            warns=True,
            roles=STATE,
        ),
        Move(
            name="decline",
            path="decline",
            label=N_("Decline"),
            fields=(reason("decline_by_provider"), COMMENT),
            warns=True,
            roles=PROVIDER,
        ),
        Move(
            name="not_pursue",
            path="not-pursue",
            label=N_("Do not pursue"),
            fields=(reason("not_pursue"), COMMENT),
            warns=True,
        ),
    ),
)
