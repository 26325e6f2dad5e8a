"""Events the sherloc service consumes: erased persons."""

from collections.abc import Mapping

from chassis.erasure import forget, handler_of
from chassis.journal.inbox import Handler
from contracts.directory import PersonErased
from contracts.facts import Fact

HANDLERS: Mapping[type[Fact], Handler] = {PersonErased: handler_of(forget)}
