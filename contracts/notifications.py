"""Facts of the notifications service."""

from contracts.facts import Fact

FACTS: tuple[type[Fact], ...] = ()
