"""The cases of every policy: each service's records in every relevant state, for callers in every role."""

from chassis.http.parked_api import ParkedEvent
from contracts.parked import ParkedAction, decide_on_parked
from services.documents import (
    delivery_cases,
    directory_cases,
    matching_cases,
    notification_cases,
    pledge_cases,
    report_cases,
    request_cases,
    sherloc_cases,
)
from services.documents.permission_subjects import OTHER, UNODC, Subject, of

PARKED = tuple(
    Subject(
        service=service,
        title="Events that could not be applied",
        decide=decide_on_parked,
        standings={"another organization": of(OTHER), "UNODC": of(UNODC)},
        reads=tuple(ParkedAction),
        views=(ParkedEvent,),
    )
    for service in ("requests", "matching", "pledges", "delivery", "sherloc", "notifications", "reports")
)
SUBJECTS = (
    *directory_cases.SUBJECTS,
    *request_cases.SUBJECTS,
    *matching_cases.SUBJECTS,
    *pledge_cases.SUBJECTS,
    *delivery_cases.SUBJECTS,
    *sherloc_cases.SUBJECTS,
    *notification_cases.SUBJECTS,
    *report_cases.SUBJECTS,
    *PARKED,
)
