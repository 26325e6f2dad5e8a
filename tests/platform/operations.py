"""Every operation of the API with its cases: record, body, and the policy that decides."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple
from uuid import uuid4

from litestar.routes import HTTPRoute
from msgspec import convert

from chassis.http.event_streams import EVENT_STREAM
from chassis.http.internal_api import events
from contracts.decisions import Decision
from contracts.parked import ParkedAction
from contracts.values import Caller, Role
from services import reference
from services.composition import all_services
from services.delivery.policy import Action as V
from services.directory.appointments.model import HELD_IN
from services.directory.people.model import kind_of
from services.directory.policy import Action as D
from services.directory.policy import ExistingAppointment, NewAppointment, NewClient, NewPerson
from services.documents import api as documents
from services.documents.files import inert_application
from services.documents.permission_cases import SUBJECTS
from services.documents.permissions import cell
from services.matching.policy import Action as M
from services.notifications.alerts.model import AlertSubject
from services.notifications.notices.model import subscription_id_of
from services.notifications.policy import Action as N
from services.pledges.policy import Action as P
from services.reports.policy import Action as F
from services.reports.policy import Scope
from services.requests.policy import Action as R
from services.requests.policy import Filing
from services.sherloc.policy import Action as L
from services.sherloc.policy import NewLegislation
from services.sherloc.review_progress.model import REVIEW_PROGRESS, RecordReviewProgress
from tests.personas import persona_id
from tests.platform.bodies import BODIES, INTERNAL_BODIES, LACKING, LISTS, NAMED
from tests.platform.world import A_CLIENT, World

NAMES = ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "directory", "reports")
ORGANIZATIONS = ("KEN", "NOR", "FRA", "UNODC")
ACTORS = [
    *(f"{one}:{role}" for one in ORGANIZATIONS for role, kinds in HELD_IN.items() if kind_of(one) in kinds),
    f"UNODC:{Role.SERVICE}",
]
"""Every role: of the State with most records, of a State that provides and donates, of one uninvolved, and of UNODC.

The last one is a service.
"""

ROUTES = [events, *reference.ROUTES, *documents.routes(all_services)]
"""Routes that belong to no single service."""

REVISION = {"If-Match": '"999999"'}
"""A revision that no record has: a permitted move is refused for it, and the record is unchanged."""

DECIDE = {type(action): subject.decide for subject in SUBJECTS for action in (*subject.reads, *subject.acts)}
OF_NO_RECORD, OF_RECORDS = (
    {
        (subject.service, str(action))
        for subject in SUBJECTS
        if (subject.title == "Operations without a record") is of_none
        for action in (*subject.reads, *subject.acts)
    }
    for of_none in (True, False)
)
ON_EXISTING_APPOINTMENT = {("directory", str(action)) for action in (D.APPROVE, D.REFUSE, D.WITHDRAW, D.END)}
"""Actions decided by an appointment and the number of focal points of its organization."""


class Question(NamedTuple):
    """A question to a policy: the action, the record, and the name of that record's id in the path or the body."""

    action: StrEnum
    of: Any
    named: str = ""


@dataclass(frozen=True)
class Operation:
    """One method of one path; `action` is what it asks of its policy, unless it is public or for services."""

    method: str
    path: str
    action: StrEnum | None
    internal: bool = False
    goes_on: bool = False
    """True if it answers with an event stream, tested in tests/platform/test_event_feeds.py."""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_a_record(self) -> str | None:
        """The name in the path of the id of the record it is about, or None."""
        return next((name for name in self._parameters if name not in NAMED), None)

    @property
    def _parameters(self) -> list[str]:
        return [part[1:-1].partition(":")[0] for part in self.path.split("/") if part.startswith("{")]

    def at(self, **ids: object) -> str:
        """Return the path with these ids; for ids that are not given, one that no record has."""
        ids = {name: ids.get(name, NAMED.get(name, uuid4())) for name in self._parameters}
        return "/".join(str(ids[part[1:-1]]) if part.startswith("{") else part for part in self.path.split("/"))


