"""Handlers of the events that the reports service consumes: facts of counted aggregates, and erased persons."""

from collections.abc import Mapping

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact
from services.reports.folding.actions import OF_FOLDED, keep

HANDLERS: Mapping[type[Fact], Handler] = {**dict.fromkeys(OF_FOLDED, keep), PersonErased: handler_of(forget)}
