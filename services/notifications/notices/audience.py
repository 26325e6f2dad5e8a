"""The recipients of each fact: a pure table from kinds of facts to notices and their recipients.

No one is notified of a record that they may not read. Only coordinators are notified of a match before it is presented,
and of its end only those notified before; donors are notified of their fund, not of the request it helps. Coordinators
are notified only of facts that require them to act and of what has ended: the rest can be read at the desk.
"""

from collections.abc import Iterator, Mapping

from contracts import action_points as ap
from contracts import activities as a
from contracts import agreements as ag
from contracts import alerts as al
from contracts import attachments as at
from contracts import clocks as c
from contracts import deliveries as dl
from contracts import directory as d
from contracts import earmarks, mails, reminders
from contracts import effects as ef
from contracts import follow_ups as fu
from contracts import in_kind as k
from contracts import ledger as g
from contracts import matching as m
from contracts import messages as ms
from contracts import notifications as n
from contracts import offerings as o
from contracts import packages as pk
from contracts import pledge_reversals as pr
from contracts import pledges as p
from contracts import requests as r
from contracts import results as rs
from contracts import screenings as sc
from contracts import sessions as ss
from contracts import summaries as s
from contracts.facts import Fact
from contracts.values import Role, is_unodc
from services.notifications.notices.notice import Notice, Relation, notice_of
from services.notifications.notices.sherloc_audience import SHERLOC_NOTICES

STATE, STATES, PROVIDER = Relation.STATE, Relation.STATES, Relation.PROVIDER
FOCAL_POINTS = Relation.FOCAL_POINTS
DONOR, UNIT, FUND_DONORS = Relation.DONOR, Relation.UNIT, Relation.FUND_DONORS
ADMINISTRATORS = Relation.ADMINISTRATORS
COORDINATORS, FINANCE, PERSON = Relation.COORDINATORS, Relation.FINANCE, Relation.PERSON
RESPONSIBLE, HEADS, LAST, OTHER = Relation.RESPONSIBLE, Relation.HEADS, Relation.LAST, Relation.OTHER_SIDE
CONTACTS = Relation.CONTACTS
REQUEST_ID = "request_id"
JOINT_DELIVERY_ID = "joint_delivery_id"
REQUEST, MATCH, OFFERING = "/v1/requests/{request_id}", "/v1/matches/{match_id}", "/v1/offerings/{offering_id}"
PLEDGE, FUND = "/v1/pledges/{pledge_id}", "/v1/funds/{fund}"
ACTIVITY = "/v1/activities/{activity_id}"
DELIVERY = "/v1/deliveries/{delivery_id}"
EFFECT = "/v1/effects/{effect_id}"
STRATEGY = "/v1/strategies/{strategy_id}"
PERSON_PAGE = "/v1/people/{person_id}"
MAIL = "/v1/intake/mails/{mail_id}"
PROPOSAL = "/v1/proposals/{proposal_id}"
IN_KIND = "/v1/in-kind-contributions/{in_kind_contribution_id}"


def _of_request(kind: type[Fact], *to: Relation, unless_caused: bool = False) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link=REQUEST, unless_caused=unless_caused),)


def _of_clock(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (
        notice_of(kind, *to, link=MATCH, while_circulating=True, if_set="match_id"),
        notice_of(kind, *to, link=REQUEST, while_circulating=True, unless_set="match_id"),
    )


def _of_offering(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link=OFFERING, reference="provider"),)


def _of_match(
    kind: type[Fact], *to: Relation, before: tuple[Relation, ...] = (), while_circulating: bool = False
) -> tuple[type[Fact], tuple[Notice, ...]]:
    always = (notice_of(kind, *to, link=MATCH, while_circulating=while_circulating),) if to else ()
    ended = (
        (notice_of(kind, *before, link=MATCH, only_if_notified_before=True, gathered=kind is m.MatchExpired),)
        if before
        else ()
    )
    return kind, always + ended


def _of_package(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link="/v1/packages/{package_id}"),)


def _of_delivery(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link=DELIVERY),)


