"""An observation of the review of the Convention's implementation, as the State itself entered it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from contracts.values import Language

OBSERVATIONS_MAX = 200
"""For each State."""


class Observation(Struct, frozen=True, kw_only=True):
    """Visible to those who file for the State only: it is in no journal, and no other service needs it."""

    observation_id: UUID
    state: str
    article: str
    cluster: str | None
    language: Language
    text: str
    entered_at: datetime
    revision: int
