"""The recipients of the facts of SHERLOC's desk: a part of the table of `audience.py`."""

from contracts import contributions as co
from contracts import extensions as ex
from contracts import legislation as lg
from contracts import legislation_checks as lc
from contracts import legislation_proposals as lp
from contracts import meetings as mt
from contracts import practices as pc
from contracts.facts import Fact
from services.notifications.notices.notice import Notice, Relation, notice_of

STATE, STATES, PROVIDER, COORDINATORS = Relation.STATE, Relation.STATES, Relation.PROVIDER, Relation.COORDINATORS
EXTENSION = "/v1/extensions/{extension_id}"
MEETING = "/v1/meetings/{meeting_id}"
LEGISLATION = "/v1/legislation/{legislation_id}"
CONTRIBUTION = "/v1/contributions/{contribution_id}"


def _of_legislation(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link=LEGISLATION, reference="article"),)


def _of_contribution(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, *to, link=CONTRIBUTION, reference="state"),)


def _of_extension(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, Relation.DONORS, link=EXTENSION, reference=kind.__struct_fields__[-1]),)


def _of_meeting(kind: type[Fact]) -> tuple[type[Fact], tuple[Notice, ...]]:
    return kind, (notice_of(kind, STATES, link=MEETING, reference="starts_on"),)


def _of_practice(kind: type[Fact], *to: Relation) -> tuple[type[Fact], tuple[Notice, ...]]:
    link = "/v1/practices/{practice_id}"
    return kind, (
        notice_of(kind, *to, link=link, reference="state", if_set="state"),
        notice_of(kind, *to, link=link, reference="provider", unless_set="state"),
    )


SHERLOC_NOTICES: tuple[tuple[type[Fact], tuple[Notice, ...]], ...] = (
    _of_legislation(lg.LegislationSubmitted, COORDINATORS),
    _of_legislation(lg.LegislationReturned, STATE),
    _of_legislation(lg.LegislationPublished, STATE),
    _of_legislation(lg.LegislationVerified, STATE),
    _of_legislation(lg.LegislationMarkedOutdated, STATE),
    _of_contribution(co.ContributionSubmitted, COORDINATORS),
    _of_contribution(co.ContributionReturned, STATE),
    _of_contribution(co.ContributionAccepted, STATE),
    _of_contribution(co.ContributionPublished, STATE),
    _of_contribution(co.ContributionSuperseded, STATE),
    *map(_of_extension, ex.PHASE_CHANGES),
    _of_meeting(mt.MeetingInvited),
    _of_meeting(mt.MeetingRevised),
    _of_meeting(mt.MeetingCancelled),
    (
        lc.LegislationCheckAsked,
        (
            notice_of(
                lc.LegislationCheckAsked,
                STATE,
                link="/v1/legislation/checks/{legislation_check_id}",
                reference="state",
            ),
        ),
    ),
    # One delivery has a proposal for each article.
    (
        lp.LegislationProposalMade,
        (
            notice_of(
                lp.LegislationProposalMade,
                STATE,
                link="/v1/legislation/proposals/{legislation_proposal_id}",
                gathered=True,
            ),
        ),
    ),
    _of_practice(pc.PracticeSubmitted, COORDINATORS),
    _of_practice(pc.PracticeReturned, STATE, PROVIDER),
    _of_practice(pc.PracticeCatalogued, STATE, PROVIDER),
)
