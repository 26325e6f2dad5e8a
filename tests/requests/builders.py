"""Requests for tests of the model."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec

from contracts.facts import Fact
from contracts.requests import Line
from contracts.values import Language, Period
from services.requests.request import model
from services.requests.request.deliveries import Outcome
from services.requests.request.evolve import evolve
from services.requests.request.model import Content, Request
from services.requests.request.values import Addressee, CirculationRule, Status, Visibility
from tests.builders import NOON

REFERENCE = "TA-2026-00001"
LATER = NOON + timedelta(days=30)


def evolve_checked(request: Request, fact: Any) -> Request:
    """Apply a fact after a check that it names the request and has a value of its type in each field."""
    assert (request.request_id, request.state) == (fact.request_id, getattr(fact, "state", request.state))
    assert fact == msgspec.convert(msgspec.to_builtins(fact), type(fact))
    return evolve(request, fact)


def a_line(kind: str = "training", **changes: Any) -> Line:
    values: dict[str, Any] = {
        "line_id": uuid4(),
        "kind": kind,
        "topics": ("mutual_legal_assistance",),
        "articles": ("UNTOC:18",),
        "paragraphs": (),
        "pillars": (),
        "institution": "judiciary",
        "group_size": 20,
        "languages": (Language.EN,),
        "modality": "remote",
        "window": Period(starts=NOON.date(), ends=LATER.date()),
        "gender_marker": 0,
        "human_rights_marker": 0,
    }
    return Line(**(values | changes))


def a_content(*lines: Line, rule: CirculationRule = CirculationRule.NONE) -> Content:
    return Content(
        language=Language.EN,
        visibility=Visibility.PROVIDERS,
        addressee=Addressee.ANY,
        addressed_states=(),
        circulation_rule=rule,
        lines=lines or (a_line(),),
        texts_hash="hash",
    )


def a_request(status: Status = Status.SUBMITTED, *lines: Line, rule: CirculationRule = CirculationRule.NONE) -> Request:
    """Return a request in `status`, reached by real moves, except for statuses that only the system sets."""
    content = a_content(*lines, rule=rule)
    fact: Fact
    if status is Status.DRAFT:
        fact = model.draft(uuid4(), "KEN", content, now=NOON)
    else:
        fact = model.file(uuid4(), "KEN", content, REFERENCE, now=NOON)
    request = evolve(None, fact)
    path: dict[Status, list[Callable[[Request], Fact]]] = {
        Status.DRAFT: [],
        Status.SUBMITTED: [],
        Status.RETURNED: [lambda r: r.give_back("incomplete", now=NOON)],
        Status.NOT_ACCEPTED: [lambda r: r.decline("not_eligible", now=NOON)],
        Status.REGISTERED: [_register],
        Status.OPEN: [_register, _open],
        Status.IN_DELIVERY: [_register, _open, _start],
        Status.DELIVERED: [_register, _open, _start, _deliver],
        Status.CLOSED: [
            _register,
            _open,
            _start,
            _deliver,
            lambda r: r.close(Outcome.MET, heard_both_sides=True, now=NOON),
        ],
        Status.ON_HOLD: [_register, lambda r: r.hold("other", now=NOON)],
        Status.LAPSED: [lambda r: r.give_back("incomplete", now=NOON), _remind, _remind, _lapse],
        Status.WITHDRAWN: [lambda r: r.withdraw(now=NOON)],
    }
    for move in path[status]:
        request = evolve(request, move(request))
    assert request.status is status
    return request


def _register(request: Request) -> Fact:
    return request.register(now=NOON)


def _open(request: Request) -> Fact:
    return request.open("normal", now=NOON)


def _start(request: Request) -> Fact:
    return request.start(now=NOON)


def _deliver(request: Request) -> Fact:
    return request.deliver(suffices=True, now=NOON)


def _remind(request: Request) -> Fact:
    return request.remind(now=request.answer_due_at or NOON)


def _lapse(request: Request) -> Fact:
    return request.lapse(now=request.answer_due_at or NOON)
