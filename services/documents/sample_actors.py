"""The author of each fact's example, and the first fact of each aggregate."""

from collections.abc import Mapping
from types import MappingProxyType

ACTORS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "KEN:focal_point": frozenset(
            {"RequestDrafted", "RequestRevised", "RequestSubmitted", "RequestWithdrawn", "RequestDelivered"}
            | {"PublicSummaryApproved", "PublicSummaryUnpublished"}
            | {"CirculationDecided", "ConsentGiven", "ConsentWithdrawn", "MatchAccepted", "DeliveryCompleted"}
            | {"DeliveryCompletionObjected"}
            | {"FileAdded", "FileRemoved", "MessageSent", "MessageWithdrawn", "DeliveryPrivateTopicOpened"}
            | {"DeliveryContactsNamed", "DeliveryAgreementWaived", "DeliveryAgreed"}
            | {"AgreementProposed", "AgreementSigned", "AmendmentDropped"}
            | {"SessionRescheduled", "SessionParticipantsReported", "ResultConfirmed", "ResultDisputed"}
            | {"ActionPointDone", "ActionPointDropped"}
            | {"FollowUpScheduled", "FollowUpAnswered", "EffectRecorded", "EffectWithdrawn"}
            | {"StrategyDrawnUp", "StrategyRevised", "StrategyConcluded", "StrategyReopened"}
            | {"ContributionDrafted", "ContributionRevised", "ContributionSubmitted", "ContributionWithdrawn"}
            | {"LegislationRecorded", "LegislationRevised", "LegislationSubmitted", "LegislationConfirmedUnchanged"}
            | {"ExtensionVotedFor", "ExtensionVoteWithdrawn"}
            | {"ReviewProgressRecorded", "ReviewProgressRevised", "ReviewProgressConsented"}
            | {"ReviewProgressConsentWithdrawn", "ReviewProgressWithdrawn", "MeetingSignedUp", "MeetingSignUpWithdrawn"}
            | {"LegislationCheckAnswered", "LegislationProposalAccepted", "LegislationProposalDropped"}
            | {"PracticeRecorded", "PracticeRevised", "PracticeSubmitted", "PracticeWithdrawn"}
            | {"PracticeUseAdded", "PracticeUseRemoved"}
            | {"MatchConfirmed", "MatchEvaluated", "MatchDeclinedByState", "AttachmentAdded", "AttachmentRemoved"}
            | {
                "SubscriptionRegistered",
                "SubscriptionPaused",
                "SubscriptionResumed",
                "NotificationRead",
                "WebhookRegistered",
                "WebhookRotated",
                "WebhookEnabled",
            }
            | {"WebhookRemoved", "ClientRegistered", "ClientRotated", "ClientEnded"}
        ),
        "UNODC:coordinator": frozenset(
            {
                "RequestFiledOnBehalf",
                "MailFiled",
                "MailDiscarded",
                "RequestRegistered",
                "RequestReturned",
                "RequestDeclined",
                "RequestOpened",
                "RequestHeld",
            }
            | {"RequestAssigned", "ClockStarted", "ClockStopped", "ClockPaused", "ClockResumed", "HolidaysSet"}
            | {"CriteriaPublished", "RequestAssessed"}
            | {"RequestResumed", "RequestReopened", "RequestClosed", "OfferingApproved", "OfferingReturned"}
            | {"OfferingSuspended", "OfferingResumed", "MatchNominated", "MatchShortlisted", "MatchPresented"}
            | {"JointDeliveryProposed", "ActionPointAdded", "ActionPointRevised", "ActionPointVerified"}
            | {"ActionPointReopened", "ScreeningReopened", "EffectVerified", "EffectDeclined"}
            | {"ContributionMarksCleared", "ContributionReturned", "ContributionAccepted", "ContributionPublished"}
            | {"ContributionSuperseded", "ContributionExportMade", "ContributionExportConfirmed"}
            | {"LegislationReviewBegun", "LegislationReturned", "LegislationPublished", "LegislationVerified"}
            | {"ExtensionProposed", "ExtensionRevised", "ExtensionPlanned", "ExtensionBegun", "ExtensionReleased"}
            | {"ExtensionDropped", "ExtensionNoted"}
            | {"OutreachActivityPlanned", "OutreachActivityRevised", "OutreachActivityHeld"}
            | {"OutreachActivityCancelled", "MeetingPlanned", "MeetingRevised", "MeetingInvited", "MeetingHeld"}
            | {"MeetingCancelled", "MeetingLessonRemoved"}
            | {"LegislationMarkedOutdated", "PracticeReturned", "PracticeCatalogued"}
            | {"TranslationAdded", "TranslationReplaced", "TranslationWithdrawn", "PublicSummaryTranslationRemoved"}
            | {"PublicSummaryDrafted", "PublicSummaryRevised", "PublicSummaryTranslated"}
            | {"ReportDrafted", "ReportRevised", "ReportIssued", "ReportSuperseded"}
            | {
                "PackagePresented",
                "PackageWithdrawn",
                "MatchNotPursued",
                "DeliveryTerminated",
                "ConsentRecorded",
                "TreatyStatusRecorded",
                "WeightsAdopted",
            }
        ),
        "UNODC-SHERLOC:provider_officer": frozenset(
            {"OfferingTranslationAdded", "OfferingTranslationReplaced", "OfferingTranslationWithdrawn"}
            | {"OfferingDrafted", "OfferingRevised", "OfferingSubmitted", "OfferingReconfirmed", "OfferingWithdrawn"}
            | {"OfferingContactNamed", "OfferingContactRemoved", "OfferingPublished", "OfferingUnpublished"}
            | {"MatchInterested", "MatchProviderConfirmed", "MatchDeclinedByProvider"}
            | {"DeliveryBegun", "DeliverySuspended", "DeliveryResumed"}
            | {"DeliveryCompletionProposed", "DeliveryCompletionWithdrawn"}
            | {"SessionPlanned", "SessionRevised", "SessionCancelled", "SessionHeld"}
            | {"ExpertListed", "ExpertRevised", "ExpertConsented", "ExpertWithdrawn", "ResultReported"}
            | {"ScreeningAnswered", "ScreeningCompleted"}
            | {"AlertCreated", "AlertRevised", "AlertPaused", "AlertResumed", "AlertRemoved"}
        ),
        "UNODC:administrator": frozenset(
            {"OrganizationRegistered", "PersonEntered", "PersonIdentified", "PersonDisabled", "PersonEnabled"}
            | {"PersonSubjectsProposed", "PersonSubjectsDeclined"}
            | {"PersonErasureProposed", "PersonErasureDeclined", "PersonErased"}
            | {"AppointmentProposed", "AppointmentMade", "AppointmentRefused", "AppointmentWithdrawn"}
            | {"AppointmentEnded"}
        ),
        "NOR:donor_officer": frozenset(
            {"PledgePledged", "PledgeReworded", "PledgeWithdrawn", "PackageAgreed", "PackageDeclined"}
            | {"InKindContributionDeclared", "InKindContributionReworded", "InKindContributionWithdrawn"}
        ),
        "UNODC:finance_officer": frozenset(
            {"FundOpened", "FundRequirementRevised", "RatesLoaded", "PledgeCommitted", "PledgeConditionMet"}
            | {"FundGenderMarkerStated", "PledgeReceived", "PledgeReduced"}
            | {"PledgeLapsed", "PledgeCarriedOver", "PledgeBroughtForward", "PledgeClosed", "AllocationMade"}
            | {"AllocationSpent", "ProposalMade", "ProposalApproved", "ProposalRefused", "PeriodClosed"}
            | {"ImportRecorded", "InKindContributionAcknowledged", "InKindContributionStruck"}
            | {"ActivityPlanned", "ActivityRevised", "ActivityCompleted", "ActivityCancelled"}
        ),
    }
)
"""Maps an author to facts; facts not listed here are caused by other facts and have no author."""

