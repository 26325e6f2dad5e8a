"""Actions on translations: load for this caller, decide, save, announce. The caller opens the transaction."""

from uuid import UUID

from chassis.context import Context
from chassis.db.database import Tx
from chassis.http.idempotency import check_revision
from chassis.journal.outbox import announce
from chassis.texts import hash_texts
from contracts.facts import Fact
from contracts.refusals import Invalid
from contracts.values import Language
from services.requests import policy
from services.requests.policy import Action
from services.requests.request import store
from services.requests.request.model import Request
from services.requests.translation import model, texts
from services.requests.translation import store as translation_store
from services.requests.translation.model import Translation, Version
from services.requests.translation.texts import TranslatedTexts


async def record(tx: Tx, before: Translation | None, fact: Fact) -> Translation:
    """Apply a fact to the translation, save it, and announce the fact."""
    after = model.evolve(before, fact)
    await translation_store.save(tx, after)
    await announce(tx, fact, version=after.revision)
    return after


async def add(
    tx: Tx,
    ctx: Context,
    translation_id: UUID,
    request_id: UUID,
    language: Language,
    translated: TranslatedTexts,
    *,
    machine: bool,
    source_revision: int,
) -> None:
    """Translate a request into a language. Locks the request, so that there is one translation per language."""
    request = await store.get(tx, request_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, Action.TRANSLATE, request).required()
    version, salt = await _version(tx, ctx, request, translated, machine=machine, source_revision=source_revision)
    existing = {one.language for one in await translation_store.of_request(tx, request_id)}
    fact = model.add(translation_id, request, language, version, existing, now=ctx.now)
    await translation_store.save_texts(tx, await record(tx, None, fact), translated, salt)


async def replace(
    tx: Tx,
    ctx: Context,
    request_id: UUID,
    language: Language,
    translated: TranslatedTexts,
    *,
    machine: bool,
    source_revision: int,
) -> None:
    """Translate a request again; the former texts are deleted."""
    request, before = await _for_change(tx, ctx, request_id, language)
    version, salt = await _version(tx, ctx, request, translated, machine=machine, source_revision=source_revision)
    await translation_store.delete_texts(tx, before.translation_id)
    after = await record(tx, before, before.replace(version, now=ctx.now))
    await translation_store.save_texts(tx, after, translated, salt)


async def withdraw(tx: Tx, ctx: Context, request_id: UUID, language: Language) -> None:
    """Withdraw a translation; its texts are deleted."""
    _, before = await _for_change(tx, ctx, request_id, language)
    await record(tx, before, before.withdraw(now=ctx.now))
    await translation_store.delete_texts(tx, before.translation_id)


async def _for_change(tx: Tx, ctx: Context, request_id: UUID, language: Language) -> tuple[Request, Translation]:
    request = await store.get(tx, request_id, ctx.caller, lock=True)
    policy.decide(ctx.caller, Action.TRANSLATE, request).required()
    found = await translation_store.get(tx, request_id, language, lock=True)
    policy.decide(ctx.caller, Action.TRANSLATE, policy.Translated(request, found.made_by)).required()
    check_revision(found.revision, ctx.expected)
    return request, found


async def _version(
    tx: Tx, ctx: Context, request: Request, translated: TranslatedTexts, *, machine: bool, source_revision: int
) -> tuple[Version, bytes]:
    """Return the version for a translation of the texts in that revision, and the salt of the translation's hash."""
    source = await store.texts(tx, request)
    by_line = {line.line_id: text for line, text in zip(request.all_lines, source.lines, strict=True)}
    texts.check(translated, source.title, source.need, by_line)
    source_hash = await translation_store.source_hash(tx, request.request_id, source_revision)
    if source_hash is None:
        raise Invalid("invalid-field", field="source_revision", expected="revision_of_request")
    salt, texts_hash = hash_texts(translated)
    version = Version(
        made_by=policy.author(ctx.caller, machine=machine),
        source_language=request.language,
        source_hash=source_hash,
        texts_hash=texts_hash,
    )
    return version, salt
