"""Templates: Jinja with autoescape, one environment for each language, and the filters that pages use."""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, cast

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from chassis import clock
from chassis.escaping import markup
from contracts import formats, reference
from contracts.reference import country_name, country_order
from contracts.reference import deliveries as of_deliveries
from services.console import labels, parts, values
from services.console.amounts import typed_amount
from services.console.charts.bars import swatch
from services.console.compiling import COMPILED, Templates
from services.console.fields import Field, Option, shown_value
from services.console.translations import LANGUAGES, OWN_NAMES, translated, translations

FOLDER = Path(__file__).parent
BUILT = FOLDER / "assets" / "built"
GZIP_BYTES_MIN = 1024
TABLES: Mapping[str, Callable[[], Mapping[str, reference.Term]]] = {
    "kinds": reference.kinds,
    "topics": reference.topics,
    "paragraphs": reference.paragraphs,
    "pillars": reference.pillars,
    "languages": reference.languages,
    "modalities": reference.modalities,
    "institutions": reference.institutions,
    "instruments": reference.instruments,
    "aspects": reference.aspects,
    "choices": reference.choices,
    "columns": reference.columns,
    "articles": cast(Any, reference.articles),
    "in_kind_forms": reference.in_kind_forms,
    "indicators": of_deliveries.indicators,
    "indicator_units": of_deliveries.indicator_units,
    "inequality_questions": of_deliveries.inequality_questions,
    "human_rights_questions": of_deliveries.human_rights_questions,
    "participant_functions": reference.participant_functions,
    "activity_kinds": reference.activity_kinds,
    "review_clusters": reference.review_clusters,
}
"""Code lists by name."""

CURRENCIES_SHOWN = (
    "USD",
    "EUR",
    "GBP",
    "JPY",
    "CHF",
    "NOK",
    "SEK",
    "DKK",
    "CAD",
    "AUD",
    "CNY",
    "KWD",
    "SAR",
    "AED",
    "KRW",
)


