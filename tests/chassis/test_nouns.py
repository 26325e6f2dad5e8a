"""A declared noun is refused where nothing covers a field, a status, a text or a fact."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.values import Money
from services.sherloc.bodies import CodedReason
from services.sherloc.outreach import OUTREACH, OutreachActivity, cancel

CREATE, MOVES = OUTREACH.create, {one.path: one for one in OUTREACH.moves}


class Postponed(Fact, frozen=True, kw_only=True, tag="sherloc.outreach_activity.postponed.v1"):
    """A fact with a field that no record has."""

    outreach_activity_id: UUID
    weeks: int
    postponed_at: datetime


class Charged(Fact, frozen=True, kw_only=True, tag="sherloc.outreach_activity.charged.v1"):
    """A fact with an amount for which the record has no fields."""

    outreach_activity_id: UUID
    price: Money
    charged_at: datetime


class WithStatus(StrEnum):
    PLANNED = "planned"
    HELD = "held"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"


class WithPostponed(OutreachActivity, frozen=True, kw_only=True):
    """A record with a status to which no move leads."""

    status: WithStatus


class WithPlace(OutreachActivity, frozen=True, kw_only=True):
    """A record with a field that no fact has."""

    place: str


class Texts(Struct, frozen=True, kw_only=True):
    """Texts, of which one is not sent."""

    title: str
    invitation: str


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"moves": (*OUTREACH.moves, replace(MOVES["hold"], fact=Postponed))}, "no field for Postponed.weeks"),
        ({"record": WithPlace}, "no field for WithPlace.place"),
        ({"record": WithPostponed}, "no move of WithPostponed leads to postponed"),
        ({"moves": OUTREACH.moves[:2]}, "no move of OutreachActivity leads to cancelled"),
        ({"moves": (*OUTREACH.moves, MOVES["hold"])}, "two moves of OutreachActivity have the same fact"),
        ({"moves": (*OUTREACH.moves, replace(MOVES["hold"], fact=Charged))}, "no field for Charged.price"),
        ({"moves": (*OUTREACH.moves, replace(MOVES["hold"], fact=None))}, "two moves .* have the same name"),
        ({"moves": (replace(MOVES["revise"], fact=None), *OUTREACH.moves[1:])}, "revise.* needs a command, a fact and"),
        (
            {"moves": (replace(MOVES["revise"], command=None), *OUTREACH.moves[1:])},
            "revise.* needs a command, a fact and",
        ),
        ({"moves": (replace(MOVES["hold"], decide=cancel), *OUTREACH.moves[2:])}, "hold.* needs a decision on Hold"),
        ({"create": replace(CREATE, decide=cancel)}, "plan.* needs a decision on PlanOutreachActivity"),
        ({"texts": Texts}, "PlanOutreachActivity has no text invitation"),
        ({"create": replace(CREATE, command=CodedReason)}, "plan.* needs a decision on CodedReason"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_gap_of_a_declaration_is_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        replace(OUTREACH, **change)
