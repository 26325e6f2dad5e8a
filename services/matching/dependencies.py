"""Objects that the routes, handlers and loops of this service share."""

import asyncio
from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.auth.callers import Callers
from chassis.concurrency import ConcurrencyLimit
from services.matching.index.memory import Memory
from services.matching.matches.budgets import Budgets
from services.matching.matches.title_reader import Titles


class Dependencies(NamedTuple):
    """Clients for balances, titles and appointments, the index in memory, and limits on previews and comparisons.

    `reply_key` signs the links of mails, which are answered in the appointments found by `callers`; None if mails have
    no links.
    """

    budgets: Budgets
    titles: Titles
    callers: Callers
    memory: Memory
    previews: ConcurrencyLimit
    comparisons: ConcurrencyLimit
    comparison_slots: asyncio.Semaphore
    reply_key: bytes | None


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
