"""Texts from a match's record: whose turn it is, and what happened to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.console.translations import N_

ACTING = frozenset({"present", "accept", "confirm", "evaluate"})
"""Moves that others wait for."""

SHOWN = frozenset({"presented", "accepted", "provider_confirmed"})
AGREED = frozenset({"confirmed", "in_delivery", "completed"})
ENDED = frozenset({"declined_by_state", "declined_by_provider", "not_pursued", "expired", "revoked"})

TURN = {
    "suggested": N_("UNODC decides whether to present this match."),
    "nominated": N_("UNODC decides whether to present this match."),
    "interested": N_("UNODC decides whether to present this match."),
    "shortlisted": N_("UNODC decides whether to present this match."),
    "presented": N_("%(state)s and %(provider)s each decide whether to agree."),
    "accepted": N_("%(provider)s decides whether to confirm."),
    "provider_confirmed": N_("%(state)s decides whether to accept."),
    "confirmed": N_("Both sides have agreed. The delivery is being prepared."),
    "in_delivery": N_("Delivery has begun."),
    "completed": N_("Delivery is complete. %(state)s and %(provider)s evaluate it."),
    "declined_by_state": N_("This match has ended. No action is needed."),
    "declined_by_provider": N_("This match has ended. No action is needed."),
    "not_pursued": N_("This match has ended. No action is needed."),
    "expired": N_("This match has ended. No action is needed."),
    "revoked": N_("This match has ended. No action is needed."),
}
"""Sentences that say who has to act, by status."""

EVALUATED = N_("Delivery is complete, and both sides have evaluated it.")
BY_STATE = N_("Delivery is complete. %(provider)s has still to evaluate it.")
BY_PROVIDER = N_("Delivery is complete. %(state)s has still to evaluate it.")

ORIGIN = {
    "suggested": N_("Suggested by the platform"),
    "nominated": N_("Nominated by UNODC"),
    "interested": N_("The provider expressed interest"),
}
STEPS = (
    ("presented_at", N_("Presented to the State and the provider")),
    ("accepted_at", N_("Accepted by the State")),
    ("provider_confirmed_at", N_("Confirmed by the provider")),
    ("confirmed_at", N_("Confirmed: both sides have agreed")),
    ("begun_at", N_("Delivery began")),
    ("completed_at", N_("Delivery was completed")),
)
ENDS = {
    "declined_by_state": (N_("Declined by the State"), "decline_by_state"),
    "declined_by_provider": (N_("Declined by the provider"), "decline_by_provider"),
    "not_pursued": (N_("Not pursued any further"), "not_pursue"),
    "expired": (N_("Expired"), None),
    "revoked": (N_("Revoked"), "terminate_delivery"),
}


def turn(match: Mapping[str, Any]) -> str:
    """Return who has to act: an English sentence with the placeholders `state` and `provider`."""
    if match["status"] == "completed":
        by_state, by_provider = match["state_evaluation"] is not None, match["provider_evaluation"] is not None
        if by_state and by_provider:
            return EVALUATED
        if by_state or by_provider:
            return BY_STATE if by_state else BY_PROVIDER
    return TURN[match["status"]]


def is_mine(match: Mapping[str, Any]) -> bool:
    """Check whether the caller is one of those who have to act. A mere suggestion needs no action."""
    open_moves = ACTING.intersection(match["moves"]) if match["status"] != "suggested" else set()
    if open_moves == {"evaluate"}:
        return match["state_evaluation"] is None or match["provider_evaluation"] is None
    return bool(open_moves)


def timeline(match: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """List what happened, newest first: when, what (in English), and why, as a code of a list of reasons."""
    found = [{"at": match["made_at"], "what": ORIGIN[match["origin"]], "why": None, "of": None}]
    for name, what in STEPS:
        if match[name]:
            why = match["departure"] if name == "presented_at" else None
            found.append({"at": match[name], "what": what, "why": why, "of": "present"})
    for side, what in (
        ("state_evaluation", N_("Evaluated by the State")),
        ("provider_evaluation", N_("Evaluated by the provider")),
    ):
        if match[side]:
            found.append({"at": match[side]["evaluated_at"], "what": what, "why": None, "of": None})
    if match["ended_at"] and match["status"] in ENDS:
        what, of = ENDS[match["status"]]
        found.append({"at": match["ended_at"], "what": what, "why": match["reason"] if of else None, "of": of})
    # Those of the same moment keep the order of the steps.
    return sorted(found, key=lambda one: one["at"])[::-1]
