"""The codes that an example may contain: those of the reference tables."""

from typing import Any

from contracts import reference
from contracts.contributions import ContributionKind
from services.sherloc.contributions.screening import MarkKind

TABLES = {
    # Kinds of assistance, of contributions to SHERLOC, and of marks in a contribution.
    "kind": lambda: {*reference.kinds(), *ContributionKind, *MarkKind},
    "kinds": reference.kinds,
    "topics": reference.topics,
    "articles": reference.articles,
    "paragraphs": reference.paragraphs,
    "pillars": reference.pillars,
    "institution": reference.institutions,
    "modality": reference.modalities,
    "modalities": reference.modalities,
    "form": reference.in_kind_forms,
    "activity_kind": reference.activity_kinds,
    "languages": reference.languages,
    "language": reference.languages,
    "state": reference.countries,
    "donor": reference.countries,
    "states": reference.countries,
    "currency": reference.currencies,
}


def unknown_codes(node: Any) -> list[str]:
    """The codes in an example that no table has."""
    if isinstance(node, list):
        return [code for one in node for code in unknown_codes(one)]
    if not isinstance(node, dict):
        return []
    found = []
    for key, value in node.items():
        codes = value if isinstance(value, list) else [value]
        if key in TABLES:
            found += [f"{key}: {code}" for code in codes if isinstance(code, str) and code not in TABLES[key]()]
        found += unknown_codes(value)
    if "reason" in node and str(node.get("type")) in REASON_MOVES:
        known = reference.reasons(REASON_MOVES[str(node["type"])])
        found += [node["reason"]] if node["reason"] not in known else []
    return found


REASON_MOVES = {
    "requests.request.returned.v1": "return",
    "requests.request.declined.v1": "decline",
    "requests.request.held.v1": "hold",
    "requests.request.reopened.v1": "reopen",
    "matching.offering.returned.v1": "return",
    "matching.match.declined-by-state.v1": "decline_by_state",
    "matching.match.declined-by-provider.v1": "decline_by_provider",
    "matching.match.not-pursued.v1": "not_pursue",
    "matching.match.revoked.v1": "terminate_delivery",
    "delivery.delivery.terminated.v1": "terminate_delivery",
    "delivery.delivery.suspended.v1": "suspend_delivery",
    "delivery.session.cancelled.v1": "cancel_session",
    "delivery.result.disputed.v1": "dispute_result",
    "delivery.action_point.dropped.v1": "drop_action_point",
    "delivery.effect.declined.v1": "decline_effect",
    "matching.package.declined.v1": "decline_package",
    "matching.package.withdrawn.v1": "withdraw_package",
    "pledges.fund.requirement-revised.v1": "revise_requirement",
    "pledges.in_kind_contribution.struck.v1": "strike_in_kind",
    "pledges.activity.cancelled.v1": "cancel_activity",
    "directory.person.disabled.v1": "disable_person",
    "directory.appointment.refused.v1": "refuse_appointment",
    "directory.appointment.ended.v1": "end_appointment",
}
