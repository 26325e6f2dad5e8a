"""Facts that notify no one, each with the reason."""

from collections.abc import Mapping

from contracts import action_points as ap
from contracts import activities as a
from contracts import agreements as ag
from contracts import alerts as al
from contracts import attachments as at
from contracts import clocks as c
from contracts import contributions as co
from contracts import criteria as cr
from contracts import deliveries as dl
from contracts import directory as d
from contracts import effects as ef
from contracts import experts as ex
from contracts import extensions as xt
from contracts import files as fl
from contracts import follow_ups as fu
from contracts import funds as f
from contracts import joint_deliveries, mails, rankings, rounds, treaties
from contracts import ledger as g
from contracts import legislation as lg
from contracts import legislation_checks as lc
from contracts import legislation_proposals as lp
from contracts import matching as m
from contracts import meetings as mt
from contracts import messages as ms
from contracts import notifications as n
from contracts import offerings as o
from contracts import outreach as ou
from contracts import pledge_reversals as pr
from contracts import pledges as p
from contracts import practices as pc
from contracts import reports as rp
from contracts import requests as r
from contracts import review_progress as vp
from contracts import rewording as w
from contracts import screenings as sc
from contracts import sessions as ss
from contracts import strategies as sg
from contracts import summaries as s
from contracts import translations as t
from contracts import weights as we
from contracts.facts import Fact
from services.notifications.notices.audience import NOTICES

_OWN_STEP = "a coordinator prepares the match, which the State and the provider may not see yet"
_LOOP = "notifications of notifications would never end"
_BY_OWNER = "by its owner"

