"""Contributions to SHERLOC: a list, a new one, the page of each with its marks, and its revision."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec.structs import replace

from contracts import reference
from services.console.fields import Field, Option, Typed
from services.console.moves.forms import NOTHING, Sent, send
from services.console.moves.pages import routes_of
from services.console.page import CurrentPage, Page
from services.console.sherloc_contributions.marks import MARK, marked, passages_of
from services.console.sherloc_contributions.moves import CONTRIBUTION
from services.console.translations import N_

LIST_LENGTH = 25
FILTERS = ("state", "kind", "article", "status", "language")
OF_STATE = frozenset({"focal_point", "official"})
ARTICLES = ("articles.1", "articles.2", "articles.3")

KIND = Field(name="kind", label=N_("Kind of contribution"), kind="choice", options="kinds_of_contribution")
FIELDS = (
    Field(name="language", label=N_("Language of the text"), kind="choice", options="languages"),
    Field(name="title", label=N_("Title"), required=False, max_length=300, empty=""),
    Field(
        name="text",
        label=N_("Text or summary"),
        kind="words",
        required=False,
        max_length=8000,
        rows=10,
        empty="",
        hint=N_("Name no person. What looks like personal data is marked after you save."),
    ),
    Field(
        name="address",
        label=N_("Address of the text"),
        required=False,
        max_length=500,
        empty="",
        hint=N_("Where the text can be read; needed without a text."),
    ),
    *(
        Field(name=name, label=label, kind="choice", options="articles", required=False)
        for name, label in zip(ARTICLES, (N_("Article"), N_("Second article"), N_("Third article")), strict=True)
    ),
    Field(name="rights", label=N_("Rights to publish"), kind="choice", options="rights_to_publish"),
    Field(name="court", label=N_("Court"), required=False, max_length=300, empty="", hint=N_("Of a court decision.")),
    Field(
        name="decided_on",
        label=N_("Day of the decision"),
        kind="date",
        required=False,
        hint=N_("Of a court decision."),
    ),
    Field(
        name="parties",
        label=N_("Parties"),
        kind="words",
        required=False,
        rows=3,
        hint=N_("Of a court decision: one on each line, by initials such as A., or as an authority. No names."),
    ),
    Field(
        name="offence",
        label=N_("Offence"),
        kind="choice",
        options="topics",
        required=False,
        hint=N_("Of a court decision."),
    ),
    Field(
        name="outcome",
        label=N_("Outcome of the decision"),
        kind="choice",
        options="outcomes_of_decisions",
        required=False,
        hint=N_("Of a court decision."),
    ),
    Field(
        name="authors",
        label=N_("Authors"),
        required=False,
        max_length=300,
        empty="",
        hint=N_("Of a bibliography."),
    ),
)
LISTS = {
    "kinds_of_contribution": "contribution.kind",
    "outcomes_of_decisions": "contribution.outcome",
    "rights_to_publish": "rights",
}
"""Maps each list of the forms to its name in the choices of the reference data."""


@get("/{language:str}/sherloc/contributions")
async def list_sherloc_contributions(page: CurrentPage) -> Response[bytes]:
    query = {name: page.asked(name) for name in FILTERS if page.asked(name)}
    found = await page.api.get("/v1/contributions", **query, cursor=page.asked("cursor"), limit=LIST_LENGTH)
    return page.render(
        "sherloc_contributions/list.html",
        found=found["contributions"],
        cursor=found["cursor"],
        query=query,
        kinds=_options(page.language)["kinds_of_contribution"],
        enters=page.signed_in.role in OF_STATE,
    )


@get("/{language:str}/sherloc/contributions/new")
async def new_sherloc_contribution(page: CurrentPage) -> Response[bytes]:
    return _form(page, {"language": [page.language]})


@post("/{language:str}/sherloc/contributions/new", status_code=303)
async def draft_sherloc_contribution(page: CurrentPage) -> Response[bytes]:
    sent = await send(page, "POST", "/v1/contributions", (KIND, *FIELDS), body_of=_body)
    if sent.errors:
        return _form(page, page.typed, sent)
    return page.redirect(f"{CONTRIBUTION.path}/{sent.record['contribution_id']}", done="saved")


@get("/{language:str}/sherloc/contributions/{contribution_id:str}")
async def show_sherloc_contribution(page: CurrentPage, contribution_id: FromPath[str]) -> Response[bytes]:
    record = await page.api.get(f"/v1/contributions/{contribution_id}")
    return page.render(
        "sherloc_contributions/show.html",
        record=record,
        passages=passages_of(record),
        marked=marked(record),
        mark_words=MARK,
        moves=CONTRIBUTION.open_to(record, page.signed_in.role),
    )


@get("/{language:str}/sherloc/contributions/{contribution_id:str}/edit")
async def edit_sherloc_contribution(page: CurrentPage, contribution_id: FromPath[str]) -> Response[bytes]:
    record = await page.api.get(f"/v1/contributions/{contribution_id}")
    return _form(page, _typed(record), record=record)


@post("/{language:str}/sherloc/contributions/{contribution_id:str}/edit", status_code=303)
async def revise_sherloc_contribution(page: CurrentPage, contribution_id: FromPath[str]) -> Response[bytes]:
    path = f"/v1/contributions/{contribution_id}"
    record = await page.api.get(path)
    # Articles beyond those of the form are kept.
    more = record["articles"][len(ARTICLES) :]
    sent = await send(page, "POST", f"{path}/revise", FIELDS, body_of=lambda typed: _body(typed, more=more))
    if sent.errors:
        return _form(page, page.typed, sent, record=record)
    return page.redirect(f"{CONTRIBUTION.path}/{contribution_id}", done="saved")


def _body(sent: dict[str, Any], *, more: Sequence[str] = ()) -> dict[str, Any]:
    """Return the body of the command, with one party for each line, and each article once."""
    named = sent.pop("articles", {})
    articles = [named[key] for key in sorted(named)]
    parties = [one.strip() for one in sent.pop("parties", "").splitlines() if one.strip()]
    return {**sent, "articles": list(dict.fromkeys([*articles, *more])), "parties": parties}


def _typed(record: Mapping[str, Any]) -> Typed:
    """Return a contribution as values of the form."""
    typed = {one.name: [str(record[one.name])] for one in FIELDS if record.get(one.name)}
    typed["parties"] = ["\n".join(record["parties"])]
    return typed | {name: [code] for name, code in zip(ARTICLES, record["articles"], strict=False)}


def _options(language: str) -> Mapping[str, Sequence[Option]]:
    return {
        name: [
            Option(code.partition(":")[2], term.label(language))
            for code, term in reference.choices().items()
            if code.startswith(f"{prefix}:")
        ]
        for name, prefix in LISTS.items()
    }


def _form(
    page: Page, typed: Typed, sent: Sent = NOTHING, *, record: Mapping[str, Any] | None = None
) -> Response[bytes]:
    errors = [replace(one, field=ARTICLES[0]) if one.field == "articles" else one for one in sent.errors]
    return page.render(
        "sherloc_contributions/form.html",
        record=record,
        fields=FIELDS if record else (KIND, *FIELDS),
        typed=typed,
        given=_options(page.language),
        is_open=record is None or "revise_contribution" in record["moves"],
        **sent.shown | {"errors": errors},
    )


ROUTES = (
    list_sherloc_contributions,
    new_sherloc_contribution,
    draft_sherloc_contribution,
    show_sherloc_contribution,
    edit_sherloc_contribution,
    revise_sherloc_contribution,
    *routes_of(CONTRIBUTION),
)