def _of_action_point(
    kind: type[Fact],
    *to: Relation,
    of_strategy: tuple[Relation, ...] = (RESPONSIBLE,),
    once_per: tuple[str, ...] = (),
) -> tuple[type[Fact], tuple[Notice, ...]]:
    """Return the notices of an action point, one of a delivery and one of a strategy.

    A strategy has no provider, and coordinators verify its milestones.
    """
    return kind, (
        notice_of(kind, *to, link=DELIVERY, if_set="delivery_id", once_per=once_per),
        notice_of(kind, *of_strategy, link=STRATEGY, if_set="strategy_id", once_per=once_per),
    )


def _of_session(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, STATES, PROVIDER, link="/v1/sessions/{session_id}", reference="starts"),)


def _of_follow_up(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    """Return the notice of a question: several of a request that are asked on one day are one matter."""
    at = "asked_at" if kind is fu.FollowUpAsked else "reminded_at"
    return kind, (notice_of(kind, RESPONSIBLE, link="/v1/follow-ups/{follow_up_id}", once_per=(REQUEST_ID, at)),)


def _of_client(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, FOCAL_POINTS, link="/v1/clients/{client_id}", reference="organization"),)


def _of_person(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, PERSON, FOCAL_POINTS, link=PERSON_PAGE, reference="organization"),)


def _approval(kind: type[Fact], *to: Relation, link: str, variant: str = "") -> Notice:
    return notice_of(kind, *to, link=link, reference="organization", variant=variant, approval=True)


def _of_pledge(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link=PLEDGE, reference="fund"),)


def _of_in_kind(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, DONOR, FINANCE, link=IN_KIND, reference="fund"),)