NOT_NOTIFIED: Mapping[type[Fact], str] = {
    r.RequestDrafted: "a draft is visible only to the State",
    r.RequestRevised: "a draft or returned request is revised; its submission is notified",
    r.RequestStarted: "the match that began is notified",
    r.DeliveryEvaluated: "the evaluation of the match is notified",
    cr.CriteriaPublished: "they can be read",
    cr.RequestAssessed: "a step of triage; its result is notified",
    r.RequestAssigned: "the list of work shows it",
    **dict.fromkeys(
        (c.ClockStarted, c.ClockPaused, c.ClockResumed, c.ClockStopped),
        "the fact that caused it is notified; the list of work shows the clock",
    ),
    c.HolidaysSet: "it can be read",
    r.LineFulfilmentChanged: "the change of the match is notified",
    **dict.fromkeys(
        (kind for kind in s.FACTS if kind is not s.PublicSummaryDrafted),
        "the State was notified of the draft; the summary can be read with the request",
    ),
    **dict.fromkeys(t.FACTS, "readers see the translation beside its source"),
    at.AttachmentAdded: "it is part of the request, whose submission is notified",
    at.AttachmentCleared: "readers of the request see the file",
    mails.MailFileScanned: "readers of the mail see the file",
    mails.MailFiled: "the draft that it was filed as is notified",
    mails.MailDiscarded: "by a coordinator; no action is needed",
    at.AttachmentRemoved: "by the State itself; no action is needed",
    m.OfferingDrafted: "a draft is visible only to the provider",
    m.OfferingRevised: "it needs approval again; its submission is notified",
    m.OfferingReconfirmed: "by the provider itself; nothing changes for others",
    o.OfferingContactNamed: "the sides of a match read it when they need it",
    o.OfferingContactRemoved: "the sides of a match read it when they need it",
    o.OfferingPublished: "by the provider itself; everybody can read it",
    o.OfferingUnpublished: "by the provider itself",
    rankings.LineRanked: "the submission is notified; its suggestions can be read with it",
    m.MatchNominated: _OWN_STEP,
    m.MatchRescored: "it was suggested before; no action is needed",
    m.MatchShortlisted: _OWN_STEP,
    we.WeightsAdopted: "existing scores do not change; the weights can be read",
    treaties.TreatyStatusRecorded: "the matches suggested or expired by it are notified",
    **dict.fromkeys(
        rounds.FACTS,
        "only coordinators use rounds; the matches that an adopted plan presents are notified",
    ),
    **dict.fromkeys(fl.FACTS, "the message that it goes with is notified; both sides see the files with the delivery"),
    ms.MessageWithdrawn: "by its author; what it said is gone",
    dl.DeliveryOpened: "the confirmation of the match is notified",
    **dict.fromkeys(
        (dl.DeliveryBegun, dl.DeliveryCompleted, dl.DeliveryTerminated),
        "the match that began, was completed or was revoked by it is notified",
    ),
    ag.AgreementEnded: "the end of its delivery is notified",
    **dict.fromkeys(ex.FACTS, "by the provider itself; its roster can be read"),
    ap.ActionPointVerified: "no action is needed any more; it can be read",
    **dict.fromkeys((sc.ScreeningAnswered, sc.ScreeningReopened), "its completion is notified; it can be read"),
    ss.SessionRevised: "its days are the same; the rest can be read",
    **dict.fromkeys(
        (ss.SessionHeld, ss.SessionParticipantsReported), "both sides were there; what is reported can be read"
    ),
    **dict.fromkeys(rp.FACTS, "reports are read when they are needed; the list shows the valid one"),
    ef.EffectWithdrawn: "by the side that recorded it; what it said is gone",
    **dict.fromkeys(sg.FACTS, "the State and UNODC read it with the request; its milestones are notified"),
    **dict.fromkeys(
        (lg.LegislationRecorded, lg.LegislationRevised, lg.LegislationConfirmedUnchanged),
        "the State did it; coordinators read it in the register",
    ),
    **dict.fromkeys(
        (kind for kind in xt.FACTS if kind not in xt.PHASE_CHANGES),
        "every appointment reads it in the list of extensions",
    ),
    **dict.fromkeys(ou.FACTS, "every appointment reads it in the outreach plan"),
    **dict.fromkeys(vp.FACTS, "the State did it; others read in the table what it agreed to show"),
    mt.MeetingPlanned: "the States that are invited are notified",
    **dict.fromkeys(
        (mt.MeetingSignedUp, mt.MeetingSignUpWithdrawn), "coordinators read how many come with the meeting"
    ),
    mt.MeetingHeld: "those who were there know; what was learnt is read with the meeting",
    mt.MeetingLessonRemoved: "nothing says whose it was",
    **dict.fromkeys(
        (pc.PracticeRecorded, pc.PracticeRevised, pc.PracticeWithdrawn), "the author did it; nobody else waits for it"
    ),
    **dict.fromkeys((pc.PracticeUseAdded, pc.PracticeUseRemoved), "can be read in the catalogue"),
    lg.LegislationReviewBegun: "the State is notified of what comes of it",
    **dict.fromkeys(
        (co.ContributionDrafted, co.ContributionRevised, co.ContributionWithdrawn),
        "the State did it; coordinators read it in the list",
    ),
    co.ContributionMarksCleared: "the State and coordinators read it in the contribution",
    co.ContributionExportMade: "the portal's side made it",
    co.ContributionExportConfirmed: "the portal's side did it; coordinators read it in the list of batches",
    **dict.fromkeys(
        (lp.LegislationProposalAccepted, lp.LegislationProposalDropped),
        "the State did it; coordinators read it in the register",
    ),
    lc.LegislationCheckAnswered: "the State did it; coordinators read it in the register",
    fu.FollowUpScheduled: "its side is asked when it is due",
    fu.FollowUpAnswered: "both sides and coordinators read it with the delivery",
    fu.FollowUpLapsed: "the side was asked and reminded",
    joint_deliveries.JointDeliveryProposed: "each State and the provider are notified of their match",
    f.FundOpened: "it concerns no other party before the first pledge",
    f.FundRequirementRevised: "the requirement and its gap can be read",
    f.FundGenderMarkerStated: "it can be read with the fund, and in its IATI file",
    a.ActivityPlanned: "the allocation for it is notified",
    a.ActivityRevised: "the activity can be read",
    w.PledgeReworded: "no money has moved; the new text can be read",
    w.InKindContributionReworded: "no money has moved; the new text can be read",
    p.RatesLoaded: "rates are read when they are needed",
    p.PledgeBroughtForward: "the other half of a carry-over, which is notified",
    pr.PledgeBroughtForwardReversed: "the other half of a reversed carry-over, which is notified",
    p.AllocationReversed: "a correction in the ledger; the fund's balance can be read",
    p.AllocationSpent: "statements list it",
    p.AllocationSpendingReversed: "a correction in the ledger",
    g.ProposalApproved: "its effect is notified",
    g.ProposalRefused: "nothing happens; the proposal can be read",
    g.PeriodClosed: "closed years can be read",
    g.PeriodReopened: "by two people who know of it",
    p.ImportRecorded: "the response reports it, and no money has moved",
    **dict.fromkeys(
        (kind for kind in d.FACTS if kind not in NOTICES),
        "records of the directory can be read; the appointing person informs them",
    ),
    n.SubscriptionRegistered: "the response reports it",
    n.SubscriptionPaused: _BY_OWNER,
    n.SubscriptionResumed: _BY_OWNER,
    n.SubscriptionEnded: "its person has no notifications any more",
    n.NotificationOwed: _LOOP,
    n.NotificationDelivered: _LOOP,
    n.NotificationDeferred: _LOOP,
    n.NotificationRefused: _LOOP,
    n.NotificationExpired: _LOOP,
    n.NotificationRead: _LOOP,
    n.WebhookRegistered: _BY_OWNER,
    n.WebhookRotated: _BY_OWNER,
    n.WebhookEnabled: _BY_OWNER,
    n.WebhookRemoved: _BY_OWNER,
    al.AlertCreated: _BY_OWNER,
    al.AlertRevised: _BY_OWNER,
    al.AlertPaused: _BY_OWNER,
    al.AlertResumed: _BY_OWNER,
    al.AlertRemoved: _BY_OWNER,
}
