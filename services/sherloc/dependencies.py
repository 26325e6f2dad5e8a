"""Objects that the routes of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.auth.callers import Callers


class Dependencies(NamedTuple):
    """`reply_key` signs the links of mails, which are answered in the appointments that `callers` knows; None: none."""

    callers: Callers
    reply_key: bytes | None


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
