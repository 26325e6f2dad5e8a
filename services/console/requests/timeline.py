"""What happened to a request, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.console.translations import N_, translations

EVENTS = {
    "requests.request.drafted.v1": N_("Draft saved"),
    "requests.request.revised.v1": N_("Revised"),
    "requests.request.submitted.v1": N_("Submitted"),
    "requests.request.filed_on_behalf.v1": N_("Filed on behalf of the State"),
    "requests.request.confirmed.v1": N_("Confirmed by the State"),
    "requests.request.registered.v1": N_("Receipt acknowledged"),
    "requests.request.assessed.v1": N_("Judged by the criteria"),
    "requests.request.assigned.v1": N_("Put in charge of a coordinator"),
    "requests.request.opened.v1": N_("Triage ended; the search for matches began"),
    "requests.request.returned.v1": N_("Returned to the State"),
    "requests.request.declined.v1": N_("Not accepted"),
    "requests.request.held.v1": N_("Paused"),
    "requests.request.resumed.v1": N_("Resumed"),
    "requests.request.delivery_begun.v1": N_("Delivery began"),
    "requests.request.delivered.v1": N_("Delivered"),
    "requests.request.closed.v1": N_("Closed"),
    "requests.request.reopened.v1": N_("Opened again"),
    "requests.request.withdrawn.v1": N_("Withdrawn"),
    "requests.request.lapsed.v1": N_("Lapsed"),
    "requests.request.consent_given.v1": N_("The State let others see it"),
    "requests.request.consent_withdrawn.v1": N_("The State withdrew a consent"),
    "requests.request.objected.v1": N_("The State objected to circulation"),
    "requests.request.circulated.v1": N_("Circulated"),
    "requests.request.fulfilment_changed.v1": N_("What is covered has changed"),
}


def timeline(history: Sequence[Mapping[str, Any]], language: str) -> list[Mapping[str, Any]]:
    """The history, newest first: when, what in words, by whom, with which comment."""
    gettext = translations(language).gettext
    return [
        {
            **one,
            "what": gettext(EVENTS[one["type"]])
            if one["type"] in EVENTS
            else one["type"].split(".")[-2].replace("_", " "),
        }
        for one in reversed(history)
    ]
