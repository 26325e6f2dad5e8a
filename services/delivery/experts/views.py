"""Views of experts."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from chassis.context import Context
from chassis.db.database import Tx
from contracts.conversion import from_attributes
from contracts.sessions import Sex
from contracts.values import Caller, Language, Period
from services.delivery import policy
from services.delivery.experts import store
from services.delivery.experts.model import Expert, ExpertStatus
from services.delivery.experts.store import Texts
from services.delivery.policy import Action


class ExpertView(Struct, frozen=True, kw_only=True):
    """An expert on the roster of a provider, available in `periods`, or at any time if there are none.

    Coordinators, and the States of sessions in which the expert teaches, see the expert once `consented_on` is set,
    the day of a consent that the person `recorded_by` recorded. After a withdrawal, and to other services, the texts
    are empty. `sex` is shown to the expert's provider only; it is used for counts only.
    """

    expert_id: UUID
    provider: str
    status: ExpertStatus
    revision: int
    name: str
    function: str
    biography: str
    email: str | None
    person_id: UUID | None
    sex: Sex | None
    topics: tuple[str, ...]
    kinds: tuple[str, ...]
    languages: tuple[Language, ...]
    periods: tuple[Period, ...]
    consented_on: date | None
    recorded_by: UUID | None
    listed_at: datetime
    withdrawn_at: datetime | None
    moves: tuple[str, ...]


async def expert_view(tx: Tx, ctx: Context, expert_id: UUID) -> ExpertView:
    """Return the expert for the caller. Raises Missing if the caller may not see the expert."""
    found = await store.get(tx, expert_id, ctx.caller)
    policy.decide(ctx.caller, Action.SHOW_EXPERT, found).required()
    return (await views_of(tx, [found], ctx.caller))[0]


async def views_of(tx: Tx, found: Sequence[Expert], caller: Caller) -> list[ExpertView]:
    texts = await store.texts_of(tx, [one.expert_id for one in found])
    return [
        from_attributes(
            ExpertView,
            one,
            **asdict(texts.get(one.expert_id, Texts()))
            | ({} if caller.organization == one.provider else {"sex": None}),
            moves=policy.expert_moves_open_to(caller, one),
        )
        for one in found
    ]