NOTICES: Mapping[type[Fact], tuple[Notice, ...]] = dict(
    [
        # For the State this is the acknowledgement of receipt.
        _of_request(r.RequestSubmitted, COORDINATORS, STATE),
        _of_request(r.RequestRegistered, STATE),
        _of_request(r.RequestReturned, STATE),
        _of_request(r.RequestDeclined, STATE),
        _of_request(r.RequestOpened, STATE),
        _of_request(r.RequestHeld, STATE),
        _of_request(r.RequestResumed, STATE),
        # If a revoked match reopened the request, the notice of the revocation has been sent already.
        _of_request(r.RequestReopened, STATE, COORDINATORS, unless_caused=True),
        _of_request(r.RequestDelivered, STATE, COORDINATORS),
        _of_request(r.RequestClosed, STATE),
        _of_request(r.RequestWithdrawn, STATE, COORDINATORS),
        _of_request(r.RequestReminded, STATE),
        _of_request(r.RequestLapsed, STATE, COORDINATORS),
        _of_request(r.CirculationDecided, STATE, COORDINATORS),
        _of_request(r.ConsentGiven, STATE, COORDINATORS),
        _of_request(r.ConsentRecorded, STATE),
        (r.RequestFiledOnBehalf, (notice_of(r.RequestFiledOnBehalf, STATE, link=REQUEST, reference="received_on"),)),
        _of_request(r.ConsentWithdrawn, STATE, COORDINATORS),
        _of_request(r.ConsentEnded, STATE, COORDINATORS),
        _of_request(at.AttachmentRejected, STATE),
        _of_clock(c.ClockReminded, RESPONSIBLE),
        _of_clock(c.ClockOverdue, RESPONSIBLE, HEADS),
        _of_request(s.PublicSummaryDrafted, STATE),
        (mails.MailReceived, (notice_of(mails.MailReceived, COORDINATORS, link=MAIL, reference="organization"),)),
        (mails.MailReplyReceived, (notice_of(mails.MailReplyReceived, COORDINATORS, link=MAIL),)),
        _of_offering(m.OfferingSubmitted, COORDINATORS),
        _of_offering(m.OfferingApproved, PROVIDER),
        _of_offering(m.OfferingReturned, PROVIDER),
        _of_offering(m.OfferingSuspended, PROVIDER),
        _of_offering(m.OfferingResumed, PROVIDER),
        _of_offering(m.OfferingWithdrawn, COORDINATORS),
        _of_offering(m.OfferingLapsed, PROVIDER),
        _of_offering(o.OfferingReconfirmationDue, PROVIDER),
        (
            m.MatchSuggested,
            (notice_of(m.MatchSuggested, COORDINATORS, link="/v1/matches?request={request_id}", gathered=True),),
        ),
        _of_match(m.MatchInterested, COORDINATORS),
        (
            m.MatchPresented,
            (
                notice_of(
                    m.MatchPresented, STATE, PROVIDER, link=MATCH, while_circulating=True, unless_set=JOINT_DELIVERY_ID
                ),
                notice_of(
                    m.MatchPresented,
                    *(STATE, PROVIDER),
                    link=MATCH,
                    variant="joint",
                    while_circulating=True,
                    if_set=JOINT_DELIVERY_ID,
                ),
            ),
        ),
        _of_match(m.MatchAccepted, PROVIDER, while_circulating=True),
        _of_match(m.MatchProviderConfirmed, STATE),
        _of_match(m.MatchConfirmed, STATE, PROVIDER),
        _of_match(m.MatchBegun, STATE, PROVIDER),
        _of_match(m.MatchCompleted, STATE, PROVIDER),
        (m.MatchEvaluated, (notice_of(m.MatchEvaluated, COORDINATORS, link=REQUEST, once_per=(REQUEST_ID,)),)),
        _of_match(m.MatchDeclinedByState, COORDINATORS, before=(PROVIDER,)),
        _of_match(m.MatchDeclinedByProvider, COORDINATORS, before=(STATE,)),
        _of_match(m.MatchNotPursued, before=(STATE, PROVIDER)),
        _of_match(m.MatchExpired, before=(STATE, PROVIDER)),
        _of_match(m.MatchRevoked, STATE, PROVIDER, COORDINATORS),
        _of_delivery(dl.DeliveryContactsNamed, OTHER),
        _of_delivery(dl.DeliveryAgreementWaived, OTHER),
        _of_delivery(dl.DeliveryAgreed, STATE, PROVIDER),
        _of_delivery(ag.AgreementProposed, OTHER),
        _of_delivery(ag.AgreementSigned, OTHER),
        _of_delivery(ag.AmendmentDropped, OTHER),
        _of_delivery(dl.DeliveryPrivateTopicOpened, OTHER),
        (
            ms.MessageSent,
            (
                notice_of(ms.MessageSent, OTHER, CONTACTS, link=DELIVERY, once_per=("series_id",), if_set="side"),
                notice_of(
                    ms.MessageSent, STATE, PROVIDER, CONTACTS, link=DELIVERY, once_per=("series_id",), unless_set="side"
                ),
            ),
        ),
        _of_delivery(dl.DeliverySuspended, STATE, PROVIDER, COORDINATORS),
        _of_delivery(dl.DeliveryResumed, STATE, PROVIDER),
        (
            dl.DeliveryCompletionProposed,
            (notice_of(dl.DeliveryCompletionProposed, OTHER, link=DELIVERY, reference="confirm_by"),),
        ),
        _of_delivery(dl.DeliveryCompletionObjected, OTHER, COORDINATORS),
        _of_delivery(dl.DeliveryCompletionWithdrawn, OTHER),
        _of_session(ss.SessionPlanned),
        _of_session(ss.SessionRescheduled),
        _of_session(ss.SessionCancelled),
        _of_delivery(rs.ResultReported, OTHER),
        _of_delivery(rs.ResultConfirmed, PROVIDER),
        _of_delivery(rs.ResultDisputed, PROVIDER, COORDINATORS),
        _of_delivery(sc.ScreeningCompleted, STATE, PROVIDER),
        _of_action_point(ap.ActionPointAdded, RESPONSIBLE),
        _of_action_point(ap.ActionPointRevised, RESPONSIBLE),
        _of_action_point(ap.ActionPointDone, STATE, PROVIDER, of_strategy=(STATE, COORDINATORS)),
        _of_action_point(ap.ActionPointReopened, RESPONSIBLE),
        _of_action_point(ap.ActionPointDropped, STATE, PROVIDER, of_strategy=(STATE,)),
        _of_action_point(ap.ActionPointReminded, RESPONSIBLE, once_per=(REQUEST_ID, "due_on")),
        (
            ef.EffectRecorded,
            (
                notice_of(ef.EffectRecorded, OTHER, link=EFFECT, if_set="side"),
                notice_of(ef.EffectRecorded, STATE, PROVIDER, link=EFFECT, unless_set="side"),
            ),
        ),
        (ef.EffectVerified, (notice_of(ef.EffectVerified, STATE, PROVIDER, link=EFFECT),)),
        (ef.EffectDeclined, (notice_of(ef.EffectDeclined, STATE, PROVIDER, link=EFFECT),)),
        _of_follow_up(fu.FollowUpAsked),
        _of_follow_up(fu.FollowUpReminded),
        *SHERLOC_NOTICES,
        # The State and the provider are notified of the match itself.
        _of_package(pk.PackagePresented, UNIT, DONOR),
        _of_package(pk.PackageAgreed, LAST),
        _of_package(pk.PackageConfirmed, UNIT, DONOR),
        _of_package(pk.PackageDeclined, STATE, PROVIDER, UNIT, DONOR, COORDINATORS),
        _of_package(pk.PackageWithdrawn, STATE, PROVIDER, UNIT, DONOR),
        _of_package(pk.PackageEnded, UNIT, DONOR),
        # The author is also notified, because another person may have acted in their name.
        (
            d.PersonSubjectsProposed,
            (
                *_of_person(d.PersonSubjectsProposed)[1],
                _approval(d.PersonSubjectsProposed, ADMINISTRATORS, link=PERSON_PAGE, variant="approval"),
            ),
        ),
        (d.PersonErasureProposed, (_approval(d.PersonErasureProposed, ADMINISTRATORS, link=PERSON_PAGE),)),
        (
            d.AppointmentProposed,
            (_approval(d.AppointmentProposed, ADMINISTRATORS, FOCAL_POINTS, link="/v1/appointments/{appointment_id}"),),
        ),
        _of_person(d.PersonIdentified),
        _of_client(d.ClientRegistered),
        _of_client(d.ClientRotated),
        _of_client(d.ClientExpiring),
        _of_client(d.ClientEnded),
        _of_pledge(p.PledgePledged, DONOR, FINANCE),
        _of_pledge(p.PledgeCommitted, DONOR, FINANCE),
        _of_pledge(p.PledgeReceived, DONOR, FINANCE),
        _of_pledge(p.PledgeWithdrawn, DONOR, FINANCE),
        _of_pledge(p.PledgeConditionMet, DONOR, FINANCE),
        _of_pledge(p.PledgeReceiptReversed, DONOR, FINANCE),
        _of_pledge(p.PledgeLapsed, DONOR, FINANCE),
        _of_pledge(p.PledgeReduced, DONOR, FINANCE),
        _of_pledge(reminders.PledgeDueSoon, DONOR),
        _of_pledge(reminders.PledgeOverdue, DONOR, FINANCE),
        _of_pledge(p.PledgeWrittenOff, DONOR, FINANCE),
        _of_pledge(p.PledgeRefunded, DONOR, FINANCE),
        _of_pledge(pr.PledgeWriteOffReversed, DONOR, FINANCE),
        _of_pledge(pr.PledgeConditionReversed, DONOR, FINANCE),
        _of_pledge(pr.PledgeReductionReversed, DONOR, FINANCE),
        _of_pledge(pr.PledgeRefundReversed, DONOR, FINANCE),
        _of_pledge(pr.PledgeCarryOverReversed, DONOR, FINANCE),
        _of_pledge(p.PledgeCarriedOver, DONOR, FINANCE),
        _of_pledge(p.PledgeClosed, DONOR),
        _of_pledge(earmarks.PledgeEarmarkReleased, DONOR, FINANCE),
        _of_in_kind(k.InKindContributionDeclared),
        _of_in_kind(k.InKindContributionAcknowledged),
        _of_in_kind(k.InKindContributionWithdrawn),
        _of_in_kind(k.InKindContributionStruck),
        (
            g.ProposalMade,
            (
                notice_of(g.ProposalMade, FINANCE, link=PROPOSAL, reference="fund", approval=True, if_set="fund"),
                notice_of(
                    g.ProposalMade,
                    FINANCE,
                    link=PROPOSAL,
                    reference="effective_on",
                    approval=True,
                    unless_set="fund",
                ),
            ),
        ),
        (p.RequirementOpened, (notice_of(p.RequirementOpened, FINANCE, link=MATCH),)),
        (p.RequirementCancelled, (notice_of(p.RequirementCancelled, FINANCE, link=MATCH),)),
        (
            p.AllocationMade,
            (
                notice_of(p.AllocationMade, STATE, PROVIDER, link=REQUEST),
                notice_of(p.AllocationMade, FUND_DONORS, link=FUND, reference="fund", variant="donor"),
            ),
        ),
        (
            p.AllocationReturned,
            (notice_of(p.AllocationReturned, FUND_DONORS, link=FUND, reference="fund", gathered=True),),
        ),
        (
            a.ActivityCompleted,
            (notice_of(a.ActivityCompleted, FUND_DONORS, link=ACTIVITY, reference="fund"),),
        ),
        (
            a.ActivityCancelled,
            (notice_of(a.ActivityCancelled, FUND_DONORS, link=ACTIVITY, reference="fund"),),
        ),
    ]
)

