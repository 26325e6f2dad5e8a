"""The cases of the delivery service's policy, as in `permission_cases`."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache, partial
from typing import Any

from msgspec.structs import replace

from contracts.action_points import ActionOwner, ActionPointAdded
from contracts.deliveries import DeliveryOpened
from contracts.effects import EffectRecorded
from contracts.experts import ExpertListed
from contracts.facts import Fact
from contracts.files import FileAdded
from contracts.follow_ups import FollowUpScheduled
from contracts.messages import MessageSent
from contracts.registry import decode_fact
from contracts.results import ResultReported
from contracts.screenings import ScreeningAnswered
from contracts.sessions import SessionPlanned
from contracts.strategies import StrategyDrawnUp
from contracts.values import Caller, Role, Side
from services.delivery import policy as delivery
from services.delivery.action_points.evolve import evolve as evolve_action_point
from services.delivery.action_points.model import ActionPoint
from services.delivery.action_points.views import ActionPointView
from services.delivery.agreements.views import AgreementView
from services.delivery.deliveries.evolve import evolve
from services.delivery.deliveries.model import Delivery
from services.delivery.deliveries.views import DeliveryView
from services.delivery.effects.model import EFFECTS, Effect, EffectView
from services.delivery.experts.evolve import evolve as evolve_expert
from services.delivery.experts.model import Expert
from services.delivery.experts.views import ExpertView
from services.delivery.files.evolve import evolve as evolve_file
from services.delivery.files.model import File
from services.delivery.files.store import DeliveryFile
from services.delivery.follow_ups.evolve import evolve as evolve_follow_up
from services.delivery.follow_ups.model import ROLES, FollowUp
from services.delivery.follow_ups.views import FollowUpView
from services.delivery.results.evolve import evolve as evolve_result
from services.delivery.results.model import Result
from services.delivery.results.views import ResultView
from services.delivery.screenings.evolve import evolve as evolve_screening
from services.delivery.screenings.model import Screening
from services.delivery.screenings.views import ScreeningView
from services.delivery.sessions.evolve import evolve as evolve_session
from services.delivery.sessions.model import Session
from services.delivery.sessions.views import SessionView
from services.delivery.strategies.evolve import evolve as evolve_strategy
from services.delivery.strategies.model import Strategy
from services.delivery.strategies.views import StrategyView
from services.delivery.thread.evolve import evolve as evolve_message
from services.delivery.thread.model import Message
from services.delivery.thread.views import ThreadMessage
from services.documents.examples import example_event
from services.documents.permission_subjects import (
    OTHER,
    OTHER_PERSON,
    PERSON,
    PROVIDER,
    STATE,
    UNODC,
    YES_OR_NO,
    Subject,
    of,
    of_person,
)

_D = delivery.Action
OTHER_STATE = "UGA"


@cache
def _example(kind: type[Fact]) -> Any:
    """Return the example of a fact, created on first use, because importing reads no files."""
    return decode_fact(example_event(kind))


def _delivery() -> Delivery:
    return replace(evolve(None, _example(DeliveryOpened)), state=STATE, provider=PROVIDER)


def _session(serves: str) -> Session:
    states = (STATE, OTHER_STATE) if serves == "several States" else (STATE,)
    one = evolve_session(None, _example(SessionPlanned))
    return replace(one, states=states, deliveries=(PERSON, OTHER_PERSON)[: len(states)], provider=PROVIDER)


def _effect(recorded_by: str, same: str) -> Effect:
    side = None if recorded_by == "UNODC" else Side(recorded_by)
    person_id = PERSON if same == "yes" else OTHER_PERSON
    one = EFFECTS.fold(None, _example(EffectRecorded))
    return replace(one, state=STATE, provider=PROVIDER, side=side, recorded_by=person_id)


def _follow_up(asks: str) -> FollowUp:
    one = evolve_follow_up(None, _example(FollowUpScheduled))
    organization = STATE if asks == Side.STATE else PROVIDER
    return replace(
        one, state=STATE, provider=PROVIDER, side=Side(asks), organization=organization, role=ROLES[Side(asks)]
    )


def _expert(teaches: str, consented: str) -> Expert:
    states = (STATE,) if teaches == "the State" else ()
    consented_on = date(2027, 1, 15) if consented == "yes" else None
    return replace(
        evolve_expert(None, _example(ExpertListed)), provider=PROVIDER, states=states, consented_on=consented_on
    )


def _result() -> Result:
    return replace(evolve_result(None, _example(ResultReported)), state=STATE, provider=PROVIDER)


def _screening() -> Screening:
    return replace(evolve_screening(None, _example(ScreeningAnswered)), state=STATE, provider=PROVIDER)


def _action_point(owner: str, belongs_to: str) -> ActionPoint:
    one = replace(evolve_action_point(None, _example(ActionPointAdded)), state=STATE, owner=ActionOwner(owner))
    if belongs_to == "a strategy":
        return replace(one, delivery_id=None, provider=None, strategy_id=one.request_id, providers=(PROVIDER,))
    return replace(one, provider=PROVIDER)


def _strategy() -> Strategy:
    return replace(evolve_strategy(None, _example(StrategyDrawnUp)), state=STATE, providers=(PROVIDER,))


_TO_DELIVERY = {
    "the State itself": of(STATE),
    "the provider itself": of(PROVIDER),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}
_TO_MESSAGE: Mapping[str, Callable[[Role], Caller]] = {
    "its author": of(STATE),
    "another person of the State": partial(of_person, OTHER_PERSON, STATE),
    "another organization": of(OTHER),
    "UNODC": partial(of_person, OTHER_PERSON, UNODC),
}


def _file(private: str, side: str) -> File:
    file = evolve_file(None, _example(FileAdded))
    return replace(file, state=STATE, provider=PROVIDER, private=private == "yes", side=Side(side))


def _message(private: str) -> Message:
    message = evolve_message(None, _example(MessageSent))
    return replace(message, state=STATE, provider=PROVIDER, private=private == "yes", author_id=PERSON)


SUBJECTS = (
    Subject(
        service="delivery",
        title="Operations without a record",
        decide=delivery.decide,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=(_D.LIST_DELIVERIES, _D.FOLLOW, _D.LIST_EXPERTS, EFFECTS.actions(EFFECTS.lists.name), _D.LIST_STRATEGIES),
        acts=(_D.ENTER_EXPERT, _D.DRAW_UP_STRATEGY),
    ),
    Subject(
        service="delivery",
        title="A delivery",
        views=(DeliveryView, AgreementView),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        make=_delivery,
        reads=(
            *(_D.SHOW_DELIVERY, _D.SHOW_AGREEMENT, _D.LIST_FILES, _D.LIST_MESSAGES, _D.LIST_SESSIONS),
            *(_D.LIST_RESULTS, _D.LIST_ACTION_POINTS, _D.LIST_SCREENINGS, _D.LIST_FOLLOW_UPS),
            *(_D.LIST_DELIVERIES, _D.FOLLOW),
        ),
        acts=tuple(delivery.MOVERS),
    ),
    Subject(
        service="delivery",
        title="A file of a delivery",
        views=(DeliveryFile,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"private": YES_OR_NO, "added by": tuple(Side)},
        make=_file,
        reads=(_D.FOLLOW,),
        acts=(_D.READ_FILE, _D.REMOVE_FILE),
    ),
    Subject(
        service="delivery",
        title="A message of a delivery",
        views=(ThreadMessage,),
        decide=delivery.decide,
        standings=_TO_MESSAGE,
        properties={"private": YES_OR_NO},
        make=_message,
        reads=(_D.SHOW_MESSAGE, _D.FOLLOW),
        acts=(_D.WITHDRAW_MESSAGE,),
    ),
    Subject(
        service="delivery",
        title="A session",
        views=(SessionView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"it serves": ("one State", "several States")},
        make=_session,
        reads=(_D.SHOW_SESSION,),
        acts=tuple(delivery.SESSION_MOVERS),
    ),
    Subject(
        service="delivery",
        title="A result",
        views=(ResultView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        make=_result,
        reads=(_D.SHOW_RESULT,),
        acts=tuple(delivery.RESULT_MOVERS),
    ),
    Subject(
        service="delivery",
        title="An action point",
        views=(ActionPointView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"owner": tuple(ActionOwner), "it belongs to": ("a delivery", "a strategy")},
        make=_action_point,
        reads=(_D.SHOW_ACTION_POINT,),
        acts=tuple(delivery.ACTION_POINT_MOVERS),
    ),
    Subject(
        service="delivery",
        title="A screening",
        views=(ScreeningView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        make=_screening,
        reads=(_D.SHOW_SCREENING,),
        acts=tuple(delivery.SCREENING_MOVERS),
    ),
    Subject(
        service="delivery",
        title="A follow-up",
        views=(FollowUpView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"it asks": tuple(Side)},
        make=_follow_up,
        reads=(_D.SHOW_FOLLOW_UP,),
        acts=tuple(delivery.FOLLOW_UP_MOVERS),
    ),
    Subject(
        service="delivery",
        title="An effect",
        views=(EffectView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"recorded by": (*Side, "UNODC"), "the caller recorded it": YES_OR_NO},
        make=_effect,
        reads=(EFFECTS.actions(EFFECTS.shows.name), EFFECTS.actions(EFFECTS.lists.name)),
        acts=tuple(EFFECTS.actions(one.name) for one in EFFECTS.moves),
    ),
    Subject(
        service="delivery",
        title="A strategy",
        views=(StrategyView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        make=_strategy,
        reads=(_D.SHOW_STRATEGY, _D.LIST_STRATEGIES, _D.LIST_ACTION_POINTS),
        acts=tuple(one for one in delivery.STRATEGY_MOVERS if one is not _D.DRAW_UP_STRATEGY),
    ),
    Subject(
        service="delivery",
        title="An expert",
        views=(ExpertView,),
        decide=delivery.decide,
        standings=_TO_DELIVERY,
        properties={"teaches": ("the State", "nobody"), "consented": YES_OR_NO},
        make=_expert,
        reads=(_D.SHOW_EXPERT, _D.LIST_EXPERTS),
        acts=tuple(delivery.EXPERT_MOVERS),
    ),
)
