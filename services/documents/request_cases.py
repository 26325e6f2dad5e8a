"""The cases of the requests service's policy, as in `permission_cases`."""

from functools import cache
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from contracts.consents import EVERYTHING, PROVIDERS, UNODC_UNITS, Consent, FieldSet
from contracts.facts import Fact
from contracts.mails import MailReceived
from contracts.registry import decode_fact
from contracts.requests import RequestSubmitted
from contracts.translations import TranslatedBy
from services.documents import desk_cases
from services.documents.examples import WHEN, example_event
from services.documents.permission_subjects import (
    AGREED,
    NAMED,
    OTHER,
    STATE,
    UNODC,
    YES_OR_NO,
    Subject,
    of,
)
from services.requests import policy as requests
from services.requests.attachment.store import AttachmentView
from services.requests.mail import model as mail_model
from services.requests.mail.api import MailView
from services.requests.mail.model import Mail, MailStatus
from services.requests.mail.store import FileView, MailSummary
from services.requests.request import evolve as requests_evolve
from services.requests.request import model as requests_domain
from services.requests.request.api import HistoryEntry
from services.requests.request.store import Summary
from services.requests.request.values import Circulation, FilingChannel, Status
from services.requests.request.views import LineView, RequestView
from services.requests.translation.visible_store import TranslatedLineView, TranslationView


@cache
def _example(kind: type[Fact]) -> Any:
    """Return the example of a fact, created on first use, because importing reads no files."""
    return decode_fact(example_event(kind))


# -- requests ---------------------------------------------------------------------------------------------------------

TO_REQUEST = {
    "the State itself": of(STATE),
    "named by a consent": of(NAMED),
    "both sides accepted": of(AGREED),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}


RECIPIENTS = {
    "no one": (),
    "an organization": (NAMED,),
    "units of UNODC": (UNODC_UNITS,),
    "every provider and donor": (PROVIDERS,),
}


def consents(recipients: str, fields: str) -> tuple[Consent, ...]:
    """Return one consent in force; empty without recipients."""
    given = EVERYTHING if fields == "everything" else (FieldSet.CODES, *(f for f in FieldSet if f == fields))
    whom = RECIPIENTS[recipients]
    return (Consent(consent_id=UUID(int=5), recipients=whom, fields=given, given_at=WHEN),) if whom else ()


def _request(
    status: str, circulation: str, recipients: str, fields: str, filed_by: str = "its State"
) -> requests_domain.Request:
    submitted: RequestSubmitted = _example(RequestSubmitted)
    confirmed, revoked, line_id = UUID(int=3), UUID(int=4), submitted.lines[0].line_id
    return replace(
        requests_evolve.evolve(None, submitted),
        state=STATE,
        status=Status(status),
        submitted_at=None if status == Status.DRAFT else WHEN,
        circulation=Circulation(circulation),
        consents={consent.consent_id: consent for consent in consents(recipients, fields)},
        read_at=WHEN,
        channel=FilingChannel.MEETING if filed_by == "UNODC" else None,
        received_on=WHEN.date() if filed_by == "UNODC" else None,
        matches={confirmed: (line_id, "confirmed"), revoked: (line_id, "revoked")},
        providers={confirmed: AGREED, revoked: OTHER},
        agreed_at={confirmed: WHEN, revoked: WHEN},
    )


def _filing(submit: str) -> requests.Filing:
    return requests.Filing(STATE, submit == "yes")


_R = requests.Action
_FILINGS = (_R.FILE, _R.FILE_ON_BEHALF, _R.IMPORT, _R.CHECK, _R.READ_QUOTAS)
_OF_MAILS = (_R.LIST_MAILS, _R.SHOW_MAIL, _R.READ_MAIL_FILE, _R.FILE_MAIL, _R.DISCARD_MAIL)
_ANY_CALLER = {"another organization": of(OTHER), "UNODC": of(UNODC)}
_SHOWING = (_R.SHOW, _R.LIST, _R.FOLLOW, _R.READ_HISTORY, _R.SHOW_CLOSING, _R.READ_CLOCKS, _R.READ_TRANSLATIONS)
_OF_THE_DESK = (
    *(_R.COUNT, _R.LIST_WORK, _R.HAND_OVER, _R.SHOW_CALENDAR, _R.SET_CALENDAR),
    *(_R.SHOW_CRITERIA, _R.PUBLISH_CRITERIA),
    *(_R.LIST_VIEWS, _R.SAVE_VIEW, _R.LIST_OBSERVATIONS, _R.ENTER_OBSERVATION),
)
_OWNED = (
    *(_R.LIST_VIEWS, _R.SHOW_VIEW, _R.REVISE_VIEW, _R.REMOVE_VIEW),
    *(_R.LIST_OBSERVATIONS, _R.SHOW_OBSERVATION, _R.REVISE_OBSERVATION, _R.REMOVE_OBSERVATION),
)


