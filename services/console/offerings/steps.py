"""The pages on which an offering is written, one after another, and the fields of each."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from contracts import reference
from contracts.reference import country_name, country_order
from services.console.amounts import typed_amount
from services.console.fields import Field, Option, Read, Typed, read
from services.console.offerings.capacity import CAPACITY, read_rows, typed_rows
from services.console.translations import LANGUAGES, N_, OWN_NAMES, translations

TITLE_MAX = 200
SUMMARY_MAX = 4000
REGIONS = ("african", "asia_pacific", "eastern_european", "grulac", "weog")
CURRICULUM = {
    "convention_provisions": N_("Provisions of the Convention"),
    "obtaining_evidence": N_("Obtaining evidence"),
    "preservation_of_stored_data": N_("Preservation of stored data"),
    "real_time_traffic_data": N_("Traffic data in real time"),
}
"""The content of a training on mutual legal assistance that paragraph I.k of resolution 11/2 names."""

LANGUAGE = Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages")
TITLE = Field(name="title", label=N_("Title"), max_length=TITLE_MAX)
VALID = (
    Field(name="valid.from", label=N_("Valid from"), kind="date"),
    Field(name="valid.until", label=N_("Valid until"), kind="date"),
)


def several(name: str, label: str, options: str, hint: str = "") -> Field:
    """Return a field of codes of which none, one or several are chosen."""
    return Field(name=name, label=label, kind="choices", options=options, hint=hint, required=False, empty=[])


class Step(Struct, frozen=True):
    """A page of the sequence."""

    path: str
    title: str
    fields: tuple[Field, ...]

    @property
    def with_capacity(self) -> bool:
        return self.path == "when"

    @property
    def named(self) -> tuple[Field, ...]:
        """The fields that an error can be at."""
        return (*self.fields, CAPACITY) if self.with_capacity else self.fields

    def typed_of(self, offering: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the values of an offering as the form of this page shows them."""
        shown = {name: values for field in self.fields for name, values in _typed(field, offering).items()}
        return {**shown, **typed_rows(offering["capacity"])} if self.with_capacity else shown

    def read(self, typed: Typed) -> Read:
        """Read the changes of the offering that were typed."""
        found = read(self.fields, typed)
        if self.path == "resources" and found.body.get("resource_status") == "funded":
            found = Read(
                {**found.body, "funding_needed": None}, tuple(e for e in found.errors if e.field != "funding_needed")
            )
        if not self.with_capacity:
            return found
        rows = read_rows(typed)
        return Read({**found.body, **rows.body}, (*found.errors, *rows.errors))

    @property
    def groups(self) -> Sequence[tuple[Field, tuple[str, ...]]]:
        """Each field with the names under which it is typed, which change together."""
        groups = [
            (one, (one.name, f"{one.name}.currency") if one.kind == "money" else (one.name,)) for one in self.fields
        ]
        return [*groups, (CAPACITY, tuple(typed_rows([])))] if self.with_capacity else groups


STEPS = (
    Step(
        "what",
        N_("What you offer"),
        (
            TITLE,
            Field(
                name="summary",
                label=N_("Summary"),
                kind="words",
                max_length=SUMMARY_MAX,
                rows=7,
                required=False,
                empty="",
                hint=N_("What a State gets, who gives it, and what it can expect afterwards."),
            ),
            LANGUAGE,
            several("kinds", N_("Kinds of assistance"), "kinds"),
            several("topics", N_("Topics"), "topics"),
            several("articles", N_("Articles of the Convention and its Protocols"), "articles"),
            several("paragraphs", N_("Paragraphs of resolution 11/2"), "paragraphs"),
            several("pillars", N_("Pillars"), "pillars"),
        ),
    ),
    Step(
        "how",
        N_("How it is delivered"),
        (
            several("languages", N_("Languages of delivery"), "languages"),
            several("interpretation", N_("Interpretation into"), "languages"),
            several("modalities", N_("Modalities"), "modalities"),
            Field(
                name="group_size_max",
                label=N_("People who can take part at most"),
                kind="number",
                required=False,
                empty=None,
                hint=N_("Leave it empty if there is no limit."),
            ),
            several(
                "curriculum",
                N_("Content of a training on mutual legal assistance"),
                "curriculum",
                N_("Only for trainings on mutual legal assistance: what of paragraph I.k it covers."),
            ),
        ),
    ),
    Step(
        "for-whom",
        N_("For whom"),
        (
            several(
                "eligible.regions",
                N_("Regional groups"),
                "regions",
                N_("With neither a group nor a State chosen, it is for all States."),
            ),
            several("eligible.states", N_("States"), "countries", N_("In addition to the regional groups.")),
            several("eligible.excluded_states", N_("Except these States"), "countries"),
            several("eligible.income_groups", N_("Only States of these income groups"), "income_groups"),
            several("eligible.special_groups", N_("Only States of these special groups"), "special_groups"),
            several(
                "treaties", N_("Only parties to"), "treaties", N_("A State has to be party to all that you choose.")
            ),
        ),
    ),
    Step("when", N_("When"), VALID),
    Step(
        "resources",
        N_("Resources"),
        (
            Field(
                name="resource_status",
                label=N_("Is the money for a delivery there?"),
                kind="choice",
                options="resource_status",
            ),
            Field(
                name="funding_needed",
                label=N_("Money that one delivery lacks"),
                kind="money",
                required=False,
                empty=None,
                hint=N_("Not needed if it is funded."),
            ),
        ),
    ),
)


