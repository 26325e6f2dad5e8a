"""Actions on translations of offerings: load for this caller, decide, save, announce."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Invalid
from contracts.values import Language
from services.matching import policy
from services.matching.offerings import store as offering_store
from services.matching.offerings import translation as model
from services.matching.offerings import translation_store
from services.matching.offerings.model import Offering
from services.matching.offerings.store import Texts
from services.matching.offerings.translation import OfferingTranslation, TranslatedTexts, Version
from services.matching.policy import Action


async def record(tx: Tx, before: OfferingTranslation | None, fact: Fact) -> OfferingTranslation:
    """Apply a fact to the translation, save it, and announce the fact."""
    after = model.evolve(before, fact)
    await translation_store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


async def add(
    tx: Tx,
    ctx: Context,
    offering_translation_id: UUID,
    offering_id: UUID,
    language: Language,
    translated: TranslatedTexts,
    *,
    machine: bool,
    source_revision: int,
) -> None:
    """Translate an offering into a language; it is locked, so that there is one translation per language."""
    offering = await _offering(tx, ctx, offering_id)
    version, salt = await _version(tx, ctx, offering, translated, machine=machine, source_revision=source_revision)
    existing = {one.language for one in await translation_store.views(tx, [offering])}
    fact = model.add(offering_translation_id, offering, language, version, existing, now=ctx.now)
    await translation_store.save_texts(tx, await record(tx, None, fact), translated, salt)


async def replace(
    tx: Tx,
    ctx: Context,
    offering_id: UUID,
    language: Language,
    translated: TranslatedTexts,
    *,
    machine: bool,
    source_revision: int,
) -> None:
    """Translate an offering again; the former texts are deleted."""
    offering, before = await _for_change(tx, ctx, offering_id, language)
    version, salt = await _version(tx, ctx, offering, translated, machine=machine, source_revision=source_revision)
    await translation_store.delete_texts(tx, before.offering_translation_id)
    after = await record(tx, before, before.replace(version, now=ctx.now))
    await translation_store.save_texts(tx, after, translated, salt)


async def withdraw(tx: Tx, ctx: Context, offering_id: UUID, language: Language) -> None:
    """Withdraw a translation; its texts are deleted."""
    _, before = await _for_change(tx, ctx, offering_id, language)
    await record(tx, before, before.withdraw(now=ctx.now))
    await translation_store.delete_texts(tx, before.offering_translation_id)


async def _for_change(
    tx: Tx, ctx: Context, offering_id: UUID, language: Language
) -> tuple[Offering, OfferingTranslation]:
    offering = await _offering(tx, ctx, offering_id)
    found = await translation_store.get(tx, offering_id, language)
    policy.decide(ctx.caller, Action.TRANSLATE, policy.Translated(offering, found.made_by)).required()
    check_revision(found.revision, ctx.expected)
    return offering, found


async def _offering(tx: Tx, ctx: Context, offering_id: UUID) -> Offering:
    offering = await offering_store.get(tx, offering_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, Action.TRANSLATE, offering).required()
    return offering


async def _version(
    tx: Tx, ctx: Context, offering: Offering, translated: TranslatedTexts, *, machine: bool, source_revision: int
) -> tuple[Version, bytes]:
    """Return the version, from the texts in that revision of the offering, and the salt of the translation's hash."""
    sources = await offering_store.texts(tx, [offering.offering_id])
    translated.check(sources.get(offering.offering_id, Texts(title="", summary="")))
    source_hash = await translation_store.source_hash(tx, offering.offering_id, source_revision)
    if source_hash is None:
        raise Invalid("invalid-field", field="source_revision", expected="revision_of_offering")
    salt, texts_hash = hash_texts(translated)
    version = Version(
        made_by=policy.author(ctx.caller, machine=machine),
        source_language=offering.language,
        source_hash=source_hash,
        texts_hash=texts_hash,
    )
    return version, salt
