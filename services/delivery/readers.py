"""Who reads the records of a delivery; `reads_along` in SQL is the same rule."""

from typing import Protocol

from contracts.values import Caller, Role

OVERSEERS = frozenset({Role.COORDINATOR, Role.AUDITOR, Role.SERVICE})
OF_STATE = frozenset({Role.FOCAL_POINT, Role.OFFICIAL})


class OfDelivery(Protocol):
    """A record of one State and one provider."""

    @property
    def state(self) -> str: ...

    @property
    def provider(self) -> str | None: ...


def reads_along(caller: Caller, record: OfDelivery) -> bool:
    """Check whether the caller reads a record: UNODC's office, its State, its provider."""
    if caller.role in OVERSEERS:
        return True
    if caller.role in OF_STATE:
        return caller.organization == record.state
    return caller.role is Role.PROVIDER_OFFICER and caller.organization == record.provider
