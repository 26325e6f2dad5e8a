"""A reason for each move that requires one, in examples."""

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "MailDiscarded": "unsolicited_mail",
        "DiscardMail": "unsolicited_mail",
        "RequestReturned": "too_general",
        "RequestDeclined": "outside_scope",
        "RequestHeld": "awaiting_funding",
        "RequestReopened": "new_need",
        "OfferingReturned": "incomplete",
        "MatchDeclinedByState": "dates_unsuitable",
        "MatchDeclinedByProvider": "capacity_exhausted",
        "MatchNotPursued": "better_match_found",
        "MatchRevoked": "security_situation",
        "DeliverySuspended": "security_situation",
        "DeliveryTerminated": "security_situation",
        "DeliveryCompletionObjected": "delivery_goes_on",
        "ResultDisputed": "figures_differ",
        "ActionPointDropped": "no_longer_needed",
        "SessionCancelled": "dates_unsuitable",
        "EffectDeclined": "evidence_insufficient",
        "LegislationReturned": "evidence_insufficient",
        "ContributionReturned": "personal_data",
        "ExtensionDropped": "no_funding",
        "OutreachActivityCancelled": "dates_unsuitable",
        "MeetingCancelled": "dates_unsuitable",
        "PracticeReturned": "too_general",
        "PackageDeclined": "dates_unsuitable",
        "PackageWithdrawn": "no_funding",
        "PackageEnded": "match_ended",
        "PersonDisabled": "access_compromised",
        "PersonErasureProposed": "asked_by_person",
        "PersonErasureDeclined": "data_still_needed",
        "PersonErased": "asked_by_person",
        "WeightsAdopted": "calibrated",
        "AdoptWeights": "calibrated",
        "AppointmentRefused": "letter_not_authenticated",
        "AppointmentEnded": "new_duties",
        "ClientEnded": "no_longer_in_use",
    }
)
"""Maps facts and bodies to a reason that is valid for their move."""
