"""What more than one route shows."""

from uuid import UUID

from msgspec import Struct

from contracts.consents import FieldSet
from contracts.values import Language
from services.matching import wording
from services.matching.explanation import Explanation
from services.matching.match import NOT_CONFIRMED, Match


class Explained(Struct, frozen=True, kw_only=True):
    """One criterion's share, `points` of at most `of`, and what it rests on, in the reader's language.

    `asked` and `offered` are codes of `/v1/reference/…`, and periods as `from/until`, of the line and the offering, as
    they were when the match was presented. What has changed before that since the day of the score has no reason here.
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


class Opened(Struct, frozen=True, kw_only=True):
    """What the agreement of both sides shows of the request to the provider's officers, beside what consents show them.

    It ends when the match is revoked or the request is over. `says` it in the reader's language.
    """

    provider: str
    line_id: UUID
    fields: tuple[FieldSet, ...]
    says: str


def opened(match: Match, reader: Language) -> Opened | None:
    """What is opened if both sides agree; None once they have, or the match has ended."""
    if match.status not in NOT_CONFIRMED:
        return None
    return Opened(
        provider=match.provider,
        line_id=match.line_id,
        fields=(FieldSet.CODES, FieldSet.WORDS),
        says=wording.opens(match.provider, reader),
    )
