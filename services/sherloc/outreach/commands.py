"""The bodies of commands on the outreach plan."""

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from contracts.outreach import Languages, OutreachAudience, OutreachKind, People
from contracts.values import Language, Money


class PlanOutreachActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An activity: audience, kind, days, `languages`, budget, and the number of people that it is to reach.

    `title` and `text` are in `language`.
    """

    audience: OutreachAudience
    outreach_kind: OutreachKind
    language: Language
    title: Annotated[str, Meta(min_length=1, max_length=300)]
    text: Annotated[str, Meta(max_length=10_000)] = ""
    languages: Languages
    starts: date
    ends: date
    budget: Money
    reach_target: People


class ReviseOutreachActivity(PlanOutreachActivity, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All fields of the activity again. The earlier texts are deleted."""


class HoldOutreachActivity(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Number of people that the activity reached."""

    reach: People