@dataclass(frozen=True)
class Case:
    """One way to call an operation: ids, body, query, and the questions to the policy in their order."""

    operation: Operation
    questions: Callable[[Caller], Sequence[Question]]
    ids: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] | None = None

    def expected(self, caller: Caller) -> str:
        if self.operation.action is None:
            return "not-for-your-role" if self.operation.internal and caller.role is not Role.SERVICE else "yes"
        return cell(self.decided(caller)[1]).partition(":")[0]

    def decided(self, caller: Caller) -> tuple[Question, Decision]:
        """Return the first refusal, or else the last permission."""
        for question in (questions := self.questions(caller)):
            decision = DECIDE[type(question.action)](caller, question.action, question.of)
            if not decision.allowed or question is questions[-1]:
                return question, decision
        raise AssertionError(f"{self.operation} asks nothing")

    def with_nothing_for(self, named: str) -> tuple[Mapping[str, object], Any, Mapping[str, str] | None]:
        """Return ids, body and query in which one id is replaced by one that no record has."""
        ids = {name: given for name, given in self.ids.items() if name != named}
        body, query = (
            {**given, named: str(uuid4())} if given and named in given else given for given in (self.body, self.query)
        )
        return ids, body, query


@cache
def operations() -> Sequence[Operation]:
    """Return all operations; those that create records come last."""
    found = []
    for route in inert_application(all_services()).routes:
        if isinstance(route, HTTPRoute):
            for method, (handler, _) in route.route_handler_map.items():
                opt = handler.opt
                if method != "OPTIONS":
                    goes_on = handler.media_type == EVENT_STREAM
                    internal = bool(opt.get("internal"))
                    found.append(Operation(method, route.path_format, opt.get("action"), internal, goes_on))
    return sorted(
        found, key=lambda one: (one.method != "GET", one.names_a_record is None, one.method == "PUT", one.path)
    )


# -- the cases --------------------------------------------------------------------------------------------------------


def cases(world: World, operation: Operation) -> Iterator[Case]:
    """Yield every call of an operation that its policy may decide differently."""
    body = BODIES.get((operation.method, operation.path))
    if operation.path in LACKING and body:
        body = {**body, **LACKING[operation.path]}
    action, name = operation.action, operation.names_a_record
    if action is None:
        yield Case(operation, lambda _: (), body=INTERNAL_BODIES.get(operation.path))
    elif made := NEW.get(named(action)):
        yield from made(world, operation, body or {})
    elif name is not None:
        for record_id, record in world.records[name].items():
            of = (
                ExistingAppointment(record, world.focal_points[record.organization])
                if named(action) in ON_EXISTING_APPOINTMENT
                else record
            )
            ids = {name: record_id, "consent_id": next(iter(getattr(record, "consents", ())), uuid4())}
            yield Case(operation, asking(Question(action, of, name)), ids, body)
    else:
        assert named(action) in OF_NO_RECORD, f"{operation}: say in NEW of what it asks {action}"
        assert named(action) not in OF_RECORDS or operation.path in LISTS, f"{operation}: say in LISTS what it lists"
        yield Case(operation, asking(Question(action, None)), body=body)


def named(action: StrEnum) -> tuple[str, str]:
    """Return an action with its service, since actions of different services may have the same name."""
    return type(action).__module__.split(".")[1], str(action)


def asking(*questions: Question) -> Callable[[Caller], Sequence[Question]]:
    return lambda _: questions


