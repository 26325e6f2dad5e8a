"""The statuses of a request: every cell of the table in `services/requests/request/model.py`, and invariants."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from contracts.coverage import Fulfilment
from contracts.criteria import Judged, PriorityCriterion
from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid, Refusal
from contracts.requests import DraftLine, Line
from services.requests.criteria.model import Criteria, assess
from services.requests.request import model
from services.requests.request.deliveries import Outcome
from services.requests.request.evolve import evolve, with_window
from services.requests.request.model import REMINDER_DAYS, Request
from services.requests.request.values import MOVES, Circulation, CirculationRule, FilingChannel, Status
from tests.builders import NOON
from tests.requests.builders import (
    LATER,
    REFERENCE,
    _deliver,
    _lapse,
    _open,
    _register,
    _remind,
    _start,
    a_content,
    a_line,
    a_request,
    evolve_checked,
)


def _reminded(request: Request) -> Request:
    return request if request.waiting_since is None else evolve(request, _remind(request))


def _on_behalf(request: Request) -> Request:
    return replace(request, channel=FilingChannel.MEETING, received_on=NOON.date())


CRITERIA = Criteria(version=1, priority=(PriorityCriterion(code="at_risk", weight=1),))
DECIDE: dict[str, Callable[[Request], Fact]] = {
    "revise": lambda r: r.revise(a_content(), now=NOON),
    "submit": lambda r: r.submit("TA-2026-00002", now=NOON),
    "register": _register,
    "return": lambda r: r.give_back("incomplete", now=NOON),
    "decline": lambda r: r.decline("not_eligible", now=NOON),
    "assess": lambda r: assess(r, CRITERIA, [Judged(code="at_risk", points=1)], now=NOON),
    "assign": lambda r: r.assign(uuid4(), now=NOON),
    "open": _open,
    "start": _start,
    "hold": lambda r: r.hold("other", now=NOON),
    "resume": lambda r: r.resume(now=NOON),
    "reopen": lambda r: r.reopen("other", now=NOON),
    "deliver": _deliver,
    "close": lambda r: r.close(Outcome.MET, heard_both_sides=True, now=NOON),
    "remind": _remind,
    "lapse": lambda r: _lapse(_reminded(_reminded(r))),
    "withdraw": lambda r: r.withdraw(now=NOON),
    "consent": lambda r: r.consent(uuid4(), now=NOON),
    "record_confirmation": lambda r: _on_behalf(r).record_confirmation(uuid4(), REFERENCE, now=NOON),
    "record_consent": lambda r: r.record_consent(uuid4(), scan_id=uuid4(), now=NOON),
}
UNDER_WAY = {Status.SUBMITTED, Status.REGISTERED, Status.OPEN, Status.IN_DELIVERY}
WAITING = {Status.RETURNED, Status.ON_HOLD}
NOT_ENDED = {Status.DRAFT, Status.DELIVERED, *UNDER_WAY, *WAITING}
TABLE: dict[str, set[Status]] = {
    "revise": {Status.DRAFT, Status.RETURNED},
    "submit": {Status.DRAFT, Status.RETURNED},
    "record_confirmation": {Status.DRAFT},
    "assess": {Status.SUBMITTED, Status.REGISTERED},
    "assign": NOT_ENDED,
    "register": {Status.SUBMITTED},
    "return": {Status.SUBMITTED, Status.REGISTERED},
    "decline": {Status.SUBMITTED, Status.REGISTERED},
    "open": {Status.REGISTERED},
    "start": {Status.OPEN},
    "hold": UNDER_WAY,
    "resume": {Status.ON_HOLD},
    "reopen": {Status.IN_DELIVERY, Status.CLOSED},
    "deliver": {Status.IN_DELIVERY},
    "close": {Status.DELIVERED},
    "remind": WAITING,
    "lapse": WAITING,
    "withdraw": NOT_ENDED,
    "consent": NOT_ENDED,
    "record_consent": NOT_ENDED - {Status.DRAFT},
}
TARGETS = {
    "submit": Status.SUBMITTED,
    "record_confirmation": Status.SUBMITTED,
    "register": Status.REGISTERED,
    "return": Status.RETURNED,
    "decline": Status.NOT_ACCEPTED,
    "open": Status.OPEN,
    "start": Status.IN_DELIVERY,
    "hold": Status.ON_HOLD,
    "resume": Status.REGISTERED,  # the status from which a_request was held
    "reopen": Status.OPEN,
    "deliver": Status.DELIVERED,
    "close": Status.CLOSED,
    "lapse": Status.LAPSED,
    "withdraw": Status.WITHDRAWN,
}


def test_every_move_is_covered() -> None:
    """A scan is a separate record, which is added in some statuses of the request."""
    assert set(MOVES) - {"scan_note"} == set(DECIDE) == set(TABLE)


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("move", list(TABLE))
def test_move_is_allowed_from_its_states_only(move: str, status: Status) -> None:
    request = a_request(status)

    if status in TABLE[move]:
        after = evolve_checked(request, DECIDE[move](request))
        assert request.revision + 1 == after.revision
        assert TARGETS.get(move, status) is after.status
    else:
        with pytest.raises(Conflict) as no:
            DECIDE[move](request)
        assert "request-status" == no.value.slug
        assert {"status": status, "move": move} == no.value.details


BEGIN = [
    lambda *a, **k: model.file(*a, REFERENCE, **k),
    lambda *a, **k: evolve(None, model.draft(*a, **k)).submit(REFERENCE, now=NOON),
]
"""Both ways to submit a request: at once, and as a draft first."""


@pytest.mark.parametrize("begin", BEGIN)
def test_request_without_a_line_cannot_be_submitted(begin: Callable[..., Fact]) -> None:
    content = replace(a_content(), lines=())

    with pytest.raises(Invalid) as no:
        begin(uuid4(), "KEN", content, now=NOON)

    assert "request-incomplete" == no.value.slug
    errors: Any = no.value.details["errors"]
    assert [error.field for error in errors] == ["lines"]


def test_draft_does_not_circulate_under_any_circulation_rule() -> None:
    for chosen in CirculationRule:
        assert Circulation.NONE is a_request(Status.DRAFT, rule=chosen).circulation


def test_circulation_rule_takes_effect_at_submission() -> None:
    chosen = {rule: a_request(Status.SUBMITTED, rule=rule) for rule in CirculationRule}

    assert Circulation.NONE is chosen[CirculationRule.NONE].circulation
    assert Circulation.GRANTED is chosen[CirculationRule.GRANTED].circulation
    assert Circulation.WINDOW_RUNNING is chosen[CirculationRule.SILENCE].circulation
    assert datetime(2026, 12, 3, tzinfo=UTC) == chosen[CirculationRule.SILENCE].window_ends_at


@pytest.mark.parametrize("begin", BEGIN)
def test_request_with_an_incomplete_line_cannot_be_submitted(begin: Callable[..., Fact]) -> None:
    known = {name: getattr(a_line(), name) for name in DraftLine.__struct_fields__ if hasattr(Line, name)}
    line = DraftLine(**{**known, "position": 2, "kind": None})

    with pytest.raises(Invalid) as no:
        begin(uuid4(), "KEN", replace(a_content(), incomplete=(line,)), now=NOON)

    errors: Any = no.value.details["errors"]
    assert "lines[1].kind" in [error.field for error in errors]


@pytest.mark.parametrize("begin", BEGIN)
@pytest.mark.parametrize("kind", ["witness_protection", "victim_assistance"])
def test_silence_is_not_consent_for_restricted_kinds(kind: str, begin: Callable[..., Fact]) -> None:
    with pytest.raises(Invalid) as no:
        begin(uuid4(), "KEN", a_content(a_line(), a_line(kind), rule=CirculationRule.SILENCE), now=NOON)

    assert "silence-not-for-restricted" == no.value.slug


def test_objection_window_does_not_end_early() -> None:
    request = a_request(rule=CirculationRule.SILENCE)
    end = request.window_ends_at
    assert end is not None

    with pytest.raises(Conflict):
        request.end_window(now=end - timedelta(seconds=1))
    assert Circulation.GRANTED is evolve_checked(request, request.end_window(now=end)).circulation


def test_objection_window_ends_with_its_request() -> None:
    request = a_request(rule=CirculationRule.SILENCE)

    after = evolve(request, request.withdraw(now=NOON))

    assert (Circulation.NONE, None) == (after.circulation, after.window_ends_at)
    with pytest.raises(Conflict):
        after.end_window(now=LATER)


def test_objection_ends_the_window() -> None:
    request = a_request(rule=CirculationRule.SILENCE)

    after = evolve(request, request.object(request.request_id, now=NOON))

    assert Circulation.OBJECTED is after.circulation
    with pytest.raises(Conflict):
        after.end_window(now=LATER)
    with pytest.raises(Conflict):
        after.object(request.request_id, now=LATER)


def test_withdrawn_consent_can_be_given_again() -> None:
    first, second = uuid4(), uuid4()
    request = a_request()
    request = evolve(request, request.consent(first, now=NOON))
    with pytest.raises(Conflict):
        request.consent(second, now=NOON)
    request = evolve(request, request.object(first, now=LATER))
    request = evolve(request, request.consent(second, now=LATER))

    assert Circulation.GRANTED is request.circulation
    given = {consent.consent_id: (consent.given_at, consent.withdrawn_at) for consent in request.consents.values()}
    assert {first: (NOON, LATER), second: (LATER, None)} == given


@pytest.mark.parametrize(
    ("since", "end"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),  # Monday
        (datetime(2026, 11, 27, 9, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC)),  # Friday
        (datetime(2026, 11, 28, 9, tzinfo=UTC), datetime(2026, 12, 5, tzinfo=UTC)),  # Saturday
    ],
)
def test_objection_window_is_five_working_days(since: datetime, end: datetime) -> None:
    submitted = model.file(uuid4(), "KEN", a_content(rule=CirculationRule.SILENCE), REFERENCE, now=since)
    assert end == with_window(submitted).window_ends_at


@pytest.mark.parametrize("under_way", ["confirmed", "in_delivery"])
def test_request_is_not_delivered_during_a_match_unless_it_suffices(under_way: str) -> None:
    line = a_line()
    request = a_request(Status.IN_DELIVERY, line)
    change = request.on_match_changed(line.line_id, uuid4(), under_way, "NOR", now=NOON)
    assert change is not None
    request = evolve(request, change)

    with pytest.raises(Conflict) as no:
        request.deliver(suffices=False, now=NOON)
    assert "matches-not-completed" == no.value.slug
    assert Status.DELIVERED is evolve(request, request.deliver(suffices=True, now=NOON)).status


def test_request_is_closed_after_both_sides_reported_or_the_follow_up_is_due() -> None:
    request = a_request(Status.DELIVERED)

    with pytest.raises(Conflict) as no:
        request.close(Outcome.MET, heard_both_sides=False, now=NOON + timedelta(days=364))
    assert "feedback-missing" == no.value.slug
    assert {"follow_up_at": NOON + timedelta(days=365)} == no.value.details
    assert request.close(Outcome.MET, heard_both_sides=True, now=NOON)
    assert request.close(Outcome.UNMET, heard_both_sides=False, now=NOON + timedelta(days=365))


@pytest.mark.parametrize("status", [Status.RETURNED, Status.ON_HOLD])
def test_state_is_reminded_twice_before_its_request_lapses(status: Status) -> None:
    request = a_request(status)
    for days in (20, 40):
        with pytest.raises(Conflict):
            request.remind(now=NOON + timedelta(days=days, seconds=-1))
        with pytest.raises(Conflict):
            request.lapse(now=NOON + timedelta(days=days))
        request = evolve(request, request.remind(now=NOON + timedelta(days=days)))

    with pytest.raises(Conflict) as no:
        request.remind(now=NOON + timedelta(days=1000))
    assert "answer-not-due" == no.value.slug
    assert {"due_at": request.answer_due_at, "reminders": 2} == no.value.details
    with pytest.raises(Conflict):
        request.lapse(now=NOON + timedelta(days=60, seconds=-1))
    assert Status.LAPSED is evolve_checked(request, request.lapse(now=NOON + timedelta(days=60))).status


def test_answer_ends_the_reminders() -> None:
    request = a_request(Status.RETURNED)
    request = evolve(request, request.remind(now=NOON + timedelta(days=REMINDER_DAYS)))
    request = evolve(request, request.submit(REFERENCE, now=LATER))

    assert (None, 0, None) == (request.waiting_since, request.reminders, request.answer_due_at)


def test_match_of_an_unknown_line_is_ignored() -> None:
    assert a_request().on_match_changed(uuid4(), uuid4(), "confirmed", "NOR", now=NOON) is None


@pytest.mark.parametrize(
    ("of_lines", "expected"),
    [
        ([], Fulfilment.NONE),
        ([Fulfilment.NONE, Fulfilment.NONE], Fulfilment.NONE),
        ([Fulfilment.PARTIAL], Fulfilment.PARTIAL),
        ([Fulfilment.COMPLETE, Fulfilment.NONE], Fulfilment.PARTIAL),
        ([Fulfilment.COMPLETE, Fulfilment.PARTIAL], Fulfilment.PARTIAL),
        ([Fulfilment.COMPLETE, Fulfilment.COMPLETE], Fulfilment.COMPLETE),
        ([Fulfilment.COMPLETE, Fulfilment.COVERED], Fulfilment.COVERED),
        ([Fulfilment.COVERED, Fulfilment.NONE], Fulfilment.PARTIAL),
    ],
)
def test_request_is_fulfilled_when_all_its_lines_are(of_lines: list[Fulfilment], expected: Fulfilment) -> None:
    lines = tuple(a_line() for _ in of_lines)
    fulfilment = {line.line_id: one for line, one in zip(lines, of_lines, strict=True)}

    assert expected is replace(a_request(), lines=lines, fulfilment=fulfilment).fulfilled


class AnyHistory(RuleBasedStateMachine):
    """Moves in any order: a refusal changes nothing, and an ended request stays ended."""

    def __init__(self) -> None:
        super().__init__()
        self.line = a_line()
        self.facts: list[Fact] = [model.file(uuid4(), "KEN", a_content(self.line), REFERENCE, now=NOON)]
        self.request = evolve(None, self.facts[0])
        self.matches: list[UUID] = []
        self.ended: Status | None = None

    @rule(move=st.sampled_from(sorted(DECIDE)))
    def move(self, move: str) -> None:
        try:
            fact = DECIDE[move](self.request)
        except Refusal:
            return
        self._apply(fact)

    @rule(status=st.sampled_from(["confirmed", "in_delivery", "completed", "revoked"]), new=st.booleans())
    @precondition(lambda self: self.request.lines == (self.line,))
    def on_match_changed(self, status: str, new: bool) -> None:
        if new or not self.matches:
            self.matches.append(uuid4())
        change = self.request.on_match_changed(self.line.line_id, self.matches[-1], status, "NOR", now=NOON)
        assert change is not None
        self._apply(change)

    def _apply(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.request = evolve(self.request, fact)

    @invariant()
    def state_is_rebuilt_from_its_facts(self) -> None:
        rebuilt: Request | None = None
        for fact in self.facts:
            rebuilt = evolve(rebuilt, fact)
        assert rebuilt == self.request

    @invariant()
    def versions_have_no_gap(self) -> None:
        assert len(self.facts) == self.request.revision

    @invariant()
    def reference_never_changes(self) -> None:
        assert self.request.reference == REFERENCE

    @invariant()
    def final_status_is_kept(self) -> None:
        final = {Status.NOT_ACCEPTED, Status.LAPSED, Status.WITHDRAWN}
        if self.ended is not None:
            assert self.ended is self.request.status
        elif self.request.status in final:
            self.ended = self.request.status

    @invariant()
    def circulation_is_permitted_by_the_state(self) -> None:
        if self.request.circulation is Circulation.GRANTED:
            assert self.request.consents_in_force


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_only_what_unodc_filed_is_confirmed_in_writing() -> None:
    with pytest.raises(Conflict) as no:
        a_request(Status.DRAFT).record_confirmation(uuid4(), REFERENCE, now=NOON)

    assert "not-filed-on-behalf" == no.value.slug
