"""What a score rested on when its match was presented: codes and figures, from which its sentences are made."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.values import END, Code

CODES_MAX = 200
Value = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9_.:/-]+" + END,
        min_length=1,
        max_length=64,
        description="A code, or a period as `from/until`",
    ),
]
Values = Annotated[tuple[Value, ...], Meta(max_length=CODES_MAX)]
Thousandths = Annotated[int, Meta(ge=0, le=1000)]
Count = Annotated[int, Meta(ge=0, le=10_000_000)]
Hundredths = Annotated[int, Meta(ge=0, le=500)]


class CloseCode(Struct, frozen=True, kw_only=True):
    """What is offered in the place of what is asked, and how close that is, in thousandths."""

    asked: Code
    offered: Code
    closeness: Thousandths


class RatingStep(Struct, frozen=True, kw_only=True):
    """The step that a mean rating is on, in hundredths, and for how many thousandths deliveries then count."""

    least: Hundredths
    most: Hundredths
    counts: Thousandths


class ShareBasis(Struct, frozen=True, kw_only=True):
    """What one criterion's share rested on: what was asked and offered, met, nearly met and not.

    `case` names the sentence, where it is not made of the codes; `amount` of `whole` is what it counts.
    """

    criterion: Code
    asked: Values = ()
    offered: Values = ()
    met: Values = ()
    near: Annotated[tuple[CloseCode, ...], Meta(max_length=CODES_MAX)] = ()
    unmet: Values = ()
    case: Code | None = None
    amount: Count | None = None
    whole: Count | None = None
    rated: RatingStep | None = None
    degree: Thousandths
