"""A report in one of the six languages, with every heading, number and day as text, for both formats.

Digits are 0 to 9 in Arabic too, because numbers are compared with the report in another language.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources

import msgspec
from msgspec import Struct

from chassis.charts import compact
from chassis.charts.drawing import Drawing
from chassis.printing.typesetting import RTL
from contracts import formats
from contracts.reference import country_name, paragraphs
from contracts.reference.figure_labels import label_of
from contracts.values import Language
from services.reports.annual.counting import BY_SEX, BY_YEAR, MEASURES, MONEY, Number, ReportFigures
from services.reports.annual.model import INTRODUCTION, Report, ReportStatus
from services.reports.annual.printing import charts
from services.reports.annual.printing.charts import Chart, Series

SUPPRESSED = "…"
"""Three dots: not separately reported, as in the tables of the United Nations."""

OF_MONEY = frozenset(MONEY)
IN_TABLE = ("requests", "lines", "matches", "deliveries", "people")
OWN_NAMES: Mapping[Language, str] = {
    Language.AR: "العربية",
    Language.EN: "English",
    Language.ES: "español",
    Language.FR: "français",
    Language.RU: "русский",
    Language.ZH: "中文",
}


class Printed(Struct, frozen=True, kw_only=True):
    """The contents of a printed report: the report with its figures and texts."""

    report: Report
    figures: ReportFigures
    texts: Mapping[str, Mapping[Language, str]]
    """Texts by block and language."""


class Table(Struct, frozen=True, kw_only=True):
    """A table; its first `texts` columns hold text, the others numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1


class Text(Struct, frozen=True, kw_only=True):
    """The paragraphs of a text, its language, and a note if that is not the report's language."""

    paragraphs: tuple[str, ...]
    language: str
    note: str | None


class Section(Struct, frozen=True, kw_only=True):
    """A paragraph of the resolution: heading, text, and numbers, or `nothing` instead of numbers."""

    heading: str
    text: Text | None
    table: Table | None
    nothing: str


class Annex(Struct, frozen=True, kw_only=True):
    """An annex of the resolution with its paragraphs."""

    heading: str
    sections: tuple[Section, ...]


class Figure(Struct, frozen=True, kw_only=True):
    """A chart with its heading, note and table."""

    heading: str
    note: str
    chart: Chart
    table: Table


class Document(Struct, frozen=True, kw_only=True):
    """The contents of a report, the same for both formats."""

    language: str
    rtl: bool
    author: str
    title: str
    mark: str | None
    facts: tuple[tuple[str, str], ...]
    suppressed: str
    introduction_heading: str
    introduction: Text | None
    overview: str
    totals: Table
    sexes_heading: str
    sexes_note: str
    sexes: Table | None
    money_heading: str
    money_note: str
    money: Table | None
    figures: tuple[Figure, ...]
    paragraphs: str
    annexes: tuple[Annex, ...]
    foot: str
    day: date


class LabelFile(Struct, frozen=True):
    """The labels of a language, and their status: `compiled` if no speaker has reviewed them."""

    status: str
    words: dict[str, str]


@cache
def labels(language: Language) -> Mapping[str, str]:
    folder = resources.files(__package__).joinpath("labels")
    return msgspec.json.decode(folder.joinpath(f"{language}.json").read_bytes(), type=LabelFile).words


def document(printed: Printed, language: Language) -> Document:
    return _Words(printed, language).document()


