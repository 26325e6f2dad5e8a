"""The routes of translations of a request's texts."""

from typing import Annotated
from uuid import UUID, uuid5

from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct
from msgspec.structs import asdict

from chassis import translations
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, create, show
from chassis.http.pages import Part
from chassis.translations import SentTranslation, Translating
from contracts.refusals import Invalid, Missing
from contracts.requests import LINES_MAX
from contracts.values import NAME, Language
from services.requests import policy
from services.requests.audience import store as audience_store
from services.requests.policy import Action
from services.requests.request import store
from services.requests.request.model import Request
from services.requests.translation import store as translation_store
from services.requests.translation.model import TRANSLATIONS as REQUEST_TRANSLATIONS
from services.requests.translation.texts import TranslatedLine, TranslatedTexts, check
from services.requests.translation.visible_store import TranslationView, visible

TRANSLATIONS = "/v1/requests/{request_id:uuid}/translations"
TRANSLATION = f"{TRANSLATIONS}/{{language:str}}"

# Twice the limits of the source: a text in French or Russian is far longer than the same text in Chinese.
Name = Annotated[str, Meta(max_length=600, pattern=NAME)]
Words = Annotated[str, Meta(max_length=4000)]


class NewTranslatedLine(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The translated texts of one line; an empty text is not translated."""

    line_id: UUID
    institution_name: Name = ""
    outcome: Words = ""
    in_place: Words = ""
    markers_justification: Words = ""


class TranslationBody(SentTranslation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The translated texts of a request; an empty text is not translated.

    `source_revision` is the revision of the request whose texts were translated; `machine` is true if a machine
    translated them.
    """

    title: Annotated[str, Meta(max_length=400)] = ""
    need: Annotated[str, Meta(max_length=8000)] = ""
    lines: Annotated[tuple[NewTranslatedLine, ...], Meta(max_length=LINES_MAX)] = ()

    def texts(self) -> TranslatedTexts:
        lines = tuple(TranslatedLine(**asdict(line)) for line in self.lines)
        return TranslatedTexts(title=self.title, need=self.need, lines=lines)


class NewTranslation(TranslationBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A translation into a language that the request is not translated into yet."""

    language: Language


class RequestTranslations(Struct, frozen=True, kw_only=True):
    """The translations of a request, by language."""

    translations: list[TranslationView]
    cursor: str | None = None


async def _check(tx: Tx, request: Request, translated: TranslatedTexts) -> None:
    source = await store.texts(tx, request)
    by_line = {line.line_id: text for line, text in zip(request.all_lines, source.lines, strict=True)}
    check(translated, source.title, source.need, by_line)


TRANSLATING = Translating(
    of=REQUEST_TRANSLATIONS,
    action=Action.TRANSLATE,
    decide=policy.decide,
    translated=policy.Translated,
    author=policy.author,
    source=store.get,
    check=_check,
    save_texts=translation_store.save_texts,
    unknown=lambda: Invalid("invalid-field", field="source_revision", expected="revision_of_request"),
)


async def _visible(tx: Tx, ctx: Context, request_id: UUID, language: Language | None = None) -> list[TranslationView]:
    await translation_store.require_words(tx, request_id)
    request = await store.get(tx, request_id, ctx.caller)
    policy.decide(ctx.caller, Action.READ_TRANSLATIONS, request).required()
    found = await visible(tx, ctx.caller, request, language)
    await audience_store.log_access(tx, request, ctx.caller)
    return found


async def _read(tx: Tx, ctx: Context, request_id: UUID, language: FromPath[Language]) -> TranslationView:
    found = await _visible(tx, ctx, request_id, language)
    if not found:
        raise Missing("not-found")
    return found[0]


async def _read_added(tx: Tx, ctx: Context, key: tuple[UUID, Language]) -> TranslationView:
    return await _read(tx, ctx, *key)


async def _read_all(tx: Tx, ctx: Context, request_id: UUID) -> RequestTranslations:
    return RequestTranslations(translations=await _visible(tx, ctx, request_id))


@show(TRANSLATIONS, Action.READ_TRANSLATIONS, "The translations of a request")
async def list_translations(tx: Tx, ctx: Context, request_id: FromPath[UUID], part: Part) -> RequestTranslations:
    """Shows the texts that the caller may also read of the request itself."""
    return part.of(await _read_all(tx, ctx, request_id), at=lambda one: one.language)


@show(TRANSLATION, Action.READ_TRANSLATIONS, "A request's translation into a language")
async def show_translation(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], language: FromPath[Language]
) -> TranslationView:
    return await _read(tx, ctx, request_id, language)


@create(
    TRANSLATIONS,
    Action.TRANSLATE,
    "Translate a request",
    read=_read_added,
    key=lambda request_id, data: (request_id, data.language),
    outcome=lambda key: uuid5(*key),
    location=lambda view: f"/v1/requests/{view.request_id}/translations/{view.language}",
)
async def add_translation(
    tx: Tx, ctx: Context, _: tuple[UUID, Language], request_id: FromPath[UUID], data: JSONBody[NewTranslation]
) -> None:
    """Requires the role `focal_point` or `official` of the State, or `coordinator`.

    There is one translation per language.

    The request and its revision are not changed.
    """
    await translations.add(tx, ctx, TRANSLATING, request_id, data.language, data.texts(), data)


@change(TRANSLATION, Action.TRANSLATE, "Translate a request again", read=_read, method="PUT")
async def replace_translation(
    tx: Tx, ctx: Context, request_id: FromPath[UUID], language: FromPath[Language], data: JSONBody[TranslationBody]
) -> None:
    """Replaces the whole translation; the former texts are deleted.

    Only the State may replace a translation of the State.
    """
    await translations.replace(tx, ctx, TRANSLATING, request_id, language, data.texts(), data)


@change(TRANSLATION, Action.TRANSLATE, "Withdraw a translation of a request", read=_read_all, method="DELETE")
async def withdraw_translation(tx: Tx, ctx: Context, request_id: FromPath[UUID], language: FromPath[Language]) -> None:
    """Deletes the texts of the translation, and answers with the remaining translations."""
    await translations.withdraw(tx, ctx, TRANSLATING, request_id, language)


ROUTES = [list_translations, show_translation, add_translation, replace_translation, withdraw_translation]
