"""What more than one route shows."""

from msgspec import Struct

from contracts.values import Language
from services.matching import wording
from services.matching.explanation import Explanation


class Explained(Struct, frozen=True, kw_only=True):
    """One criterion's share, `points` of at most `of`, and what it rests on, in the reader's language.

    `asked` and `offered` are codes of `/v1/reference/…`, and periods as `from/until`, of the line and the offering as
    they now stand; the share is that of the day of the score.
    """

    criterion: str
    points: int
    of: int
    asked: tuple[str, ...]
    offered: tuple[str, ...]
    says: str


def explained(why: Explanation, reader: Language) -> Explained:
    return Explained(
        criterion=why.share.criterion,
        points=why.share.points,
        of=why.share.of,
        asked=why.asked,
        offered=why.offered,
        says=wording.says(why, reader),
    )
