"""The rules of translations and public summaries, without a database."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from contracts.facts import Fact
from contracts.refusals import Conflict, Invalid, Missing
from contracts.translations import TranslatedBy, Version
from contracts.values import Language
from services.requests.request.model import Request
from services.requests.request.specificity import LineText
from services.requests.request.values import Status, Visibility
from services.requests.summary import model as summaries
from services.requests.summary.model import PublicSummary, SummaryStatus, is_stale
from services.requests.translation.model import TRANSLATIONS
from services.requests.translation.texts import TranslatedLine, TranslatedTexts, check
from tests.builders import NOON
from tests.requests import builders

STATE = TranslatedBy.STATE
LINE = UUID(int=1)
SOURCE = LineText(institution_name="Court", outcome="Outcome", in_place="", markers_justification="")


def a_request(**changes: Any) -> Request:
    request = builders.a_request(Status.OPEN)
    return replace(request, visibility=Visibility.PUBLIC_SUMMARY, **changes)


def after(summary: PublicSummary | None, *facts: Fact) -> PublicSummary:
    for fact in facts:
        summary = summaries.evolve(summary, fact)
    assert summary is not None
    return summary


def a_draft(request: Request) -> PublicSummary:
    return after(None, summaries.draft(uuid4(), request, Language.EN, STATE, "first", now=NOON))


def test_summary_is_approved_and_changed_afterwards() -> None:
    request = a_request()
    draft = a_draft(request)
    approved = after(draft, draft.approve(request, now=NOON))
    changed = after(approved, approved.revise(Language.EN, STATE, "second", now=NOON))
    unpublished = after(changed, changed.unpublish(now=NOON))

    assert [one.status for one in (draft, approved, changed, unpublished)] == [
        SummaryStatus.DRAFT, SummaryStatus.APPROVED, SummaryStatus.CHANGED, SummaryStatus.DRAFT,
    ]  # fmt: skip
    assert (changed.texts, unpublished.texts) == ({"first", "second"}, {"second"})
    assert unpublished.approved_at is None


def test_a_translation_of_a_summary_is_stale_after_its_source() -> None:
    draft = a_draft(a_request())
    translated = after(draft, draft.translate(Language.AR, STATE, "arabic", now=NOON))
    revised = after(translated, translated.revise(Language.EN, STATE, "second", now=NOON))
    again = after(revised, revised.translate(Language.AR, STATE, "other", now=NOON))

    assert [is_stale(one.draft[Language.AR], one.draft) for one in (translated, revised, again)] == [False, True, False]


def test_a_summary_takes_the_language_of_its_new_source() -> None:
    draft = a_draft(a_request())
    translated = after(draft, draft.translate(Language.FR, STATE, "french", now=NOON))

    revised = after(translated, translated.revise(Language.FR, STATE, "source", now=NOON))

    assert (revised.language, set(revised.draft), revised.texts) == (Language.FR, {Language.FR}, {"source"})


@pytest.mark.parametrize(
    ("changes", "slug"),
    [({"restricted": True}, "summary-restricted"), ({"visibility": Visibility.PROVIDERS}, "summary-not-chosen")],
)
def test_a_summary_is_not_approved_for_every_request(changes: dict[str, Any], slug: str) -> None:
    draft = a_draft(a_request())

    with pytest.raises(Conflict) as no:
        draft.approve(replace(a_request(), **changes), now=NOON)

    assert slug == no.value.slug


def test_the_source_of_a_summary_is_not_removed() -> None:
    with pytest.raises(Missing):
        a_draft(a_request()).remove_translation(Language.EN, now=NOON)


def translated(title: str = "", **line: str) -> TranslatedTexts:
    texts = {name: line.get(name, "") for name in LineText.__struct_fields__}
    return TranslatedTexts(title=title, need="", lines=(TranslatedLine(line_id=LINE, **texts),) if line else ())


@pytest.mark.parametrize(
    ("texts", "slug"),
    [
        (translated(), "translation-empty"),
        (translated(in_place="Etat"), "translation-without-source"),
        (TranslatedTexts(title="Titre", need="", lines=translated(outcome="x").lines * 2), "line-unknown"),
    ],
)
def test_a_translation_that_does_not_fit_its_source_is_refused(texts: TranslatedTexts, slug: str) -> None:
    with pytest.raises(Invalid) as no:
        check(texts, "Title", "", {LINE: SOURCE})

    assert slug == no.value.slug


def test_a_translation_replaced_is_one_revision_on() -> None:
    request = a_request()
    version = Version(made_by=STATE, source_language=request.language, source_hash=request.texts_hash, texts_hash="one")
    one = TRANSLATIONS.evolve(None, TRANSLATIONS.add(uuid4(), request, Language.AR, version, (), now=NOON))
    machine = replace(version, made_by=TranslatedBy.MACHINE, source_hash="before", texts_hash="two")

    other = TRANSLATIONS.evolve(one, TRANSLATIONS.replace(one, machine, now=NOON))

    assert (one.revision, one.is_stale(request)) == (1, False)
    assert (other.revision, other.is_stale(request), other.made_by) == (2, True, TranslatedBy.MACHINE)
    with pytest.raises(Conflict):
        TRANSLATIONS.add(uuid4(), request, Language.AR, version, (Language.AR,), now=NOON)