FIRST: frozenset[str] = frozenset(
    {
        "RequestDrafted",
        "RequestFiledOnBehalf",
        "AttachmentAdded",
        "MailReceived",
        "MailReplyReceived",
        "OfferingDrafted",
        "LineRanked",
        "MatchSuggested",
        "MatchNominated",
        "MatchInterested",
        "JointDeliveryProposed",
        "FundOpened",
    }
    | {"RatesLoaded", "PledgePledged", "RequirementOpened", "AllocationMade", "SubscriptionRegistered"}
    | {"ProposalMade", "PeriodClosed"}
    | {"NotificationOwed", "WebhookRegistered", "OrganizationRegistered", "PersonEntered", "AppointmentProposed"}
    | {"ClockStarted", "HolidaysSet", "CriteriaPublished"}
    | {"ClientRegistered", "TreatyStatusRecorded", "WeightsAdopted", "ImportRecorded"}
    | {"InKindContributionDeclared", "ActivityPlanned", "TranslationAdded", "OfferingTranslationAdded"}
    | {"PublicSummaryDrafted", "PackagePresented"}
    | {"AlertCreated", "HitRecorded", "DigestIssued", "DeliveryOpened", "FileAdded", "MessageSent", "AgreementProposed"}
    | {"SessionPlanned", "ExpertListed", "ResultReported", "ActionPointAdded", "ScreeningAnswered"}
    | {"FollowUpScheduled", "EffectRecorded", "StrategyDrawnUp"}
    | {"FollowUpScheduled", "EffectRecorded", "ReportDrafted"}
    | {"ContributionDrafted", "ContributionExportMade"}
    | {"LegislationRecorded", "ExtensionProposed", "OutreachActivityPlanned"}
    | {"ReviewProgressRecorded", "MeetingPlanned"}
    | {"LegislationRecorded", "LegislationCheckAsked", "LegislationProposalMade"}
    | {"LegislationRecorded", "PracticeRecorded"}
)
"""The facts that can be the first of an aggregate."""
