"""Problems are in the preferred language, and each kind of refusal has one status."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.http.problems import STATUSES, language_of, problem_of
from contracts.refusals import Missing, Refusal, Stale
from contracts.values import Language

HEADER_PIECES = st.sampled_from(
    [
        *Language,
        "fr-CA",
        "zh-Hant-TW",
        "de",
        "*",
        ",",
        ";",
        " ",
        "\t",
        "-",
        "_",
        "=",
        "@",
        ".",
        "q=",
        "q=0",
        "q=1.0",
        ";q=0.5",
    ]
)
HEADERS = st.one_of(st.text(max_size=500), st.lists(HEADER_PIECES, max_size=200).map(lambda p: "".join(p)[:500]))


@pytest.mark.parametrize(
    ("header", "language"),
    [
        # Without a preference: English.
        (None, "en"),
        ("", "en"),
        # Each of the six, in any case, in any region or script.
        *((language.value, language.value) for language in Language),
        ("FR", "fr"),
        ("fr-CA", "fr"),
        ("es-419", "es"),
        ("ar-EG", "ar"),
        ("zh-Hans-CN", "zh"),
        ("zh-Hant-TW", "zh"),
        # The first of equal weights, otherwise the one with the highest weight.
        ("fr, ru", "fr"),
        ("ru, fr", "ru"),
        ("en;q=0.1, ar", "ar"),
        ("fr;q=0.3, ru;q=0.31, zh;q=0.309", "ru"),
        ("es;q=1.000, fr;q=0.999", "es"),
        ("fr-CA;q=0.8,es;q=0.9,en;q=0.7", "es"),
        # Weight 0 excludes a language.
        ("fr;q=0", "en"),
        ("fr;q=0.000, zh;q=0.001", "zh"),
        # After an unsupported language the next one is used, then English.
        ("de", "en"),
        ("de-CH, pt;q=0.9, ru;q=0.1", "ru"),
        ("tlh, x-klingon", "en"),
        # The wildcard accepts any language.
        ("*", "en"),
        ("*;q=0.5, fr;q=0.1", "fr"),
        ("de, *", "en"),
        # Malformed headers: the readable parts are used.
        (",,;;,", "en"),
        ("q=1", "en"),
        ("-", "en"),
        (";q=1", "en"),
        (", ,es", "es"),
        ("fr;q=abc", "fr"),
        ("fr;q=", "fr"),
        ("fr;q=-1, es", "fr"),
        ("zh_Hant", "zh"),
        ("\x00\xff, ru", "ru"),
        # At most twenty languages are read.
        ("de," * 19 + "fr", "fr"),
        ("de," * 20 + "fr", "en"),
    ],
)
def test_language_is_the_preferred_supported_one(header: str | None, language: str) -> None:
    assert language_of(header) is Language(language)


@given(HEADERS)
@example("x" * 500)
@example("," * 500)
@example("fr;q=" + "9" * 495)
@example("fr@@@euro.@")
def test_arbitrary_accept_language_gives_a_supported_language(header: str) -> None:
    assert language_of(header) in list(Language)


@given(st.permutations(list(Language)))
def test_weights_decide_over_order_in_accept_language(languages: list[Language]) -> None:
    wishes = [f"{language};q=0.{9 - place}" for place, language in enumerate(languages)]

    assert language_of(", ".join(sorted(wishes))) is languages[0]


def test_every_kind_of_refusal_has_its_own_status() -> None:
    assert set(STATUSES) == set(Refusal.__subclasses__())
    assert len(set(STATUSES.values())) == len(STATUSES)


@pytest.mark.parametrize("language", list(Language))
def test_problem_is_translated_and_keeps_its_slug(language: Language) -> None:
    reported = problem_of(Missing("not-found"), language)

    assert (reported.type, reported.slug, reported.status) == ("/problems/not-found", "not-found", 404)
    assert reported.title not in {
        "",
        "not-found",
        *(problem_of(Missing("not-found"), o).title for o in Language if o != language),
    }


def test_problem_has_details_that_its_sentence_does_not_repeat() -> None:
    reported = problem_of(Stale("revision-stale", current=7, expected=5), Language.EN)

    assert reported.details == {"current": 7, "expected": 5}
    assert not set("75") & set(reported.title)
