"""Valid offerings, lines and matches for tests; override only what a test is about."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec

from contracts.consents import Consent
from contracts.matching import Capacity, Eligibility, Terms
from contracts.requests import Line, RequestSubmitted
from contracts.values import Language, Period
from services.matching.commands import DraftedLine
from services.matching.lines.model import RequestStatus, WantedLine
from services.matching.matches.model import Match, MatchStatus, Origin
from services.matching.offerings.model import Content, Offering, OfferingStatus
from services.matching.treaties.model import statuses_of
from tests.builders import AHEAD, NOON, a_line

SPRING = Period(starts=date(AHEAD, 1, 1), ends=date(AHEAD, 6, 30))
AUTUMN = Period(starts=date(AHEAD, 7, 1), ends=date(AHEAD, 12, 31))


def terms(**changes: Any) -> Terms:
    whole = Terms(
        kinds=("mla_training",),
        topics=("mutual_legal_assistance", "electronic_evidence"),
        articles=("UNTOC:18",),
        paragraphs=("I.k",),
        pillars=("pursue",),
        languages=(Language.EN,),
        interpretation=(Language.FR,),
        modalities=("in_person", "hybrid"),
        eligible=Eligibility(),
        valid=Period(starts=date(AHEAD - 1, 1, 1), ends=date(AHEAD, 12, 31)),
        capacity=(Capacity(period=SPRING, units=2), Capacity(period=AUTUMN, units=1)),
        resource_status="funded",
        group_size_max=60,
    )
    return msgspec.structs.replace(whole, **changes)


def content(**changes: Any) -> Content:
    return Content(language=Language.EN, terms=terms(**changes), texts_hash="0" * 64)


def an_offering(**changes: Any) -> Offering:
    """An available offering of a unit of UNODC; `terms` in the changes replaces all of its terms."""
    whole = Offering(
        offering_id=uuid4(),
        provider="UNODC-CEB",
        status=OfferingStatus.AVAILABLE,
        revision=2,
        language=Language.EN,
        terms=terms(),
        texts_hash="0" * 64,
        drafted_at=NOON,
        submitted_at=NOON,
        available_since=NOON,
    )
    return msgspec.structs.replace(whole, **changes)


def a_wanted_line(**changes: Any) -> WantedLine:
    """A line of an open, circulated request of Kenya that `an_offering` fits."""
    whole = WantedLine(
        line_id=uuid4(),
        request_id=uuid4(),
        state="KEN",
        status=RequestStatus.OPEN,
        kind="mla_training",
        topics=("mutual_legal_assistance",),
        articles=("UNTOC:18",),
        paragraphs=("I.k",),
        pillars=("pursue",),
        group_size=25,
        languages=("en",),
        modality="in_person",
        window=Period(starts=date(AHEAD, 2, 1), ends=date(AHEAD, 6, 30)),
        addressee="any",
        addressed_states=(),
        visibility="providers",
        circulation="granted",
        restricted=False,
        treaties=statuses_of("KEN"),
        consents=(Consent(consent_id=uuid4(), recipients=("providers",), given_at=NOON),),
    )
    return msgspec.structs.replace(whole, **changes)


def a_match(status: MatchStatus = MatchStatus.SUGGESTED, **changes: Any) -> Match:
    """A match between Kenya and a unit of UNODC in the given status, with the fields that the status implies."""
    confirmed = status in {
        MatchStatus.CONFIRMED,
        MatchStatus.IN_DELIVERY,
        MatchStatus.COMPLETED,
        MatchStatus.REVOKED,
    }
    whole = Match(
        match_id=uuid4(),
        request_id=uuid4(),
        line_id=uuid4(),
        offering_id=uuid4(),
        state="KEN",
        provider="UNODC-CEB",
        status=status,
        revision=1,
        origin=Origin.SUGGESTED,
        score=700,
        shares=(),
        algorithm="codes-4:weights-0",
        offering_revision=2,
        made_at=NOON,
        confirmed_at=NOON if confirmed else None,
        capacity_period=SPRING if confirmed else None,
    )
    return msgspec.structs.replace(whole, **changes)


def a_contract_line(line_id: UUID | None = None, **changes: Any) -> Line:
    """A line as in a fact."""
    body = a_line(**changes)
    return msgspec.convert({**body, "line_id": line_id or uuid4()}, Line)


def a_drafted_line(**changes: Any) -> dict[str, Any]:
    """Body of a preview: a line of a draft."""
    known = {*DraftedLine.__struct_fields__} - {"institution_name", "outcome", "in_place", "markers_justification"}
    return {name: value for name, value in a_line().items() if name in known} | changes


def a_submission(*lines: Line, **changes: Any) -> RequestSubmitted:
    """The fact that Kenya submitted a request that circulates."""
    whole = RequestSubmitted(
        request_id=uuid4(),
        state="KEN",
        language=Language.EN,
        visibility="providers",
        addressee="any",
        addressed_states=(),
        circulation_rule="granted",
        lines=lines or (a_contract_line(),),
        texts_hash="0" * 64,
        submitted_at=NOON,
    )
    return msgspec.structs.replace(whole, **changes)


def an_offering_body(**changes: Any) -> dict[str, Any]:
    """Body of a new offering, submitted at once."""
    return {
        "submit": True,
        "language": "en",
        "title": "Fictitious sample: training of central authorities",
        "summary": "Fictitious sample. Two weeks of exercises on outgoing requests.",
        "kinds": ["mla_training"],
        "topics": ["mutual_legal_assistance"],
        "articles": ["UNTOC:18"],
        "paragraphs": ["I.k"],
        "pillars": ["pursue"],
        "languages": ["en"],
        "interpretation": ["fr"],
        "modalities": ["in_person"],
        "eligible": {"states": [], "regions": [], "excluded_states": [], "income_groups": [], "special_groups": []},
        "valid": {"from": f"{AHEAD - 1}-01-01", "until": f"{AHEAD + 1}-12-31"},
        "capacity": [
            {"from": f"{AHEAD}-01-01", "until": f"{AHEAD}-06-30", "units": 2},
            {"from": f"{AHEAD}-07-01", "until": f"{AHEAD}-12-31", "units": 1},
        ],
        "group_size_max": 60,
        "resource_status": "funded",
        "funding_needed": None,
        "curriculum": ["convention_provisions"],
    } | changes
