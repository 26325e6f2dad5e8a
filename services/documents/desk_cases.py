"""The cases of the policy on saved views and on observations of the review, as in `permission_cases`."""

from functools import partial
from uuid import UUID

from contracts.values import Language
from services.documents.examples import WHEN
from services.documents.permission_subjects import (
    OTHER,
    OTHER_PERSON,
    PERSON,
    STATE,
    UNODC,
    YES_OR_NO,
    Subject,
    of,
    of_person,
)
from services.requests import policy as requests
from services.requests.observation.api import ObservationView
from services.requests.observation.model import Observation
from services.requests.work.query import WorkQuery
from services.requests.work.saved_views import SavedView
from services.requests.work.view_api import ViewView

_R = requests.Action


def _saved_view(shared: str) -> SavedView:
    return SavedView(
        view_id=UUID(int=6),
        person_id=PERSON,
        organization=STATE,
        name="",
        shared=shared == "yes",
        query=WorkQuery(),
        created_at=WHEN,
        revision=1,
    )


def _observation() -> Observation:
    return Observation(
        observation_id=UUID(int=7),
        state=STATE,
        article="UNTOC:18",
        cluster=None,
        language=Language.EN,
        text="",
        entered_at=WHEN,
        revision=1,
    )


SUBJECTS = (
    Subject(
        service="requests",
        title="A saved view of the list of work",
        views=(ViewView,),
        decide=requests.decide,
        standings={
            "its owner": partial(of_person, PERSON, STATE),
            "its owner, acting for another organization": partial(of_person, PERSON, OTHER),
            "another person of the same organization": partial(of_person, OTHER_PERSON, STATE),
            "any other person": partial(of_person, OTHER_PERSON, OTHER),
        },
        properties={"shared": YES_OR_NO},
        make=_saved_view,
        reads=(_R.LIST_VIEWS, _R.SHOW_VIEW),
        acts=(_R.REVISE_VIEW, _R.REMOVE_VIEW),
    ),
    Subject(
        service="requests",
        title="An observation of the review",
        views=(ObservationView,),
        decide=requests.decide,
        standings={"the State itself": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        make=_observation,
        reads=(_R.LIST_OBSERVATIONS, _R.SHOW_OBSERVATION),
        acts=(_R.REVISE_OBSERVATION, _R.REMOVE_OBSERVATION),
    ),
)
