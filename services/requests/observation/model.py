"""An observation of the review of the Convention's implementation, as the State itself entered it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from contracts.values import Language

OBSERVATIONS_MAX = 200
"""Maximum number of observations of one State."""


class Observation(Struct, frozen=True, kw_only=True):
    """An observation, visible only to those who file for the State.

    It is in no journal, because no other service needs it.
    """

    observation_id: UUID
    state: str
    article: str
    cluster: str | None
    language: Language
    text: str
    entered_at: datetime
    revision: int
