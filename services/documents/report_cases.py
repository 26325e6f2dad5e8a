"""The cases of the reports' policy, as in `permission_cases`."""

from services.documents.permission_subjects import OTHER, STATE, UNODC, Subject, of
from services.reports.figures.views import FigureView
from services.reports.policy import Action, Scope, decide

SCOPES = {"a State": STATE, "all": None}

SUBJECTS = (
    Subject(
        service="reports",
        title="Figures",
        decide=decide,
        standings={"the State": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"records of": tuple(SCOPES)},
        make=lambda of_whom: Scope(SCOPES[of_whom]),
        reads=(Action.SHOW_FIGURE,),
        views=(FigureView,),
    ),
)
