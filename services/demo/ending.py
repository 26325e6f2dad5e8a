"""The end of a request: delivery, evaluation by both sides, payment, and closure by a coordinator; and a refund."""

from collections.abc import Mapping
from typing import Any

from services.demo import agreeing, delivering, outcomes
from services.demo.people import Persona, StepError, personas
from services.demo.records import LineRecord, RequestRecord
from services.demo.steps import Steps

COORDINATOR, FINANCE = "UNODC:coordinator", "UNODC:finance_officer"
EVALUATED = "requests.request.delivery-evaluated.v1"
RATINGS = {"relevance": 5, "quality": 4, "timeliness": 4}
"""Ratings from 1 (worst) to 5."""

REFUNDED_TO = "CHE:donor_officer"
REFUND = {"money": {"minor": 1_000_000, "currency": "CHF"}, "reason": "donor_asked", "refunded_on": "2026-11-20"}


async def complete_request(steps: Steps, record: RequestRecord) -> None:
    """Deliver, evaluate and close a request. Raises StepError unless it is closed with its `outcome`."""
    api, path = steps.api, f"/v1/requests/{record.request['request_id']}"
    for line in record.lines:
        await _deliver(steps, record, line)
        if line.needed:
            await _spend(steps, line)

    async def all_recorded() -> bool:
        history = await api.get(COORDINATOR, f"{path}/history")
        return [one["type"] for one in history["entries"]].count(EVALUATED) == 2 * len(record.lines)

    await steps.until(all_recorded, f"the evaluations of {record.appointment}'s deliveries")
    request = await api.get(record.appointment, path)
    if request["status"] == "in_delivery":
        request = await api.post(record.appointment, f"{path}/deliver", {}, revision=request["revision"])
    if request["status"] == "delivered":
        closing = {"outcome": record.outcome}
        request = await api.post(COORDINATOR, f"{path}/close", closing, revision=request["revision"])
    if (request["status"], request["outcome"]) != ("closed", record.outcome):
        raise StepError(f"the request of {record.appointment} is {request['status']}, not closed as {record.outcome}")
    record.request = request


async def _deliver(steps: Steps, record: RequestRecord, line: LineRecord) -> None:
    """Begin and complete the delivery of a match, for one under an agreement, and have both sides evaluate it."""
    api, path = steps.api, f"/v1/matches/{line.match['match_id']}"
    provider = f"{line.match['provider']}:provider_officer"
    delivery = await opened_delivery(steps, line.match)
    at = f"/v1/deliveries/{delivery['delivery_id']}"
    written = record.appointment == agreeing.STATE
    if written:
        delivery = await agreeing.agree(steps, delivery, provider)
    for side, by in (("state", record.appointment), ("provider", provider)):
        if delivery["agreed_at"] is None and delivery[f"{side}_waived_at"] is None:
            delivery = await api.post(by, f"{at}/waive-agreement", {}, revision=delivery["revision"])
    for status, by, move in (
        ("open", provider, "begin"),
        ("in_delivery", provider, "propose-completion"),
        ("completion_proposed", record.appointment, "confirm-completion"),
    ):
        if delivery["status"] == status:
            body = delivering.completion(delivery, written) if status == "in_delivery" else {}
            delivery = await api.post(by, f"{at}/{move}", body, revision=delivery["revision"])
        if written and delivery["status"] == "in_delivery":
            await agreeing.amend(steps, delivery, provider)
            await delivering.write(steps, delivery, {"state": record.appointment, "provider": provider})
            await delivering.teach(steps, delivery, provider)
            await outcomes.report(steps, delivery, {"state": record.appointment, "provider": provider})
    if written:
        await delivering.look(steps, record, delivery["delivery_id"])
        await outcomes.change_law(steps, delivery, record.appointment)
        await outcomes.plan(steps, delivery, record.appointment)
        await outcomes.look(steps, record, delivery["delivery_id"])

    async def completed() -> Mapping[str, Any] | None:
        found = await api.get(COORDINATOR, path)
        return found if found["status"] == "completed" else None

    match = await steps.until(completed, "the match of a completed delivery")
    for side, by, result in (("state", record.appointment, record.outcome), ("provider", provider, "met")):
        match = await api.get(COORDINATOR, path)
        if match[f"{side}_evaluation"] is None:
            given = {"result": result, **RATINGS}
            await api.post(by, f"{path}/evaluate", given, revision=match["revision"])
    match = await api.get(COORDINATOR, path)
    line.match = {**line.match, **{name: match[name] for name in ("status", "state_evaluation", "provider_evaluation")}}


async def opened_delivery(steps: Steps, match: Mapping[str, Any]) -> Mapping[str, Any]:
    """Wait for the delivery of a confirmed match, and return it."""

    async def found() -> Mapping[str, Any] | None:
        deliveries = await steps.all(COORDINATOR, f"/v1/deliveries?match={match['match_id']}", "deliveries")
        return next(iter(deliveries), None)

    return await steps.until(found, "the delivery of a confirmed match")


async def _spend(steps: Steps, line: LineRecord) -> None:
    """Record that the whole allocation of the match has been spent."""
    requirement = f"requirement={line.requirement_id}"
    for one in await steps.all(FINANCE, f"/v1/allocations?{requirement}", "allocations"):
        if left := one["usd_minor"] - one["spent_usd_minor"]:
            path, body = f"/v1/allocations/{one['allocation_id']}/spend", {"money": {"minor": left, "currency": "USD"}}
            await steps.api.post(FINANCE, path, body, revision=one["revision"])
    line.spent = True


def finance_officers() -> tuple[Persona, Persona]:
    """The officer who proposes, and the one who approves."""
    first, second = [one for one in personas() if one.appointment == FINANCE]
    return first, second


async def refund(steps: Steps) -> Mapping[str, Any]:
    """Refund a donor by two finance officers; return the proposal.

    Raises StepError if the proposer could approve it, or if the other's approval has no effect.
    """
    api = steps.api
    first, second = finance_officers()
    made = await steps.all(FINANCE, "/v1/proposals", "proposals")
    proposal = next((one for one in made if one["measure"] == "refund"), None)
    if proposal is None:
        pledge = (await steps.all(REFUNDED_TO, "/v1/pledges", "pledges"))[-1]
        path = f"/v1/pledges/{pledge['pledge_id']}/refund"
        proposal = await api.post(FINANCE, path, REFUND, person=first.person_id, revision=pledge["revision"])
    if proposal["status"] == "open":
        path, revision = f"/v1/proposals/{proposal['proposal_id']}/approve", proposal["revision"]
        try:
            await api.post(FINANCE, path, {}, step="own", person=first.person_id, revision=revision)
        except StepError as error:
            if error.slug != "own-proposal":
                raise
        proposal = await api.post(FINANCE, path, {}, person=second.person_id, revision=revision)
    people = [str(first.person_id), str(second.person_id)]
    if [proposal["status"], proposal["proposed_by"], proposal["decided_by"]] != ["approved", *people]:
        raise StepError("the refund was not proposed by one finance officer and approved by the other")
    shown: Mapping[str, Any] = proposal
    return shown
