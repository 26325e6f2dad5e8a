"""Objects that the routes of this service share."""

from typing import NamedTuple, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from chassis.auth.callers import Callers


class Dependencies(NamedTuple):
    """Objects that the routes share.

    `reply_key` signs the links of mails, or is None if mails have no links. `callers` knows the appointments in which
    links are answered.
    """

    callers: Callers
    reply_key: bytes | None


Owned: TypeAlias = NamedDependency[SkipValidation[Dependencies]]
"""The dependency `own` of this service's routes."""
