"""The turn and the next move of a delivery, and the form of its agreement."""

from typing import Any

import pytest

from services.console.deliveries.agreement import body_of, typed_of
from services.console.deliveries.reading import is_mine, primary, timeline, turn

DELIVERY: dict[str, Any] = {
    "status": "open",
    "opened_at": "2026-11-29T10:00:00Z",
    "agreement_id": None,
    "remarks": [],
    "moves": ["name_contacts", "waive_agreement", "terminate"],
    **dict.fromkeys(("agreed_at", "state_waived_at", "provider_waived_at", "begun_at", "suspended_at")),
    **dict.fromkeys(("completion_proposed_at", "completed_at", "terminated_at")),
}
WAIVED = {"state_waived_at": "2026-11-29T11:00:00Z"}
AGREED = {"agreed_at": "2026-11-29T12:00:00Z", "moves": ["name_contacts", "begin", "terminate"]}


@pytest.mark.parametrize(
    ("changes", "says", "state_acts", "provider_acts", "next_move"),
    [
        ({}, "sign an agreement", True, True, "waive_agreement"),
        (WAIVED, "%(provider)s decides", False, True, "waive_agreement"),
        (AGREED, "when delivery begins", True, True, "begin"),
        ({"status": "terminated", "moves": []}, "has ended", False, False, ""),
    ],
)
def test_turn_names_who_has_to_act(
    changes: dict[str, Any], says: str, state_acts: bool, provider_acts: bool, next_move: str
) -> None:
    delivery = DELIVERY | changes
    assert says in turn(delivery)
    assert (state_acts, provider_acts) == tuple(is_mine(delivery, role) for role in ("focal_point", "provider_officer"))
    assert next_move == primary(delivery)


def test_timeline_has_the_signatures() -> None:
    signed = DELIVERY | AGREED | {"agreement_id": "one"}
    assert ["Both sides signed the agreement", "Both sides have agreed on the match"] == [
        one["what"] for one in timeline(signed)
    ]


def test_a_version_is_typed_as_it_was_sent() -> None:
    version = {
        "language": "fr",
        "terms": {
            "period": {"from": "2027-03-01", "until": "2027-03-05"},
            "modality": "remote",
            "languages": ["fr"],
            "participants": None,
            "women": None,
            "costs": [{"side": "state", "cost": "venue", "money": {"minor": 150050, "currency": "USD"}}],
            "clauses": ["liability"],
        },
        "texts": {"scope": "Fictif", "place": "", "clauses": ["Fictif : aucune."]},
    }
    shown = typed_of(version)
    assert (["1500.50"], ["USD"], ["liability"]) == (
        shown["cost1.money"], shown["cost1.money.currency"], shown["clause1.clause"],
    )  # fmt: skip
    sent = body_of({"scope": "x", "cost1": {"cost": "venue"}, "cost2": {}, "clause1": {"clause": "liability"}})
    assert {"scope": "x", "costs": [{"cost": "venue"}], "clauses": [{"text": "", "clause": "liability"}]} == sent
