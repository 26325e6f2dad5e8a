"""The cases of every policy: each service's records in every relevant state, for callers in every role."""

from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from contracts.consents import EVERYTHING, PROVIDERS, UNODC_UNITS, Consent, FieldSet
from contracts.facts import Fact
from contracts.joint_deliveries import JointDeliveryProposed
from contracts.mails import MailReceived
from contracts.matching import MatchSuggested, OfferingSubmitted
from contracts.packages import PackagePresented
from contracts.registry import decode_fact
from contracts.requests import RequestSubmitted
from contracts.rounds import RoundAsked
from contracts.translations import TranslatedBy
from services.documents import desk_cases, directory_cases, notification_cases, pledge_cases
from services.documents.examples import WHEN, example_event
from services.documents.permission_subjects import (
    AGREED,
    DONOR,
    NAMED,
    OTHER,
    PROVIDER,
    STATE,
    UNIT,
    UNODC,
    YES_OR_NO,
    Subject,
    of,
)
from services.matching import policy as matching
from services.matching.joint_deliveries import model as joint_delivery
from services.matching.joint_deliveries.views import JointDeliveryView
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches.evolve import evolve as evolve_match
from services.matching.matches.model import Match, MatchStatus
from services.matching.matches.views import MatchDetail
from services.matching.matches.why_not_api import WhyNot
from services.matching.offerings import model as offering
from services.matching.offerings.model import OfferingStatus
from services.matching.offerings.translation_store import OfferingTranslationView
from services.matching.offerings.views import OfferingView
from services.matching.packages.evolve import evolve as evolve_package
from services.matching.packages.model import Package, PackageStatus
from services.matching.packages.views import PackageView
from services.matching.rounds import model as round
from services.matching.rounds.views import RoundDetail
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
    """Created on first use: importing reads no files."""
    return decode_fact(example_event(kind))


# -- requests ---------------------------------------------------------------------------------------------------------

_TO_REQUEST = {
    "the State itself": of(STATE),
    "named by a consent": of(NAMED),
    "both sides accepted": of(AGREED),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}


_RECIPIENTS = {
    "no one": (),
    "an organization": (NAMED,),
    "units of UNODC": (UNODC_UNITS,),
    "every provider and donor": (PROVIDERS,),
}


def _consents(recipients: str, fields: str) -> tuple[Consent, ...]:
    """A consent in force."""
    given = EVERYTHING if fields == "everything" else (FieldSet.CODES, *(f for f in FieldSet if f == fields))
    whom = _RECIPIENTS[recipients]
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
        consents={consent.consent_id: consent for consent in _consents(recipients, fields)},
        read_at=WHEN,
        channel=FilingChannel.MEETING if filed_by == "UNODC" else None,
        received_on=WHEN.date() if filed_by == "UNODC" else None,
        matches={confirmed: (line_id, "confirmed"), revoked: (line_id, "revoked")},
        providers={confirmed: AGREED, revoked: OTHER},
    )


def _filing(submit: str) -> requests.Filing:
    return requests.Filing(STATE, submit == "yes")


_R = requests.Action
_FILINGS = (_R.FILE, _R.FILE_ON_BEHALF, _R.IMPORT, _R.CHECK, _R.READ_QUOTAS)
_OF_MAILS = (_R.LIST_MAILS, _R.SHOW_MAIL, _R.READ_MAIL_FILE, _R.FILE_MAIL, _R.DISCARD_MAIL)
_ANY_CALLER = {"another organization": of(OTHER), "UNODC": of(UNODC)}
_SHOWING = (_R.SHOW, _R.LIST, _R.FOLLOW, _R.READ_HISTORY, _R.READ_CLOCKS, _R.READ_TRANSLATIONS)
_OF_THE_DESK = (
    *(_R.LIST_WORK, _R.HAND_OVER, _R.SHOW_CALENDAR, _R.SET_CALENDAR),
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
    "consent to": tuple(_RECIPIENTS),
    "of": (*FieldSet, "everything"),
    "filed by": ("its State", "UNODC"),
}
_REQUESTS = (
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
        standings=_TO_REQUEST,
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
        standings=_TO_REQUEST,
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
        standings=_TO_REQUEST,
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
        standings=_TO_REQUEST,
        properties={"status": tuple(Status)},
        make=_scan,
        reads=(_R.READ_ATTACHMENTS,),
        acts=(_R.DETACH,),
    ),
)

# -- matching ---------------------------------------------------------------------------------------------------------

_M = matching.Action


