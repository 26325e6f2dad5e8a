"""The cases of every policy: each service's records in every relevant state, for callers in every role."""

from services.documents import (
    delivery_cases,
    directory_cases,
    matching_cases,
    notification_cases,
    pledge_cases,
    request_cases,
)

SUBJECTS = (
    *directory_cases.SUBJECTS,
    *request_cases.SUBJECTS,
    *matching_cases.SUBJECTS,
    *pledge_cases.SUBJECTS,
    *delivery_cases.SUBJECTS,
    *notification_cases.SUBJECTS,
)
