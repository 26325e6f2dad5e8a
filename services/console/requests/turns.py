"""Sentences that say whose turn it is with a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.coverage import WHOLE
from services.console.translations import N_

COVERED = N_("All that was asked for is agreed. The providers prepare the deliveries.")
ENDED = N_("This request has ended. No action is needed.")
BY_STATUS = {
    "draft": N_("%(state)s has still to submit this draft."),
    "submitted": N_("UNODC acknowledges receipt."),
    "registered": N_("UNODC examines the request and opens it, or returns it to %(state)s."),
    "returned": N_("%(state)s answers what UNODC has asked and submits again."),
    "open": N_("UNODC looks for offerings and presents them."),
    "in_delivery": N_("Delivery is under way."),
    "delivered": N_("UNODC closes the request after both sides have evaluated."),
    "on_hold": N_("The request is paused. %(state)s or UNODC can resume it."),
    "closed": ENDED,
    "not_accepted": ENDED,
    "lapsed": ENDED,
    "withdrawn": ENDED,
}
BY_STEP = {
    "confirm_filing": N_("%(state)s confirms what UNODC has filed on its behalf."),
    "state_decision": N_("%(state)s decides on what was presented."),
    "provider_answer": N_("The provider decides on what was presented."),
    "confirm_completion": N_("Delivery is proposed to be complete; the other side confirms it or objects."),
}
"""Sentences for steps that say more than the status. The first one whose clock runs is used."""


def turn(request: Mapping[str, Any]) -> str:
    """Return who has to act: an English sentence with the placeholder `state`."""
    said = (
        COVERED if request["status"] == "open" and request.get("fulfilment") in WHOLE else BY_STATUS[request["status"]]
    )
    steps = {one["step"] for one in running(request)}
    return next((one for step, one in BY_STEP.items() if step in steps), said)


def is_mine(request: Mapping[str, Any], organization: str, role: str) -> bool:
    """Check whether a clock waits for this role, or for an official's focal point; a draft waits for its State."""
    roles = {role, "focal_point"} if role == "official" else {role}
    if request["status"] == "draft":
        return bool(organization == request["state"])
    return any(one["organization"] == organization and one["role"] in roles for one in running(request))


def running(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the clocks that are not paused, the most urgent first."""
    return sorted((one for one in request.get("clocks", ()) if not one["paused_at"]), key=lambda one: one["due_at"])
