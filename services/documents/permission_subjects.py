"""What a policy is asked about: a kind of record, who asks, and what of the record matters."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import product
from typing import Any
from uuid import UUID

from msgspec import Struct

from contracts.decisions import Decision
from contracts.values import Caller, Role

PERSON = UUID(int=1)
SOMEBODY_ELSE = UUID(int=2)
STATE, PROVIDER, DONOR, NAMED, AGREED, OTHER, UNODC = "KEN", "JPN", "DNK", "NOR", "ITA", "FRA", "UNODC"
YES_OR_NO = ("yes", "no")
PROPOSERS = {"the asker": PERSON, "somebody else": SOMEBODY_ELSE}


class Actor(Struct, frozen=True):
    """Somebody in a role, and how they or their organization stand to the record."""

    role: Role
    standing: str
    caller: Caller


class Subject(Struct, frozen=True, kw_only=True):
    """One kind of record, or none: what can be asked about it, by whom, and what of it matters."""

    service: str
    title: str
    decide: Callable[..., Decision]
    standings: Mapping[str, Callable[[Role], Caller]]
    """How an asker stands to the record → the asker, for each role."""
    properties: Mapping[str, Sequence[str]] = {}
    """What of the record matters → its values."""
    make: Callable[..., Any] = lambda: None
    """The record with these properties."""
    reads: Sequence[StrEnum]
    """Who is shown the record; with the fields that are shown."""
    acts: Sequence[StrEnum] = ()
    """What is done with a record that one sees."""
    views: Sequence[type[Struct]] = ()
    """What is shown of it."""
    guarded: Sequence[str] = ()
    """Which of the views' fields not everybody is shown who sees the record."""

    @property
    def actors(self) -> list[Actor]:
        return [Actor(role, standing, make(role)) for role in Role for standing, make in self.standings.items()]

    def circumstances(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Every combination of the properties, with the record that has it."""
        for values in product(*self.properties.values()):
            yield values, self.make(*values)


def of(organization: str) -> Callable[[Role], Caller]:
    return lambda role: Caller(person_id=PERSON, organization=organization, role=role)
