"""Facts of the pledges service."""

from contracts.facts import Fact

FACTS: tuple[type[Fact], ...] = ()
