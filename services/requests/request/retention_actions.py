"""Retention of drafts: one that nobody touches is withdrawn, and its texts are deleted."""

from collections.abc import Mapping
from datetime import datetime

from chassis.db.database import Tx
from services.requests.request import actions, retention_store, store
from services.requests.request.values import Status


async def prune(tx: Tx, before: datetime, now: datetime) -> Mapping[str, int]:
    """Withdraw drafts without a change since `before`, and delete the texts of requests that were never submitted."""
    due = await retention_store.untouched(tx, before)
    withdrawn = 0
    for request_id in due:
        request = await store.locked(tx, request_id)
        if request is not None and request.status is Status.DRAFT:
            await actions.record(tx, request, request.withdraw(now=now))
            withdrawn += 1
    return {"request": withdrawn, **await retention_store.delete_texts(tx, due)}
