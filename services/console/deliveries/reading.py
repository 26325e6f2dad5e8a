"""Texts from a delivery's record: whose turn it is, and what happened to it."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.console.translations import N_

STATUSES = ("open", "in_delivery", "suspended", "completion_proposed", "completed", "terminated")
ACTING = frozenset({"waive_agreement", "begin", "propose_completion", "confirm_completion", "resume"})
"""Moves that others wait for."""

BOTH_AGREE = N_("%(state)s and %(provider)s sign an agreement, or go on without one.")
STATE_AGREES = N_("%(state)s decides whether to go on without a written agreement, too.")
PROVIDER_AGREES = N_("%(provider)s decides whether to go on without a written agreement, too.")
BEGINS = N_("%(state)s or %(provider)s records when delivery begins.")
CONFIRMS = {
    "provider": N_("%(state)s confirms by %(day)s that delivery is complete, or objects."),
    "state": N_("%(provider)s confirms by %(day)s that delivery is complete, or objects."),
}
TURN = {
    "in_delivery": N_("%(state)s or %(provider)s proposes when delivery is complete."),
    "suspended": N_("The delivery is suspended until one of the two sides or UNODC resumes it."),
    "completed": N_("Delivery is complete. %(state)s and %(provider)s evaluate it with its match."),
    "terminated": N_("This delivery has ended. No one has to act."),
}
STEPS = (
    ("opened_at", N_("Both sides have agreed on the match")),
    ("state_waived_at", N_("The State goes on without a written agreement")),
    ("provider_waived_at", N_("The provider goes on without a written agreement")),
    ("begun_at", N_("Delivery began")),
    ("suspended_at", N_("Suspended")),
    ("completion_proposed_at", N_("One side proposed that delivery is complete")),
    ("completed_at", N_("Delivery was completed")),
    ("terminated_at", N_("Terminated")),
)


COMMENT = N_("Comment")
SIGNED = N_("Both sides signed the agreement")


def turn(delivery: Mapping[str, Any]) -> str:
    """Return who has to act: an English sentence with the placeholders `state`, `provider` and `day`."""
    if delivery["status"] == "completion_proposed":
        return CONFIRMS[delivery["completion_by"]]
    if delivery["status"] != "open":
        return TURN[delivery["status"]]
    if delivery["agreed_at"]:
        return BEGINS
    if delivery["state_waived_at"]:
        return PROVIDER_AGREES
    return STATE_AGREES if delivery["provider_waived_at"] else BOTH_AGREE


def is_mine(delivery: Mapping[str, Any], role: str) -> bool:
    """Check whether the caller is one of those who have to act."""
    side = "state" if role == "focal_point" else "provider"
    if delivery["status"] == "open" and not delivery["agreed_at"] and delivery[f"{side}_waived_at"]:
        return False
    return bool(ACTING.intersection(delivery["moves"])) and role != "coordinator"


def primary(delivery: Mapping[str, Any]) -> str:
    """Return the move that comes next, for the one green button, or an empty string if there is none."""
    order = ("begin", "resume", "confirm_completion", "propose_completion", "waive_agreement")
    return next((move for move in order if move in delivery["moves"]), "")


def timeline(delivery: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """List what happened, newest first."""
    found = [{"at": delivery[name], "what": what, "words": ""} for name, what in STEPS if delivery[name]]
    if delivery["agreement_id"]:
        found.append({"at": delivery["agreed_at"], "what": SIGNED, "words": ""})
    found += [{"at": one["remarked_at"], "what": COMMENT, "words": one["comment"]} for one in delivery["remarks"]]
    return sorted(found, key=lambda one: one["at"])[::-1]
