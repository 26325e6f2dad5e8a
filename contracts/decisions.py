"""The decision of a policy: allowed, with the guarded fields shown; or denied, with the slug of the refusal."""

from msgspec import Struct

from contracts.refusals import Forbidden, Missing

ABSENT = "not-found"


class Decision(Struct, frozen=True):
    """A decision. A guarded field is shown only to some of those who see its record."""

    slug: str | None
    """The slug if denied; None if allowed."""
    fields: frozenset[str] = frozenset()
    """The guarded fields shown."""

    @property
    def allowed(self) -> bool:
        return self.slug is None

    @property
    def hidden(self) -> bool:
        """True if the record does not exist for this caller."""
        return self.slug == ABSENT

    def required(self) -> "Decision":
        """Return this decision if it allows. Raises Missing if the record is hidden, Forbidden if denied otherwise."""
        if self.slug is None:
            return self
        raise Missing(self.slug) if self.hidden else Forbidden(self.slug)


def denied(slug: str) -> Decision:
    """A denial to a caller who may know that the record exists."""
    return Decision(slug)


ALLOWED = Decision(None)
"""Allowed, without guarded fields."""
HIDDEN = Decision(ABSENT)
"""No such record, or hidden from this caller: both look the same."""
