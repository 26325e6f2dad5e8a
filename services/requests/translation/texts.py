"""The texts of a translation of a request, checked against their source. An empty text is not translated."""

from collections.abc import Iterator
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from contracts.refusals import Invalid
from contracts.translations import TranslatedBy, check_translated
from contracts.values import Language
from services.requests.request.specificity import LineText


class TranslatedLine(LineText, frozen=True, kw_only=True):
    """The translated texts of one line."""

    line_id: UUID


class TranslatedTexts(Struct, frozen=True, kw_only=True):
    """The translated texts of a request."""

    title: str
    need: str
    lines: tuple[TranslatedLine, ...]


class TitleTranslation(Struct, frozen=True, kw_only=True):
    """A request's title in the reader's language; `stale` if the texts of the request changed afterwards."""

    title: str
    language: Language
    made_by: TranslatedBy
    stale: bool


def check(translated: TranslatedTexts, title: str, need: str, lines: dict[UUID, LineText]) -> None:
    """Raise Invalid for unknown or repeated lines, for texts that the source lacks, and if nothing is translated."""
    seen: set[UUID] = set()
    for number, line in enumerate(translated.lines):
        if line.line_id not in lines or line.line_id in seen:
            raise Invalid("line-unknown", field=f"lines[{number}].line_id")
        seen.add(line.line_id)
    check_translated(_pairs(translated, title, need, lines))


def _pairs(
    translated: TranslatedTexts, title: str, need: str, lines: dict[UUID, LineText]
) -> Iterator[tuple[str, str, str]]:
    """Yield each text with the name of its field and its source."""
    yield "title", translated.title, title
    yield "need", translated.need, need
    for number, line in enumerate(translated.lines):
        for name, source in asdict(lines[line.line_id]).items():
            yield f"lines[{number}].{name}", getattr(line, name), source