def _line(status: str, circulation: str, recipients: str) -> WantedLine:
    submitted: RequestSubmitted = _example(RequestSubmitted)
    line = submitted.lines[0]
    values = msgspec.structs.asdict(line) | {
        "request_id": submitted.request_id,
        "state": STATE,
        "status": RequestStatus(status),
        "fulfilment": "none",
        "addressee": "any",
        "addressed_states": (),
        "visibility": "providers",
        "circulation": circulation,
        "restricted": False,
        "consents": _consents(recipients, "codes"),
        "waiting_since": WHEN,
        "priority": None,
    }
    return WantedLine(**{name: values[name] for name in WantedLine.__struct_fields__ if name in values})


def _offering(status: str) -> offering.Offering:
    submitted = offering.evolve(None, _example(OfferingSubmitted))
    return replace(submitted, provider=PROVIDER, status=OfferingStatus(status))


def _match(presented: str, interested: str, disclosed: str, agreed: str) -> Match:
    return replace(
        evolve_match(None, _example(MatchSuggested)),
        state=STATE,
        provider=PROVIDER,
        status=_match_status(presented, agreed),
        presented_at=WHEN if presented == "yes" else None,
        interested_at=WHEN if interested == "yes" else None,
        disclosed=disclosed == "yes",
        confirmed_at=WHEN if agreed == "yes" else None,
    )


def _joint_delivery(disclosed: str, agreed: str) -> joint_delivery.JointDelivery:
    proposed = joint_delivery.evolve(_example(JointDeliveryProposed))
    match = _match("yes", "no", disclosed, agreed)
    theirs = replace(match, match_id=proposed.members[0].match_id, joint_delivery_id=proposed.joint_delivery_id)
    others = replace(theirs, match_id=proposed.members[1].match_id, state=proposed.members[1].state)
    return replace(proposed, provider=PROVIDER, matches=(theirs, others))


def _match_status(presented: str, agreed: str) -> MatchStatus:
    if agreed == "yes":
        return MatchStatus.CONFIRMED
    return MatchStatus.PRESENTED if presented == "yes" else MatchStatus.SUGGESTED


def _package(disclosed: str, agreed: str) -> Package:
    return replace(
        evolve_package(None, _example(PackagePresented)),
        state=STATE,
        provider=PROVIDER,
        unit=UNIT,
        donor=DONOR,
        disclosed=disclosed == "yes",
        status=PackageStatus.CONFIRMED if agreed == "yes" else PackageStatus.PRESENTED,
        confirmed_at=WHEN if agreed == "yes" else None,
    )


def _round() -> round.Round:
    return round.evolve(None, _example(RoundAsked))


def _translated_offering(status: str, made_by: str) -> matching.Translated:
    return matching.Translated(_offering(status), TranslatedBy(made_by))


