"""Issue digests that are due. The caller opens the transaction."""

from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.outbox import announce
from services.notifications.digests import store
from services.notifications.digests.model import Entry
from services.notifications.hits import actions as hit_actions
from services.notifications.hits.model import Watcher
from services.notifications.notices import audience


async def issue_next(tx: Tx, *, now: datetime) -> bool:
    """Issue the digest that has been due longest, as one notification; False if none is due here.

    One without anything that its reader may still see is issued without a notification.
    """
    digest = await store.claim(tx, now=now)
    if digest is None:
        return False
    shown = await visible_entries(tx, digest.digest_id, digest.organization, now=now)
    fact = digest.issue(len(shown), now=now)
    await store.save_issued(tx, fact)
    event = await announce(tx, fact, version=1)
    if shown:
        owner = Watcher(person_id=digest.person_id, organization=digest.organization, role=digest.role)
        await hit_actions.notify_owner(tx, owner, audience.ON_DIGEST[digest.frequency], event, fact, now=now)
    return True


async def visible_entries(tx: Tx, digest_id: UUID, organization: str, *, now: datetime) -> list[Entry]:
    """The entries of a digest that the organization may see now, oldest first."""
    return [
        entry
        for entry in await store.entries(tx, digest_id)
        if await hit_actions.is_shown(tx, entry.subject, organization, entry.record_id, now=now)
    ]
