"""The routes of translations of an offering's texts."""

from typing import Annotated
from uuid import UUID, uuid5

from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from chassis import translations
from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.commands import change, create, show
from chassis.http.pages import Part
from chassis.translations import SentTranslation, Translating
from contracts.refusals import Invalid, Missing
from contracts.values import Language
from services.matching import policy
from services.matching.offerings import store as offering_store
from services.matching.offerings import translation_store
from services.matching.offerings.model import Offering
from services.matching.offerings.store import Texts
from services.matching.offerings.translation import OFFERING_TRANSLATIONS, TranslatedTexts
from services.matching.offerings.translation_store import OfferingTranslationView
from services.matching.policy import Action

TRANSLATIONS = "/v1/offerings/{offering_id:uuid}/translations"
TRANSLATION = f"{TRANSLATIONS}/{{language:str}}"


class OfferingTranslationBody(SentTranslation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The translated texts of an offering; an empty text is not translated.

    `source_revision` is the revision of the offering whose texts were translated; `machine` is true if a machine
    translated them.
    """

    title: Annotated[str, Meta(max_length=400)] = ""
    summary: Annotated[str, Meta(max_length=8000)] = ""

    def texts(self) -> TranslatedTexts:
        return TranslatedTexts(title=self.title, summary=self.summary)


class NewOfferingTranslation(OfferingTranslationBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A translation into a language that the offering is not translated into yet."""

    language: Language


async def _check(tx: Tx, offering: Offering, translated: TranslatedTexts) -> None:
    sources = await offering_store.texts(tx, [offering.offering_id])
    translated.check(sources.get(offering.offering_id, Texts(title="", summary="")))


TRANSLATING = Translating(
    of=OFFERING_TRANSLATIONS,
    action=Action.TRANSLATE,
    decide=policy.decide,
    translated=policy.Translated,
    author=policy.author,
    source=offering_store.get,
    check=_check,
    save_texts=translation_store.save_texts,
    unknown=lambda: Invalid("invalid-field", field="source_revision", expected="revision_of_offering"),
)


async def _read(tx: Tx, ctx: Context, offering_id: UUID, language: FromPath[Language]) -> OfferingTranslationView:
    found = await translation_store.views(tx, [await offering_store.get(tx, offering_id, ctx.caller)], language)
    if not found:
        raise Missing("not-found")
    return found[0]


async def _read_added(tx: Tx, ctx: Context, key: tuple[UUID, Language]) -> OfferingTranslationView:
    return await _read(tx, ctx, *key)


class OfferingTranslations(Struct, frozen=True, kw_only=True):
    """The translations of an offering, by language."""

    translations: list[OfferingTranslationView]
    cursor: str | None = None


async def _read_all(tx: Tx, ctx: Context, offering_id: UUID) -> OfferingTranslations:
    offering = await offering_store.get(tx, offering_id, ctx.caller)
    return OfferingTranslations(translations=await translation_store.views(tx, [offering]))


@show(TRANSLATIONS, Action.SHOW_OFFERING, "The translations of an offering")
async def list_offering_translations(
    tx: Tx, ctx: Context, offering_id: FromPath[UUID], part: Part
) -> OfferingTranslations:
    return part.of(await _read_all(tx, ctx, offering_id), at=lambda one: one.language)


@show(TRANSLATION, Action.SHOW_OFFERING, "An offering's translation into a language")
async def show_offering_translation(
    tx: Tx, ctx: Context, offering_id: FromPath[UUID], language: FromPath[Language]
) -> OfferingTranslationView:
    return await _read(tx, ctx, offering_id, language)


@create(
    TRANSLATIONS,
    Action.TRANSLATE,
    "Translate an offering",
    read=_read_added,
    key=lambda offering_id, data: (offering_id, data.language),
    outcome=lambda key: uuid5(*key),
    location=lambda view: f"/v1/offerings/{view.offering_id}/translations/{view.language}",
)
async def translate_offering(
    tx: Tx, ctx: Context, _: tuple[UUID, Language], offering_id: FromPath[UUID], data: JSONBody[NewOfferingTranslation]
) -> None:
    """Requires an officer of the offering's provider, or a coordinator. There is one translation for each language.

    The offering and its revision are not changed.
    """
    await translations.add(tx, ctx, TRANSLATING, offering_id, data.language, data.texts(), data)


@change(TRANSLATION, Action.TRANSLATE, "Translate an offering again", read=_read, method="PUT")
async def replace_offering_translation(
    tx: Tx,
    ctx: Context,
    offering_id: FromPath[UUID],
    language: FromPath[Language],
    data: JSONBody[OfferingTranslationBody],
) -> None:
    """Replaces the whole translation: the former texts are deleted.

    A translation of the provider is replaced by the provider only.
    """
    await translations.replace(tx, ctx, TRANSLATING, offering_id, language, data.texts(), data)


@change(TRANSLATION, Action.TRANSLATE, "Withdraw a translation of an offering", read=_read_all, method="DELETE")
async def withdraw_offering_translation(
    tx: Tx, ctx: Context, offering_id: FromPath[UUID], language: FromPath[Language]
) -> None:
    """Deletes the texts of the translation. Answers with the translations that are left."""
    await translations.withdraw(tx, ctx, TRANSLATING, offering_id, language)


ROUTES = [
    list_offering_translations,
    show_offering_translation,
    translate_offering,
    replace_offering_translation,
    withdraw_offering_translation,
]
