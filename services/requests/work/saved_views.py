"""Saved views of the list of work: a query with a name, of one person, private or shared with their organization."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from services.requests.work.query import WorkQuery

VIEWS_MAX = 50
"""Maximum number of saved views of one person."""


class SavedView(Struct, frozen=True, kw_only=True):
    """A saved view, which is changed in place and not in the journal, because no other service needs it."""

    view_id: UUID
    person_id: UUID
    organization: str
    name: str
    shared: bool
    query: WorkQuery
    created_at: datetime
    revision: int