class Asset:
    """A file that browsers load, immutable under an address that contains its hash."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.content = content
        self.media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if name.endswith(".woff2"):
            self.media_type = "font/woff2"
        self.hash = hashlib.sha256(content).hexdigest()[:16]
        self.gzipped = None if name.endswith(".woff2") else gzip.compress(content, 9, mtime=0)

    @property
    def path(self) -> str:
        return f"/assets/{self.hash}/{self.name}"


@cache
def assets() -> Mapping[str, Asset]:
    """Return the built assets, with addresses inside style sheets and scripts replaced by those with hashes."""
    files = {path.name: path.read_bytes() for path in sorted(BUILT.iterdir())}
    found = {name: Asset(name, content) for name, content in files.items() if name.endswith((".woff2", "-frontend.js"))}
    for name, content in files.items():
        if name in found:
            continue
        for other in found.values():
            content = content.replace(f"./{other.name}".encode(), other.path.encode())
            content = content.replace(f'"{other.name}"'.encode(), f'"{other.path}"'.encode())
            content = content.replace(f"url({other.name})".encode(), f"url({other.path})".encode())
        found[name] = Asset(name, content)
    return found


def asset(name: str) -> str:
    return assets()[name].path


@cache
def environment(language: str) -> Environment:
    """Return the environment of the templates in one language."""
    made = Templates(
        loader=ChoiceLoader(
            [
                FileSystemLoader(FOLDER / "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
        autoescape=True,
        # The macros of govuk_frontend_jinja test what is undefined; the console's templates are strict.
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        # Constants are formatted when the page is written, in its language (compiling.py).
        optimized=False,
        bytecode_cache=COMPILED,
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["_"] = made.globals["gettext"] = partial(_gettext, language)
    made.globals["ngettext"] = partial(_ngettext, language)
    made.filters |= {
        "day": partial(_optional, formats.day, language),
        "period": partial(_optional, formats.period, language),
        "month": partial(_optional, formats.month, language),
        "moment": partial(_optional, formats.moment, language),
        "ago": partial(_ago, language),
        "number": partial(_optional, formats.number, language),
        "rate": partial(_optional, formats.rate, language),
        "money": partial(_money, language),
        "usd": partial(_usd, language),
        "typed_amount": typed_amount,
        "state": partial(_state, language),
        "organization": partial(organization, language),
        "code": partial(code_label, language),
        "label": partial(parts.label, language),
        "time": partial(_time, language),
        "deadline": partial(_deadline, language),
        "advised": lambda aspect: reference.aspects()[aspect].sentences[language],
        "language_name": OWN_NAMES.get,
        "one": lambda found: next(iter(found), None),
    }
    made.globals |= {
        "language": language,
        "direction": formats.direction,
        "languages": [(one, OWN_NAMES[one]) for one in LANGUAGES],
        "asset": asset,
        "percent": lambda part, whole: formats.percent(part, whole, language),
        "options_of": partial(options_of, language),
        "codes_of": partial(codes_of, language),
        "words_of": parts.words,
        "title_of_record": partial(parts.title_of, language),
        "code_labels": partial(code_labels, language),
        "tag_of": partial(parts.tag, language),
        "swatch": swatch,
        "states_as_options": partial(states_as_options, language),
        "shown": shown_value,
        "currencies": CURRENCIES_SHOWN,
        "done_messages": labels.DONE,
        "locale": formats.locale_of(language),
        "value": partial(values.value, language, made.filters),
        "rows_of": partial(values.rows_of, language, made.filters),
        "labels_of": labels.LABELS.__getitem__,
    }
    return made


def render(language: str, template: str, context: Mapping[str, Any]) -> bytes:
    return environment(language).get_template(template).render(context).encode()


def _gettext(language: str, message: str, /, **values: object) -> Markup:
    """Translate a message with its values, like `newstyle`, but faster: pages have hundreds, most without values."""
    return _message(language, message) % values if values else _constant(language, message)


def _ngettext(language: str, singular: str, plural: str, number: int, /, **values: object) -> Markup:
    """Translate a message that depends on a number, which it shows as `num`."""
    shown = {"num": formats.number(number, language), **values}
    return Markup(translations(language).ngettext(singular, plural, number)) % shown


def _message(language: str, message: str) -> Markup:
    return Markup(translations(language).gettext(message))


@lru_cache(maxsize=10_000)
def _constant(language: str, message: str) -> Markup:
    return _message(language, message) % {}


def code_label(language: str, code: str | None, table: str) -> str:
    """Return the label of a code in a list of contracts/reference, or the code itself if it is not in the list."""
    if not code:
        return ""
    if table.startswith("reasons:"):
        reason = reference.reasons(table.removeprefix("reasons:")).get(code)
        return reason.label(language) if reason else code
    term = TABLES[table]().get(code)
    return term.label(language) if term else code


def code_labels(language: str, codes: Iterable[str], table: str) -> str:
    """Return the labels of several codes, each once."""
    return translated(language, ", ").join([code_label(language, one, table) for one in dict.fromkeys(codes)])


def codes_of(language: str, table: str) -> Sequence[tuple[str, str]]:
    """Return the codes of a list that are not retired, with their labels, sorted by label."""
    found = [(term.code, term.label(language)) for term in TABLES[table]().values() if not term.retired]
    return sorted(found, key=lambda one: one[1].casefold())


def states_as_options(language: str, chosen: str | None) -> Markup:
    """Return the States by name as options of a list. They are cached: two hundred take a millisecond to write."""
    return _states_as_options(language, chosen if chosen in reference.countries() else None)


@lru_cache(maxsize=2_000)
def _states_as_options(language: str, chosen: str | None) -> Markup:
    selected = Markup(" selected")
    names = [(code, country_name(code, language)) for code in country_order(language)]
    return Markup("").join(
        markup('<option value="{}"{}>{}</option>', code, selected if code == chosen else "", name)
        for code, name in names
    )


def options_of(language: str, field: Field, given: Mapping[str, Sequence[Option]]) -> Sequence[Option]:
    """Return the options of a field, with their labels."""
    if isinstance(field.options, str):
        if field.options in given:
            return given[field.options]
        if field.options == "countries":
            return [Option(code, country_name(code, language)) for code in country_order(language)]
        if field.options.startswith("reasons:"):
            reasons = reference.reasons(field.options.removeprefix("reasons:")).values()
            return [Option(reason.code, reason.label(language)) for reason in reasons]
        if field.options in labels.LABELS:
            of = labels.LABELS[field.options]
            return [Option(code, translated(language, label)) for code, label in of.items()]
        terms = [term for term in TABLES[field.options]().values() if not term.retired]
        return [Option(term.code, term.label(language)) for term in terms]
    return [Option(value, translated(language, label)) for value, label in field.options]


def _optional(write: Any, language: str, value: Any) -> str:
    return "" if value in (None, "") else write(value, language)


def _ago(language: str, value: str | datetime | None) -> str:
    return formats.ago(value, language, clock.now()) if value else ""


def _money(language: str, value: Mapping[str, Any] | None) -> str:
    return formats.money(value["minor"], value["currency"], language) if value else ""


def _usd(language: str, minor: int | None) -> str:
    return "" if minor is None else formats.money(minor, "USD", language)


def _state(language: str, code: str | None) -> str:
    return country_name(code, language) if code and len(code) == 3 else code or ""


def organization(language: str, code: str | None) -> str:
    """Return the name of a State, or the code of another organization."""
    if not code:
        return ""
    try:
        return country_name(code, language)
    except KeyError:
        return code


def _time(language: str, value: str | None) -> Markup:
    """Return a `<time>` element, or nothing without a value."""
    if not value:
        return Markup()
    written = formats.moment(value, language) if "T" in value else formats.day(value, language)
    return markup('<time datetime="{}">{}</time>', value, written)


def _deadline(language: str, value: str | None) -> Markup:
    """Return the last day on which something may be done as a `<time>` element, or nothing without a value."""
    return _time(language, formats.last_day(value).isoformat()) if value else Markup()
