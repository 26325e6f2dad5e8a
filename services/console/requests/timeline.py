"""The history of a request, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.formats import deadline
from services.console.labels import LABELS
from services.console.rendering import code_label, organization
from services.console.translations import N_, translated, translations

EVENTS = {
    "requests.request.drafted.v1": N_("Draft saved"),
    "requests.request.filed-on-behalf.v1": N_("Filed by UNODC on behalf of the State"),
    "requests.request.revised.v1": N_("Revised"),
    "requests.request.submitted.v1": N_("Submitted"),
    "requests.request.registered.v1": N_("Receipt acknowledged"),
    "requests.request.assessed.v1": N_("Judged by the criteria"),
    "requests.request.assigned.v1": N_("Put in charge of a coordinator"),
    "requests.request.opened.v1": N_("Triage ended; the search for matches began"),
    "requests.request.returned.v1": N_("Returned to the State"),
    "requests.request.declined.v1": N_("Not accepted"),
    "requests.request.held.v1": N_("Paused"),
    "requests.request.resumed.v1": N_("Resumed"),
    "requests.request.started.v1": N_("Delivery began"),
    "requests.request.delivered.v1": N_("Delivered"),
    "requests.request.closed.v1": N_("Closed"),
    "requests.request.reopened.v1": N_("Opened again"),
    "requests.request.withdrawn.v1": N_("Withdrawn"),
    "requests.request.reminded.v1": N_("The State was reminded of its draft or answer"),
    "requests.request.lapsed.v1": N_("Lapsed"),
    "requests.request.circulation-decided.v1": N_("Circulation was decided"),
    "requests.request.consent-given.v1": N_("The State let others see it"),
    "requests.request.consent-recorded.v1": N_("A consent of the State was recorded from a note verbale"),
    "requests.request.consent-withdrawn.v1": N_("The State withdrew a consent"),
    "requests.request.consent-ended.v1": N_("A consent ended"),
    "requests.request.fulfilment-changed.v1": N_("What is covered has changed"),
    "requests.request.delivery-evaluated.v1": N_("A delivery was evaluated"),
}
"""Maps each fact of a request's history to a sentence; a test compares them with the facts that are registered."""

UNASSIGNED = N_("No longer in charge of a coordinator")
REASONS = {
    "requests.request.returned.v1": "return",
    "requests.request.declined.v1": "decline",
    "requests.request.held.v1": "hold",
    "requests.request.reopened.v1": "reopen",
}
"""Maps a fact to the list of which its `reason` is a code."""

VALUES = (
    ("priority", "priority"),
    ("outcome", "result"),
    ("result", "result"),
    ("circulation", "circulation"),
    ("fulfilment", "fulfilment"),
)
"""Parts of a fact that are shown: the name, and the key of LABELS for its values."""


def timeline(history: Sequence[Mapping[str, Any]], language: str) -> list[Mapping[str, Any]]:
    """Return the history, newest first: when, what in words, why, by whom, with which comment."""
    return [
        {**one, "what": description(one, language), "details": details(one["type"], one.get("data") or {}, language)}
        for one in reversed(history)
    ]


def description(entry: Mapping[str, Any], language: str) -> str:
    data = entry.get("data") or {}
    message = EVENTS.get(entry["type"])
    if message is None:
        return str(entry["type"]).split(".")[-2].replace("_", " ").replace("-", " ")
    if entry["type"] == "requests.request.assigned.v1" and "assignee" in data and data["assignee"] is None:
        message = UNASSIGNED
    return translations(language).gettext(message)


def details(kind: str, data: Mapping[str, Any], language: str) -> Sequence[str]:
    """Return the details of a fact: its reason, who may see the request, its values."""
    gettext = translations(language).gettext
    found = []
    if kind in REASONS and data.get("reason"):
        found.append(code_label(language, data["reason"], f"reasons:{REASONS[kind]}"))
    if data.get("departure"):
        found.append(code_label(language, data["departure"], "reasons:depart_from_criteria"))
    if kind in ("requests.request.consent-given.v1", "requests.request.consent-recorded.v1"):
        found += [recipient(one, language) for one in data.get("recipients", ())]
        if data.get("ends_at"):
            found.append(gettext(N_("until %(day)s")) % {"day": deadline(data["ends_at"], language)})
    for name, of in VALUES:
        if data.get(name) in LABELS[of]:
            found.append(translated(language, LABELS[of][data[name]]))
    return found


def recipient(one: str, language: str) -> str:
    """Return the name of a recipient of a consent: all providers, UNODC's units, or one organization."""
    words = LABELS["audience"].get(one)
    return translations(language).gettext(words) if words else organization(language, one)
