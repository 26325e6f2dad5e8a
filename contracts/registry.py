"""All facts of all services, by type."""

from collections.abc import Mapping

import msgspec

from contracts import (
    action_points,
    activities,
    agreements,
    alerts,
    attachments,
    clocks,
    contributions,
    criteria,
    deliveries,
    directory,
    earmarks,
    effects,
    experts,
    extensions,
    files,
    follow_ups,
    funds,
    in_kind,
    ledger,
    legislation,
    legislation_checks,
    legislation_proposals,
    mails,
    matching,
    meetings,
    messages,
    notifications,
    offerings,
    outreach,
    packages,
    pledge_reversals,
    pledges,
    practices,
    reminders,
    reports,
    requests,
    results,
    review_progress,
    rewording,
    screenings,
    sessions,
    strategies,
    summaries,
    translations,
)
from contracts.facts import Event, Fact, fact_type, time_field

FACTS: Mapping[str, type[Fact]] = {
    fact_type(kind): kind
    for kind in (
        *requests.FACTS,
        *attachments.FACTS,
        *clocks.FACTS,
        *criteria.FACTS,
        *translations.FACTS,
        *summaries.FACTS,
        *mails.FACTS,
        *matching.FACTS,
        *offerings.FACTS,
        *packages.FACTS,
        *deliveries.FACTS,
        *agreements.FACTS,
        *files.FACTS,
        *messages.FACTS,
        *sessions.FACTS,
        *experts.FACTS,
        *results.FACTS,
        *action_points.FACTS,
        *screenings.FACTS,
        *follow_ups.FACTS,
        *effects.FACTS,
        *strategies.FACTS,
        *legislation.FACTS,
        *contributions.FACTS,
        *extensions.FACTS,
        *outreach.FACTS,
        *review_progress.FACTS,
        *meetings.FACTS,
        *legislation_checks.FACTS,
        *legislation_proposals.FACTS,
        *practices.FACTS,
        *pledges.FACTS,
        *pledge_reversals.FACTS,
        *ledger.FACTS,
        *reminders.FACTS,
        *funds.FACTS,
        *in_kind.FACTS,
        *rewording.FACTS,
        *earmarks.FACTS,
        *activities.FACTS,
        *notifications.FACTS,
        *alerts.FACTS,
        *directory.FACTS,
        *reports.FACTS,
    )
}
"""All fact types ever published, by name."""

for _kind in FACTS.values():
    time_field(_kind)  # Start-up refuses a fact that does not say when it happened.


def decode_fact(event: Event) -> Fact | None:
    """The fact of an event; None for a type unknown to this version (published by a newer service).

    Raises msgspec.ValidationError if the data do not match the type.
    """
    kind = FACTS.get(event.type)
    return None if kind is None else msgspec.json.decode(event.data, type=kind)