_OFFERING_READS = (_M.SHOW_OFFERING, _M.LIST_OFFERINGS, _M.FOLLOW)
_MATCH_READS = (_M.SHOW_MATCH, _M.LIST_MATCHES, _M.FOLLOW, _M.READ_CONTACT)
_TO_MATCH = {
    "the State itself": of(STATE),
    "the provider itself": of(PROVIDER),
    "another organization": of(OTHER),
    "UNODC": of(UNODC),
}
_TO_OFFERING = {"the provider itself": of(PROVIDER), "another organization": of(OTHER), "UNODC": of(UNODC)}
_MATCHING = (
    Subject(
        service="matching",
        title="Operations without a record",
        decide=matching.decide,
        standings=_ANY_CALLER,
        reads=(
            _M.LIST_OFFERINGS,
            _M.LIST_MATCHES,
            _M.LIST_JOINT_DELIVERIES,
            _M.LIST_ROUNDS,
            _M.LIST_PACKAGES,
            _M.FOLLOW,
            _M.OFFER,
            _M.PROPOSE,
            _M.WHY_NOT,
            _M.SUGGEST_TOPICS,
            _M.PREVIEW,
            _M.LIST_CHOICES,
            _M.LIST_RANKINGS,
            _M.LIST_COHORTS,
            _M.SIMILAR,
            _M.SHOW_TREATY_STATUS,
            _M.SHOW_WEIGHTS,
            _M.ASK_ROUND,
        ),
        acts=(
            _M.RECORD_TREATY_STATUS,
            _M.ADOPT_WEIGHTS,
            _M.OVERRIDE,
            _M.PRESENT_SEVERAL,
            _M.PROPOSE_JOINTLY,
            _M.PRESENT_PACKAGE,
        ),
    ),
    Subject(
        service="matching",
        title="An offering",
        views=(OfferingView,),
        guarded=(matching.Guarded.COMMENT,),
        decide=matching.decide,
        standings=_TO_OFFERING,
        properties={"status": tuple(OfferingStatus)},
        make=_offering,
        reads=_OFFERING_READS,
        acts=tuple(matching.OFFERERS),
    ),
    Subject(
        service="matching",
        title="A translation of an offering",
        views=(OfferingTranslationView,),
        decide=matching.decide,
        standings=_TO_OFFERING,
        properties={
            "status": tuple(OfferingStatus),
            "made by": tuple(one for one in TranslatedBy if one is not TranslatedBy.STATE),
        },
        make=_translated_offering,
        reads=(_M.SHOW_OFFERING,),
        acts=(_M.TRANSLATE,),
    ),
    Subject(
        service="matching",
        title="A new match, by line",
        decide=matching.decide,
        standings={name: make for name, make in _TO_REQUEST.items() if name != "both sides accepted"},
        properties={
            "status": tuple(RequestStatus),
            "circulation": tuple(Circulation),
            "consent to": tuple(_RECIPIENTS),
        },
        make=_line,
        reads=(_M.PROPOSE, _M.WHY_NOT),
    ),
    Subject(
        service="matching",
        title="Lines similar to a line",
        decide=matching.decide,
        standings={name: make for name, make in _TO_REQUEST.items() if name != "both sides accepted"},
        properties={
            "status": tuple(RequestStatus),
            "circulation": tuple(Circulation),
            "consent to": tuple(_RECIPIENTS),
        },
        make=_line,
        reads=(_M.SIMILAR,),
    ),
    Subject(
        service="matching",
        title="A new match, by offering",
        views=(WhyNot,),
        guarded=(matching.Guarded.OBSTACLES, matching.Guarded.PLACE, matching.Guarded.MATCH_ID),
        decide=matching.decide,
        standings=_TO_OFFERING,
        properties={"status": tuple(OfferingStatus)},
        make=_offering,
        reads=(_M.PROPOSE, _M.WHY_NOT),
    ),
    Subject(
        service="matching",
        title="A match",
        views=(MatchDetail,),
        guarded=(
            *(matching.Guarded.RANK, matching.Guarded.DEPARTS, matching.Guarded.DEPARTURE),
            matching.Guarded.JUDGEMENT,
            *(matching.Guarded.STATE_EVALUATION_COMMENT, matching.Guarded.PROVIDER_EVALUATION_COMMENT),
        ),
        decide=matching.decide,
        standings=_TO_MATCH,
        properties={
            "ever presented": YES_OR_NO,
            "begun by interest": YES_OR_NO,
            "a consent lets the provider know": YES_OR_NO,
            "both sides accepted": YES_OR_NO,
        },
        make=_match,
        reads=_MATCH_READS,
        acts=tuple(matching.MATCHERS),
    ),
    Subject(
        service="matching",
        title="A joint delivery",
        views=(JointDeliveryView,),
        guarded=(matching.Guarded.PEOPLE, matching.Guarded.MONEY_NEEDED, matching.Guarded.MONEY_UNCOVERED),
        decide=matching.decide,
        standings={
            "one of its States": of(STATE),
            "the provider itself": of(PROVIDER),
            "another organization": of(OTHER),
            "UNODC": of(UNODC),
        },
        properties={"a consent lets the provider know": YES_OR_NO, "both sides accepted": YES_OR_NO},
        make=_joint_delivery,
        reads=(*matching.JOINT_READS, _M.FOLLOW),
        acts=tuple(matching.JOINT_MOVERS),
    ),
    Subject(
        service="matching",
        title="A package",
        views=(PackageView,),
        decide=matching.decide,
        standings={**_TO_MATCH, "its unit of UNODC": of(UNIT), "its donor": of(DONOR)},
        properties={"a consent names the organization": YES_OR_NO, "all four agreed": YES_OR_NO},
        make=_package,
        reads=matching.PACKAGE_READS,
        acts=tuple(matching.PACKAGE_MOVERS),
    ),
    Subject(
        service="matching",
        title="An allocation round",
        views=(RoundDetail,),
        decide=matching.decide,
        standings=_ANY_CALLER,
        make=_round,
        reads=matching.ROUND_READS,
        acts=tuple(matching.ROUND_MOVERS),
    ),
)  # fmt: skip

SUBJECTS = (*directory_cases.SUBJECTS, *_REQUESTS, *_MATCHING, *pledge_cases.SUBJECTS, *notification_cases.SUBJECTS)
