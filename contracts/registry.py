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
    criteria,
    deliveries,
    directory,
    earmarks,
    effects,
    experts,
    files,
    follow_ups,
    funds,
    in_kind,
    ledger,
    legislation,
    mails,
    matching,
    messages,
    notifications,
    offerings,
    packages,
    pledge_reversals,
    pledges,
    practices,
    reminders,
    requests,
    results,
    rewording,
    screenings,
    sessions,
    summaries,
    translations,
)
from contracts.facts import Event, Fact, fact_type

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
        *legislation.FACTS,
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
    )
}
"""All fact types ever published, by name."""


def decode_fact(event: Event) -> Fact | None:
    """The fact of an event; None for a type unknown to this version (published by a newer service).

    Raises msgspec.ValidationError if the data do not match the type.
    """
    kind = FACTS.get(event.type)
    return None if kind is None else msgspec.json.decode(event.data, type=kind)
