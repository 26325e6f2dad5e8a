"""The contacts of a side: persons whom the other side may call or write to about the delivery."""

from uuid import UUID

from msgspec import Struct

from contracts.values import Language, Side


class DeliveryContact(Struct, frozen=True, kw_only=True):
    """A person of one side. `person_id` is set if the person has an account; erasing the person removes the contact."""

    name: str
    email: str
    function: str = ""
    telephone: str = ""
    languages: tuple[Language, ...] = ()
    person_id: UUID | None = None


class SideContacts(Struct, frozen=True, kw_only=True):
    """The contacts of both sides, in the order in which each side named its own."""

    state: tuple[DeliveryContact, ...] = ()
    provider: tuple[DeliveryContact, ...] = ()

    def of(self, side: Side) -> tuple[DeliveryContact, ...]:
        return self.state if side is Side.STATE else self.provider
