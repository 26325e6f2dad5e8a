"""Translations as callers see them: without the texts that the policy withholds of their source."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import asdict

from chassis.db.database import Tx
from chassis.translations import of_source
from contracts.conversion import from_attributes
from contracts.translations import TranslatedBy
from contracts.values import Caller, Language
from services.requests import policy
from services.requests.policy import Action, Guarded
from services.requests.request.model import Request
from services.requests.translation import store as translation_store
from services.requests.translation.model import TRANSLATIONS, Translation
from services.requests.translation.texts import TranslatedLine, TranslatedTexts


class TranslatedLineView(Struct, frozen=True, kw_only=True):
    """The texts of a line in the translation's language; a text that is not translated or withheld is absent."""

    line_id: UUID
    institution_name: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    in_place: str | UnsetType = UNSET
    markers_justification: str | UnsetType = UNSET


class TranslationView(Struct, frozen=True, kw_only=True):
    """A translation of a request's texts. A text that is not translated or withheld is absent.

    `made_by` is the State, UNODC or a machine; `stale` is true if the texts in `source_language` changed after the
    translation.
    """

    request_id: UUID
    language: Language
    source_language: Language
    made_by: TranslatedBy
    stale: bool
    revision: int
    made_at: datetime
    title: str | UnsetType = UNSET
    need: str | UnsetType = UNSET
    lines: tuple[TranslatedLineView, ...]


async def visible(tx: Tx, caller: Caller, request: Request, language: Language | None = None) -> list[TranslationView]:
    """Return the translations of a request of which the caller may read something; with `language` only that one."""
    decision = policy.decide(caller, Action.READ_TRANSLATIONS, request)
    if not decision.allowed:
        return []
    lines_shown = policy.lines_shown(caller, request)
    found = [
        view(one, request, await translation_store.texts(tx, one.translation_id), decision.fields, lines_shown)
        for one in await of_source(tx, TRANSLATIONS, request.request_id, language)
    ]
    return [one for one in found if one is not None]


def view(
    translation: Translation,
    request: Request,
    texts: TranslatedTexts,
    guarded: frozenset[str],
    lines_shown: Mapping[UUID, frozenset[str]],
) -> TranslationView | None:
    """Return the translation with these guarded fields, or None if they show no text of it."""
    words = Guarded.WORDS in guarded
    by_line = {line.line_id: line for line in texts.lines}
    lines = [
        _line(by_line[line.line_id], lines_shown[line.line_id])
        for line in request.all_lines
        if line.line_id in lines_shown and line.line_id in by_line
    ]
    title, need = (texts.title or UNSET, texts.need or UNSET) if words else (UNSET, UNSET)
    shown = tuple(line for line in lines if line is not None)
    if not words and not shown:
        return None
    return from_attributes(
        TranslationView, translation, stale=translation.is_stale(request), title=title, need=need, lines=shown
    )


def _line(line: TranslatedLine, guarded: frozenset[str]) -> TranslatedLineView | None:
    texts = {name: text for name, text in asdict(line).items() if text and name != "line_id"}
    if not guarded >= {Guarded.INSTITUTION, Guarded.INSTITUTION_NAME}:
        texts.pop("institution_name", None)
    if Guarded.WORDS not in guarded:
        texts = {name: text for name, text in texts.items() if name == "institution_name"}
    return TranslatedLineView(line_id=line.line_id, **texts) if texts else None