def filing(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for state in (None, "KEN", "NOR"):
        for submit in (True, False):
            question = Question(R.FILE, Filing(state, submit))
            yield Case(operation, asking(question), body={**body, "state": state, "submit": submit})


def handing_over(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    appointed = world.records["appointment_id"].values()
    assignee = next(one.person_id for one in appointed if one.role is Role.COORDINATOR)
    yield Case(operation, asking(Question(R.HAND_OVER, None)), body={**body, "assignee": str(assignee), "giver": None})


def reading_quotas(_: World, operation: Operation, _body: Mapping[str, Any]) -> Iterator[Case]:
    for state in ("KEN", "NOR"):
        yield Case(operation, asking(Question(R.READ_QUOTAS, Filing(state))), query={"state": state})


def proposal(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for line in world.lines:
        for offering_id, offering in world.records["offering_id"].items():
            questions = asking(
                Question(M.PROPOSE, None),
                Question(M.PROPOSE, line, "line_id"),
                Question(M.PROPOSE, offering, "offering_id"),
            )
            named = {"line_id": str(line.line_id), "offering_id": str(offering_id)}
            yield Case(operation, questions, body={**body, **named, "override": None})
    overriding = asking(Question(M.PROPOSE, None), Question(M.OVERRIDE, None), *questions(None)[1:])
    yield Case(operation, overriding, body={**body, **named})


def proposing_jointly(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    """Propose a joint delivery of each offering for the lines of the body."""
    for offering_id in world.records["offering_id"]:
        named = {"offering_id": str(offering_id), "departure": "stated_preference"}
        yield Case(operation, asking(Question(M.PROPOSE_JOINTLY, None)), body={**body, **named})


def explaining(world: World, operation: Operation, _: Mapping[str, Any]) -> Iterator[Case]:
    for line in world.lines:
        for offering_id, offering in world.records["offering_id"].items():
            questions = asking(
                Question(M.WHY_NOT, None),
                Question(M.WHY_NOT, line, "line"),
                Question(M.WHY_NOT, offering, "offering"),
            )
            yield Case(operation, questions, query={"line": str(line.line_id), "offering": str(offering_id)})


def comparing(world: World, operation: Operation, _: Mapping[str, Any]) -> Iterator[Case]:
    for one, found in world.records["round_id"].items():
        for other, its in world.records["round_id"].items():
            questions = asking(Question(M.COMPARE_ROUNDS, found, "round_id"), Question(M.COMPARE_ROUNDS, its, "with"))
            yield Case(operation, questions, ids={"round_id": one}, query={"with": str(other)})


def finding_similar(world: World, operation: Operation, _: Mapping[str, Any]) -> Iterator[Case]:
    for line in world.lines:
        questions = asking(Question(M.SIMILAR, None), Question(M.SIMILAR, line, "line"))
        yield Case(operation, questions, query={"line": str(line.line_id)})


def entering(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for organization in ("KEN", "NOR"):
        for keeps in ({}, {"person_id": str(persona_id("KEN:official"))}):
            question = Question(D.ENTER, NewPerson(organization, keeps_id=bool(keeps)))
            yield Case(operation, asking(question), body={**body, "organization": organization, **keeps})


def appointing(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for person_id, person in world.records["person_id"].items():
        of = person.organization
        for role in (role for role, kinds in HELD_IN.items() if kind_of(of) in kinds):
            place = NewAppointment(person_id, of, role, world.focal_points[of])
            questions = asking(Question(D.SHOW_PERSON, person, "person_id"), Question(D.APPOINT, place))
            named = {"person_id": str(person_id), "organization": of, "role": role}
            yield Case(operation, questions, body={**body, **named})


def registering(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for organization, role in (("KEN", "official"), ("NOR", "donor_officer"), ("UNODC", "provider_officer")):
        question = Question(D.REGISTER_CLIENT, NewClient(organization))
        yield Case(operation, asking(question), body={**A_CLIENT, "organization": organization, "role": role})


def reversing(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for entry_id in world.records["entry_id"]:
        yield Case(operation, asking(Question(P.PROPOSE_REVERSAL, None)), body={**body, "entry_id": str(entry_id)})


def creating_alert(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for subject in AlertSubject:
        yield Case(operation, asking(Question(N.CREATE_ALERT, subject)), body={"subject": str(subject)})


def listing_parked(_: World, operation: Operation, _body: Mapping[str, Any]) -> Iterator[Case]:
    yield Case(operation, asking(Question(ParkedAction.LIST, None)))


def own_subscription(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    assert operation.action is not None
    action, known = operation.action, world.records["subscription_id"]
    yield Case(operation, lambda caller: [Question(action, known.get(subscription_id_of(caller)))], body=body or None)


def adding_to_delivery(world: World, operation: Operation, _: Mapping[str, Any]) -> Iterator[Case]:
    for delivery_id, delivery in world.records["delivery_id"].items():
        questions = asking(Question(V.ADD_FILE, delivery, "delivery_id"))
        yield Case(operation, questions, ids={"delivery_id": delivery_id}, query={"purpose": "material"})


def on_file(world: World, operation: Operation, _: Mapping[str, Any]) -> Iterator[Case]:
    assert operation.action is not None
    for file_id, file in world.records["delivery_file_id"].items():
        yield Case(operation, asking(Question(operation.action, file, "file_id")), ids={"file_id": file_id})


def marking(world: World, operation: Operation, _: Mapping[str, Any]) -> Iterator[Case]:
    for message_id, message in world.records["message_id"].items():
        delivery = world.records["delivery_id"][message.delivery_id]
        questions = asking(Question(V.MARK_READ, delivery, "delivery_id"))
        if not message.private:
            ids, body = {"delivery_id": message.delivery_id}, {"message_id": str(message_id)}
            yield Case(operation, questions, ids=ids, body=body)


def recording(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for state in ("KEN", "NOR"):
        question = Question(L.RECORD_LEGISLATION, NewLegislation(state=state))
        yield Case(operation, asking(question), body={**body, "state": state})


def recording_progress(_: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for state in ("KEN", "NOR"):
        sent = {**body, "state": state}
        question = Question(REVIEW_PROGRESS.actions("record_review_progress"), convert(sent, RecordReviewProgress))
        yield Case(operation, asking(question), body=sent)


def listing_records(_: World, operation: Operation, __: Mapping[str, Any]) -> Iterator[Case]:
    """List the register, which also contains cells without a record."""
    query = {"older_than_months": "1", "limit": "100"}
    yield Case(operation, asking(Question(L.LIST_LEGISLATION, None)), query=query)


def reading_figures(_: World, operation: Operation, __: Mapping[str, Any]) -> Iterator[Case]:
    """Ask for figures of all records, and of a State's; every caller knows this `figure`."""
    for state in ("KEN", None):
        question = Question(F.SHOW_FIGURE, Scope(state) if state else None)
        query = {"state": state} if state else {}
        yield Case(operation, asking(question), ids={"figure": "requests"}, query=query)


def drawing_up(world: World, operation: Operation, body: Mapping[str, Any]) -> Iterator[Case]:
    for delivery in world.records["delivery_id"].values():
        questions = asking(Question(V.DRAW_UP_STRATEGY, None), Question(V.SHOW_DELIVERY, delivery, "request_id"))
        yield Case(operation, questions, body={**body, "request_id": str(delivery.request_id)})


NEW: Mapping[tuple[str, str], Callable[[World, Operation, Mapping[str, Any]], Iterator[Case]]] = {
    named(ParkedAction.LIST): listing_parked,
    named(F.SHOW_FIGURE): reading_figures,
    named(V.DRAW_UP_STRATEGY): drawing_up,
    named(R.FILE): filing,
    named(R.READ_QUOTAS): reading_quotas,
    named(R.HAND_OVER): handing_over,
    named(M.PROPOSE): proposal,
    named(M.PROPOSE_JOINTLY): proposing_jointly,
    named(M.WHY_NOT): explaining,
    named(M.COMPARE_ROUNDS): comparing,
    named(M.SIMILAR): finding_similar,
    named(D.ENTER): entering,
    named(D.APPOINT): appointing,
    named(D.REGISTER_CLIENT): registering,
    named(P.PROPOSE_REVERSAL): reversing,
    named(L.RECORD_LEGISLATION): recording,
    named(L.LIST_LEGISLATION): listing_records,
    named(REVIEW_PROGRESS.actions("record_review_progress")): recording_progress,
    named(V.ADD_FILE): adding_to_delivery,
    named(V.READ_FILE): on_file,
    named(V.REMOVE_FILE): on_file,
    named(V.MARK_READ): marking,
    named(N.CREATE_ALERT): creating_alert,
    named(N.SHOW_SUBSCRIPTION): own_subscription,
    named(N.PAUSE_SUBSCRIPTION): own_subscription,
    named(N.RESUME_SUBSCRIPTION): own_subscription,
    named(N.REGISTER_SUBSCRIPTION): own_subscription,
}
"""Questions about new records, or records named by the body or the caller."""