class _Words:
    def __init__(self, printed: Printed, language: Language) -> None:
        self._report, self._figures, self._texts = printed.report, printed.figures, printed.texts
        self._language, self._words = language, labels(language)
        self._day = self.day(self._report.as_of)

    def document(self) -> Document:
        words, report = self._words, self._report
        title = words["title_conference" if report.state is None else "title_state"]
        name = country_name(report.state, self._language) if report.state else ""
        money = [name for name in MONEY if report.state is None]
        return Document(
            language=self._language.value,
            rtl=self._language in RTL,
            author=words["author"],
            title=title.format(year=report.year, state=name),
            mark=words["draft"] if report.status is ReportStatus.DRAFT else None,
            facts=tuple(self._facts()),
            suppressed=words["suppressed"],
            introduction_heading=words["introduction"],
            introduction=self._text(INTRODUCTION),
            overview=words["totals"],
            totals=self._numbers(self._figures.totals, [name for name in MEASURES if name not in money]),
            sexes_heading=words["sexes"],
            sexes_note=words["sexes_note"],
            sexes=self._by_sex() if self._figures.sexes else None,
            money_heading=words["money"],
            money_note=words["money_note"],
            money=self._numbers(self._figures.totals, money) if money else None,
            figures=(self._by_paragraph(), self._by_year()),
            paragraphs=words["paragraphs"],
            annexes=tuple(self._annex(number) for number in ("I", "II")),
            foot=words["foot"].format(number=report.number, day=self._day),
            # The date in the file is the day of issue, so that an issued report always gives the same file.
            day=report.issued_at.astimezone(UTC).date() if report.issued_at else report.as_of,
        )

    def _facts(self) -> list[tuple[str, str]]:
        words, report = self._words, self._report
        found = [(words["version"], str(report.number)), (words["as_of"], self._day)]
        newest = max((one.newest for one in self._figures.freshness if one.newest), default=None)
        if newest is not None:
            found.append((words["counted"], self._moment(newest)))
        if report.issued_at is not None:
            found.append((words["issued_on"], self.day(report.issued_at.astimezone(UTC).date())))
        else:
            found.append((words["status"], words["draft"]))
        return [*found, (words["checksum"], f"{report.figures_hash[:16]}…")]

    # -- texts --------------------------------------------------------------------------------------------------------

    def _text(self, block: str) -> Text | None:
        """Return the text in this language, or else in its source language; None if there is neither."""
        texts = self._texts.get(block, {})
        source = self._report.source_of(block)
        language = self._language if self._language in texts else source.source_language if source else None
        if language is None or language not in texts:
            return None
        note = None
        if language is not self._language:
            note = self._words["text_in"].format(language=OWN_NAMES[language])
        found = tuple(part.strip() for part in texts[language].replace("\r\n", "\n").split("\n\n") if part.strip())
        return Text(paragraphs=found, language=language.value, note=note)

    # -- numbers ------------------------------------------------------------------------------------------------------

    def _numbers(self, numbers: Mapping[str, Number], names: Sequence[str]) -> Table:
        return Table(
            head=(self._words["measure"], self._in_year, self._words["to_date"].format(day=self._day)),
            rows=tuple(
                (self._words[name], self._shown(name, numbers[name].in_year), self._shown(name, numbers[name].to_date))
                for name in names
                if name in numbers
            ),
        )

    def _by_sex(self) -> Table:
        numbers = [(one, name) for name in BY_SEX for one in self._figures.sexes]
        return Table(
            head=(
                self._words["measure"],
                self._words["sex"],
                self._in_year,
                self._words["to_date"].format(day=self._day),
            ),
            rows=tuple(
                (
                    self._words[name],
                    label_of("sex", one.sex, self._language),
                    self.number(one.numbers[name].in_year),
                    self.number(one.numbers[name].to_date),
                )
                for one, name in numbers
            ),
            texts=2,
        )

    @property
    def _in_year(self) -> str:
        return self._words["in_year"].format(year=self._report.year)

    def _annex(self, number: str) -> Annex:
        sections = tuple(
            self._section(one.paragraph, one.numbers)
            for one in self._figures.paragraphs
            if one.paragraph.partition(".")[0] == number
        )
        return Annex(heading=self._words["annex"].format(number=number), sections=sections)

    def _section(self, paragraph: str, numbers: Mapping[str, Number]) -> Section:
        recorded = [
            name for name in MEASURES if name in numbers and (numbers[name].in_year, numbers[name].to_date) != (0, 0)
        ]
        return Section(
            heading=f"{paragraph} · {paragraphs()[paragraph].label(self._language.value)}",
            text=self._text(paragraph),
            table=self._numbers(numbers, recorded) if recorded else None,
            nothing=self._words["none"],
        )

    def _by_paragraph(self) -> Figure:
        codes = [one.paragraph for one in self._figures.paragraphs]
        series = Series(
            self._words["requests"], tuple(one.numbers["requests"].to_date for one in self._figures.paragraphs)
        )
        heading = self._words["chart_paragraphs"].format(day=self._day)
        drawing = compact.bars(codes, series.numbers, self.number, title=heading, mirrored=self._language in RTL)
        table = Table(
            head=(self._words["paragraph"], *(self._words[name] for name in IN_TABLE)),
            rows=tuple(
                (one.paragraph, *(self.number(one.numbers[name].to_date) for name in IN_TABLE))
                for one in self._figures.paragraphs
            ),
        )
        return self._figure(heading, drawing, codes, [series], table)

    def _by_year(self) -> Figure:
        years = [str(one.year) for one in self._figures.years]
        names = [name for name in BY_YEAR if all(name in one.numbers for one in self._figures.years)]
        series = [Series(self._words[name], tuple(one.numbers[name] for one in self._figures.years)) for name in names]
        heading = self._words["chart_years"]
        numbers = [one.numbers for one in series]
        drawing = compact.columns(years, numbers, self.number, title=heading, mirrored=self._language in RTL)
        table = Table(
            head=(self._words["year"], *(one.name for one in series)),
            rows=tuple(
                (year, *(self.number(one.numbers[place]) for one in series)) for place, year in enumerate(years)
            ),
        )
        return self._figure(heading, drawing, years, series, table)

    def _figure(
        self, heading: str, drawing: Drawing, keys: Sequence[str], series: Sequence[Series], table: Table
    ) -> Figure:
        values = charts.in_words(keys, series, self.number, self._words)
        description = self._words["chart_alt"].format(title=heading, values=values)
        chart = charts.chart_of(drawing, description, series)
        return Figure(heading=heading, note=self._words["chart_note"], chart=chart, table=table)

    def _shown(self, name: str, number: int | None) -> str:
        """Format a number; amounts are in whole dollars."""
        return self.number(number // 100 if number is not None and name in OF_MONEY else number)

    def number(self, number: int | None) -> str:
        if number is None:
            return SUPPRESSED
        return formats.number(number, self._language)

    def day(self, day: date) -> str:
        return formats.day(day, self._language)

    def _moment(self, moment: datetime) -> str:
        return self.day(moment.astimezone(UTC).date())