TO_OWNER: Mapping[type[Fact], Notice] = {
    n.WebhookDisabled: notice_of(n.WebhookDisabled, link="/v1/webhooks/{webhook_id}", reference="disabled_at"),
}
"""The notice of each fact of this service that notifies the owner of a webhook."""

ON_HIT: Mapping[str, Notice] = {
    "fitting": notice_of(al.HitRecorded, link=REQUEST, variant="fitting", once_per=("hit_id",)),
    "requests": notice_of(al.HitRecorded, link=REQUEST, variant="requests", once_per=("hit_id",)),
    "funding": notice_of(al.HitRecorded, link=REQUEST, variant="funding", once_per=("hit_id",)),
    "offerings": notice_of(
        al.HitRecorded, link=OFFERING, reference="offering_id", variant="offerings", once_per=("hit_id",)
    ),
}
"""The notices of a hit for its owner, by subject; `fitting` is that of a fitting offering without an alert."""

ON_DIGEST: Mapping[str, Notice] = {
    frequency: notice_of(
        al.DigestIssued, link="/v1/digests/{digest_id}", reference="day", variant=frequency, once_per=("digest_id",)
    )
    for frequency in ("daily", "weekly")
}
"""The notice of a digest, by its frequency."""

OF_HITS = {notice.code: "requests" if name == "fitting" else name for name, notice in ON_HIT.items()}
OF_DIGESTS = frozenset(notice.code for notice in ON_DIGEST.values())


