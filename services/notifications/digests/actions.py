"""Actions that issue due digests. The caller opens the transaction."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.db.database import Tx
from chassis.journal.outbox import announce_all
from services.notifications.digests import store
from services.notifications.digests.model import Entry
from services.notifications.hits import actions as hit_actions
from services.notifications.notices import actions as notice_actions
from services.notifications.notices import audience
from services.notifications.notices.notice import Holder


async def issue_due(tx: Tx, *, now: datetime) -> int:
    """Issue the digests that have been due longest, each as one notification; return their number.

    It is 0 if no digest is due that another process has not claimed. A digest without anything that its reader may
    still see is issued without a notification.
    """
    due = await store.claim(tx, now=now)
    if not due:
        return 0
    shown = await visible_entries(tx, {one.digest_id: one.organization for one in due}, now=now)
    facts = [one.issue(len(shown[one.digest_id]), now=now) for one in due]
    await store.save_issued(tx, facts)
    events = await announce_all(tx, [(fact, 1) for fact in facts])
    owners = [
        (Holder(one.person_id, one.organization, one.role), audience.ON_DIGEST[one.frequency], event, fact)
        for one, event, fact in zip(due, events, facts, strict=True)
        if fact.entries
    ]
    await notice_actions.notify_owners(tx, owners, now=now)
    return len(due)


async def visible_entries(tx: Tx, readers: Mapping[UUID, str], *, now: datetime) -> dict[UUID, list[Entry]]:
    """Return the entries of each digest that its organization may see now, oldest first.

    `readers` maps the digests to their organizations.
    """
    found = await store.entries(tx, list(readers))
    known = await hit_actions.known_records(tx, [(one.subject, one.record_id) for of in found.values() for one in of])
    return {
        digest_id: [one for one in of if known.is_shown(one.subject, readers[digest_id], one.record_id, now=now)]
        for digest_id, of in found.items()
    }
