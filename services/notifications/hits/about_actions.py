"""What a reader may know of a notice's matter: as much as the State's consent lets them when it is read or sent."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from chassis.db.database import Tx
from services.notifications.hits import request_store
from services.notifications.hits.model import KnownRequest
from services.notifications.notices import store
from services.notifications.notices.notice import UNODC
from services.notifications.notices.wording import About


class _Noticed(Protocol):
    """A notification or its letter."""

    @property
    def organization(self) -> str: ...
    @property
    def request_id(self) -> UUID | None: ...
    @property
    def whose(self) -> str | None: ...
    @property
    def kind(self) -> str | None: ...
    @property
    def due_on(self) -> date | None: ...


async def told(tx: Tx, those: Sequence[_Noticed], *, by_mail: bool, now: datetime) -> list[About]:
    """Return what each of these notices tells its reader; a mail on a request for UNODC alone tells only the day."""
    request_ids = {one.request_id for one in those if one.request_id is not None}
    known = await request_store.requests(tx, request_ids)
    kinds = await store.kinds_of(tx, request_ids)

    def about(one: _Noticed) -> About:
        least = About(due_on=one.due_on)
        if one.request_id is None:
            return About(whose=one.whose, kinds=(one.kind,) if one.kind else (), due_on=one.due_on)
        request = known.get(one.request_id)
        if by_mail and request is not None and request.confidential:
            return least
        if not _may_know(one, request, now):
            return least
        return About(
            whose=one.whose, kinds=(one.kind,) if one.kind else kinds.get(one.request_id, ()), due_on=one.due_on
        )

    return [about(one) for one in those]


def _may_know(one: _Noticed, request: KnownRequest | None, now: datetime) -> bool:
    """Check whether the reader is the State, UNODC's desk, or one to whom a consent shows the request."""
    if one.organization == UNODC:
        return True
    if request is None:
        return one.organization == one.whose
    return one.organization == request.state or request.is_shown_to(one.organization, now)