def notices() -> list[str]:
    """Return the codes of all notices; each needs a text in every language."""
    return sorted({notice.code for notice in _every()})


def links() -> set[str]:
    """Return the links of all notices, as templates; each has a page in contracts/console_pages."""
    return {notice.link for notice in _every()}


def _every() -> Iterator[Notice]:
    for each in (*NOTICES.values(), TO_OWNER.values(), ON_HIT.values(), ON_DIGEST.values()):
        yield from each


def notices_for(fact: Fact, *, caused: bool) -> list[Notice]:
    """Return the notices for this fact; `caused` is true if another fact caused it."""
    return [
        notice
        for notice in NOTICES.get(type(fact), ())
        if not (caused and notice.unless_caused)
        and (notice.if_set is None or getattr(fact, notice.if_set) is not None)
        and (notice.unless_set is None or getattr(fact, notice.unless_set) is None)
    ]


def may_be_sent_to(code: str, organization: str, role: Role, *, circulation: str | None) -> bool:
    """Check whether a notice may still be sent to this appointment, before each attempt to send to a webhook.

    A provider outside UNODC gets no event of an unconfirmed match once the State no longer lets the request circulate;
    `circulation` is the last known value, None if unknown.
    """
    if role is not Role.PROVIDER_OFFICER or is_unodc(organization) or circulation in {None, "granted"}:
        return True
    return code not in _WHILE_CIRCULATING


_WHILE_CIRCULATING = frozenset(notice.code for each in NOTICES.values() for notice in each if notice.while_circulating)
