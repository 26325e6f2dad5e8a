"""What a policy answers: yes, with the guarded fields that are shown; or no, with the slug of the refusal."""

from msgspec import Struct

from contracts.refusals import Forbidden, Missing

ABSENT = "not-found"


class Decision(Struct, frozen=True):
    """One answer. A guarded field is one that not everybody who sees its record is shown."""

    slug: str | None
    """Why not; None is yes."""
    fields: frozenset[str] = frozenset()
    """The guarded fields that are shown."""

    @property
    def allowed(self) -> bool:
        return self.slug is None

    @property
    def hidden(self) -> bool:
        """True where the record does not exist for this caller."""
        return self.slug == ABSENT

    def required(self) -> "Decision":
        """This decision, where it is a yes. Raises Missing where it hides the record, Forbidden for any other no."""
        if self.slug is None:
            return self
        raise Missing(self.slug) if self.hidden else Forbidden(self.slug)


def denied(slug: str) -> Decision:
    """No to somebody who may know that the record is there, whatever the record."""
    return Decision(slug)


ALLOWED = Decision(None)
"""Yes, without any guarded field."""
HIDDEN = Decision(ABSENT)
"""There is no such record, or none for this caller: the two look the same."""
