"""Views of practices."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.practices import CountryReview, PracticeKind
from contracts.values import Caller, Language
from services.sherloc import policy
from services.sherloc.policy import Action
from services.sherloc.practices import delivery_store, rules, store
from services.sherloc.practices.model import Practice, PracticeStatus, PracticeTexts

_WITHDRAWN = PracticeTexts(title="", text="")


class PracticeView(Struct, frozen=True, kw_only=True):
    """A practice, a challenge or a tool, of either a `state` or a `provider`, in one `language`.

    `country_review` is the author's statement: `nothing` comes from a country review, or what does was
    `entered_by_state`. `uses` is the number of deliveries that used it, and `used_in` are those that the caller sees.
    `delivery_id`, from which it was learned, and the `comment` on the last move are shown to the author and UNODC.
    `reason` is the code (`/v1/reference/reasons/return_practice`) with which a coordinator returned it. `title` and
    `text` are empty once it is withdrawn.
    """

    practice_id: UUID
    practice_kind: PracticeKind
    state: str | None
    provider: str | None
    status: PracticeStatus
    revision: int
    title: str
    text: str
    language: Language
    articles: tuple[str, ...]
    topics: tuple[str, ...]
    country_review: CountryReview
    delivery_id: UUID | None
    uses: int
    used_in: tuple[UUID, ...]
    recorded_at: datetime
    changed_at: datetime
    submitted_at: datetime | None
    catalogued_at: datetime | None
    reason: str | None
    comment: str
    moves: tuple[str, ...]


async def practice_view(tx: Tx, ctx: Context, practice_id: UUID) -> PracticeView:
    """Return a practice as this caller sees it. Raises Missing if this caller may not see it."""
    found = await store.get(tx, practice_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_PRACTICE, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Practice], caller: Caller) -> list[PracticeView]:
    """Convert practices into views for a caller who may see them."""
    ids = [one.practice_id for one in found]
    texts, comments = await store.texts_of(tx, ids), await store.comments_of(tx, ids)
    uses = await delivery_store.uses_of(tx, ids)
    views = []
    for one in found:
        words = texts.get(one.practice_id, _WITHDRAWN)
        is_party = rules.is_author_or_unodc(caller, one)
        views.append(
            from_attributes(
                PracticeView,
                one,
                title=words.title,
                text=words.text,
                delivery_id=one.delivery_id if is_party else None,
                comment=comments.get(one.practice_id, ""),
                used_in=uses.get(one.practice_id, ()),
                moves=policy.practice_moves_open_to(caller, one),
            )
        )
    return views
