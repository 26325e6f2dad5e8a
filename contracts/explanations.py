"""The basis of a score at the time its match was presented: codes and numbers for its explanation."""

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
    """An offered code close to a requested one, and the closeness in thousandths."""

    asked: Code
    offered: Code
    closeness: Thousandths


class RatingStep(Struct, frozen=True, kw_only=True):
    """A range of mean ratings, in hundredths, and the weight of deliveries in that range, in thousandths."""

    least: Hundredths
    most: Hundredths
    counts: Thousandths


class ShareBasis(Struct, frozen=True, kw_only=True):
    """The basis of one criterion's share: the requested and offered codes, and those met, nearly met and not met.

    `case` names the sentence of the explanation if it is not derived from the codes; the sentence counts `amount` of
    `whole`.
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
