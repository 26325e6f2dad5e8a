"""The query of a list of work, as in its address and in a saved view, and the filter that follows from it."""

from typing import Annotated, get_args
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import ArticleCode, KindCode, ParagraphCode, TopicCode, unknown_code
from contracts.refusals import Invalid
from contracts.values import END, Caller, Code, Language, State
from services.requests.clock.model import Step
from services.requests.request.values import Priority, Status
from services.requests.work.model import Order, WaitingFor, WorkFilter

FILTER_MAX = 20
"""Maximum number of alternatives in one filter."""

ASSIGNEE = rf"^(me|none|[0-9a-f-]{{36}}){END}"
WORDS_MIN, WORDS_MAX = 2, 100

_Several = Meta(max_length=FILTER_MAX)
Steps = Annotated[tuple[Step, ...], _Several]
Statuses = Annotated[tuple[Status, ...], _Several]
States = Annotated[tuple[State, ...], _Several]
Regions = Annotated[tuple[Code, ...], _Several]
Kinds = Annotated[tuple[KindCode, ...], _Several]
Topics = Annotated[tuple[TopicCode, ...], _Several]
Articles = Annotated[tuple[ArticleCode, ...], _Several]
Paragraphs = Annotated[tuple[ParagraphCode, ...], _Several]
Priorities = Annotated[tuple[Priority, ...], _Several]
Languages = Annotated[tuple[Language, ...], _Several]
Assignee = Annotated[str, Meta(pattern=ASSIGNEE, max_length=36)]
Words = Annotated[str, Meta(min_length=WORDS_MIN, max_length=WORDS_MAX)]


class Search(Struct, frozen=True, kw_only=True):
    """The filters of a list of work, and the words to search for."""

    filter: WorkFilter
    words: str | None
    in_remit: bool


class WorkQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The filters and the order of a list of work, named like the parameters of its address.

    The entries of one field are alternatives, different fields all have to hold; an empty field restricts nothing.
    `assignee` is `me` for the reader, `none`, or a person's id; `q` is a reference, or words of a title.
    """

    waiting_for: WaitingFor = WaitingFor.ME
    step: Steps = ()
    status: Statuses = ()
    state: States = ()
    region: Regions = ()
    kind: Kinds = ()
    topic: Topics = ()
    article: Articles = ()
    paragraph: Paragraphs = ()
    priority: Priorities = ()
    written_in: Languages = ()
    assignee: Assignee | None = None
    overdue: bool | None = None
    paused: bool = False
    in_remit: bool = False
    q: Words | None = None
    sort: Order = Order.DUE

    def search(self, caller: Caller, place: str = "") -> Search:
        """Return the search for a reader. Raises Invalid for an unknown code; `place` is the prefix of its fields."""
        for name, codes, known, code_list in (
            ("state", self.state, reference.countries(), "countries"),
            ("kind", self.kind, reference.kinds(), "kinds"),
            ("topic", self.topic, reference.topics(), "topics"),
            ("article", self.article, reference.articles(), "articles"),
            ("paragraph", self.paragraph, reference.paragraphs(), "paragraphs"),
        ):
            for code in codes:
                if code not in known:
                    raise unknown_code(f"{place}{name}", code, known, code_list=code_list)
        _check_regions(self.region, f"{place}region")
        region = self.region[0] if len(self.region) == 1 and not self.state else None
        return Search(
            filter=WorkFilter(
                waiting_for=self.waiting_for,
                steps=self.step,
                statuses=self.status,
                states=None if region else _states(self.state, self.region),
                region=region,
                kinds=self.kind,
                topics=self.topic,
                articles=self.article,
                paragraphs=self.paragraph,
                priorities=self.priority,
                languages=self.written_in,
                assignee=_person(self.assignee, caller, f"{place}assignee"),
                unassigned=self.assignee == "none",
                overdue=self.overdue,
                paused=self.paused,
            ),
            words=self.q,
            in_remit=self.in_remit,
        )


def states_of(regions: tuple[str, ...]) -> tuple[str, ...]:
    """Return the States of these regional groups."""
    return tuple(code for code in reference.countries() if reference.region_of(code) in regions)


def _check_regions(regions: tuple[str, ...], field: str) -> None:
    known = get_args(reference.Region)
    for region in regions:
        if region not in known:
            raise unknown_code(field, region, known)


def _states(states: tuple[str, ...], regions: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the States to filter by: these, limited to these regional groups; None for all."""
    if not regions:
        return states or None
    of_regions = states_of(regions)
    return tuple(code for code in of_regions if code in states) if states else of_regions


def _person(assignee: str | None, caller: Caller, field: str) -> UUID | None:
    if assignee in {None, "none"}:
        return None
    if assignee == "me":
        return caller.person_id
    try:
        return UUID(assignee)
    except ValueError:
        raise Invalid("invalid-request", parameters=[field]) from None