def find(path: str) -> Step | None:
    return next((one for one in STEPS if one.path == path), None)


def after(step: Step) -> Step | None:
    """Return the step that follows, or None after the last."""
    following = STEPS[STEPS.index(step) + 1 :]
    return following[0] if following else None


def _typed(field: Field, offering: Mapping[str, Any]) -> dict[str, list[str]]:
    value: Any = offering
    for name in field.name.split("."):
        value = value[name]
    if field.kind == "choices":
        return {field.name: sorted(value)}
    if field.kind == "money":
        return {field.name: [amount(value)], f"{field.name}.currency": [value["currency"] if value else "USD"]}
    return {field.name: ["" if value is None else str(value)]}


def amount(money: Mapping[str, Any] | None) -> str:
    """Return an amount as it is typed, without its currency; empty if there is none."""
    return "" if money is None else typed_amount(money)


@cache
def options(language: str) -> Mapping[str, Sequence[Option]]:
    """Return the lists of these fields, by name, in the reader's language."""
    gettext = translations(language).gettext
    choices = reference.choices()
    tables = {
        "kinds": reference.kinds(),
        "topics": reference.topics(),
        "pillars": reference.pillars(),
        "languages": reference.languages(),
        "modalities": reference.modalities(),
        "treaties": reference.instruments(),
        "income_groups": reference.income_groups(),
        "special_groups": reference.special_groups(),
    }
    return {
        **{
            name: [_option(term, language) for term in table.values() if not term.retired]
            for name, table in tables.items()
        },
        "articles": [
            Option(one.code, f"{one.instrument} {one.number} · {one.label(language)}")
            for one in reference.articles().values()
        ],
        "paragraphs": [
            Option(one.code, f"{one.code} · {one.label(language)}") for one in reference.paragraphs().values()
        ],
        "countries": [Option(code, country_name(code, language)) for code in country_order(language)],
        "regions": [Option(one, choices[f"eligible.regions:{one}"].label(language)) for one in REGIONS],
        "resource_status": [
            Option(one, choices[f"resource_status:{one}"].label(language)) for one in ("funded", "partly", "unfunded")
        ],
        "curriculum": [Option(code, gettext(label)) for code, label in CURRICULUM.items()],
        "text_languages": [Option(one, OWN_NAMES[one]) for one in LANGUAGES],
    }


def _option(term: reference.Term, language: str) -> Option:
    return Option(term.code, term.label(language))


@cache
def labels_in_all_languages(name: str) -> Mapping[str, str]:
    """Return the labels of a list's codes in all languages: a code is found by a word of any of them."""
    tables: Mapping[str, Mapping[str, reference.Term]] = {
        "kinds": reference.kinds(),
        "topics": reference.topics(),
        "articles": {**reference.articles()},
        "paragraphs": reference.paragraphs(),
    }
    if name == "countries":
        return {code: " ".join(country_name(code, one) for one in LANGUAGES) for code in reference.countries()}
    return {code: " ".join(term.label(one) for one in LANGUAGES) for code, term in tables.get(name, {}).items()}