def _scan(status: str) -> requests.Scan:
    return requests.Scan(_request(status, Circulation.GRANTED, "every provider and donor", "everything"))


def _translated(status: str, made_by: str) -> requests.Translated:
    request = _request(status, Circulation.GRANTED, "every provider and donor", "everything")
    return requests.Translated(request, TranslatedBy(made_by))


def _mail(status: str) -> Mail:
    return replace(mail_model.evolve(None, _example(MailReceived)), organization=STATE, status=MailStatus(status))


_OF_ATTACHMENTS = (_R.READ_ATTACHMENTS, _R.DETACH)
_CIRCUMSTANCES = {
    "status": tuple(Status),
    "circulation": tuple(Circulation),
    "consent to": tuple(RECIPIENTS),
    "of": (*FieldSet, "everything"),
    "filed by": ("its State", "UNODC"),
}
SUBJECTS = (
    Subject(
        service="requests",
        title="Operations without a record",
        decide=requests.decide,
        standings=_ANY_CALLER,
        reads=(
            *(_R.LIST, _R.FOLLOW, _R.CHECK, _R.IMPORT, _R.READ_QUOTAS, _R.FILE_ON_BEHALF, _R.LIST_MAILS),
            *_OF_THE_DESK,
        ),
    ),
    Subject(
        service="requests",
        title="A new request",
        decide=requests.decide,
        standings={"the State it is for": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"submitted at once": YES_OR_NO},
        make=_filing,
        reads=(_R.FILE,),
    ),
    Subject(
        service="requests",
        title="A request",
        views=(
            RequestView,
            LineView,
            Summary,
            HistoryEntry,
        ),
        guarded=(*requests.Guarded, "title", "need", "in_place", "measures", "markers_justification", "advice"),
        decide=requests.decide,
        standings=TO_REQUEST,
        properties=_CIRCUMSTANCES,
        make=_request,
        reads=_SHOWING,
        acts=tuple(
            action
            for action in _R
            if action not in _FILINGS + _SHOWING + _OF_ATTACHMENTS + _OF_MAILS + _OF_THE_DESK + _OWNED
        ),
    ),
    Subject(
        service="requests",
        title="A translation of a request",
        views=(TranslationView, TranslatedLineView),
        guarded=("title", "need", "institution_name", "outcome", "in_place", "markers_justification"),
        decide=requests.decide,
        standings=TO_REQUEST,
        properties={
            "status": tuple(Status),
            "made by": tuple(one for one in TranslatedBy if one is not TranslatedBy.PROVIDER),
        },
        make=_translated,
        reads=(_R.READ_TRANSLATIONS,),
        acts=(_R.TRANSLATE,),
    ),
    Subject(
        service="requests",
        title="An attachment of a request",
        views=(AttachmentView,),
        decide=requests.decide,
        standings=TO_REQUEST,
        properties=_CIRCUMSTANCES,
        make=_request,
        reads=(_R.READ_ATTACHMENTS,),
        acts=(_R.DETACH,),
    ),
    *desk_cases.SUBJECTS,
    Subject(
        service="requests",
        title="A mail that came in",
        views=(MailView, MailSummary, FileView),
        decide=requests.decide,
        standings={"its sender's organization": of(STATE), "another organization": of(OTHER), "UNODC": of(UNODC)},
        properties={"status": tuple(MailStatus)},
        make=_mail,
        reads=(_R.SHOW_MAIL,),
        acts=(_R.READ_MAIL_FILE, _R.FILE_MAIL, _R.DISCARD_MAIL),
    ),
    Subject(
        service="requests",
        title="The scan of a note verbale",
        decide=requests.decide,
        standings=TO_REQUEST,
        properties={"status": tuple(Status)},
        make=_scan,
        reads=(_R.READ_ATTACHMENTS,),
        acts=(_R.DETACH,),
    ),
)
