"""The reference tables are complete and well-formed, and agree with tables made by others."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from contracts import reference
from contracts.reference import Term, deliveries
from tests.contracts.steps import SCRIPTS, shared_rows

LANGUAGES = {"ar", "en", "es", "fr", "ru", "zh"}
MOVES = json.loads((Path(reference.__file__).parent / "reasons.json").read_bytes())["moves"]
SNAKE = r"[a-z]+(_[a-z]+)*"
CODES = {
    "kinds": SNAKE,
    "topics": SNAKE,
    "pillars": SNAKE,
    "modalities": SNAKE,
    "institutions": SNAKE,
    "in_kind_forms": SNAKE,
    "activity_kinds": SNAKE,
    "participant_functions": SNAKE,
    "indicators": SNAKE,
    "indicator_units": SNAKE,
    "inequality_questions": SNAKE,
    "human_rights_questions": SNAKE,
    "reasons": SNAKE,
    "languages": "[a-z]{2}",
    "special_groups": SNAKE,
    "income_groups": SNAKE,
    "instruments": "UNTOC|TIP|SOM|FP",
    "articles": r"(UNTOC|TIP|SOM|FP):[1-9][0-9]?",
    "paragraphs": r"I\.[a-o]|II\.[a-k]",
    "countries": "[A-Z]{3}",
    "currencies": "[A-Z]{3}",
}


def labelled() -> dict[str, Mapping[str, Term]]:
    tables: dict[str, Mapping[str, Term]] = {
        name: getattr(deliveries if hasattr(deliveries, name) else reference, name)()
        for name in CODES
        if name not in ("reasons", "countries", "currencies")
    }
    return tables | {f"reasons of {move}": reference.reasons(move) for move in MOVES}


@pytest.mark.parametrize("name", CODES)
def test_a_table_names_its_source_and_holds_each_well_formed_code_once(name: str) -> None:
    table = reference.table(name)
    codes = [json.loads(bytes(term))["code"] for term in table.terms]

    assert table.source
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", table.version)
    assert sorted(set(codes)) == sorted(codes)
    assert [] == [code for code in codes if not re.fullmatch(CODES[name], code)]


def test_every_term_has_a_label_in_all_six_languages_and_in_their_scripts() -> None:
    for name, terms in labelled().items():
        assert terms, name
        for term in terms.values():
            assert set(term.labels) == LANGUAGES, (name, term.code)
            assert all(label.strip() == label != "" for label in term.labels.values()), (name, term.code)
            for language, script in SCRIPTS.items():
                assert re.search(script, term.labels[language]), (name, term.code, language)


def test_no_two_terms_of_a_table_bear_the_same_label() -> None:
    for name, terms in labelled().items():
        if name == "articles":
            continue  # "Entry into force" is an article of all four instruments
        for language in LANGUAGES:
            labels = [term.labels[language] for term in terms.values()]
            assert sorted(set(labels)) == sorted(labels), (name, language)


def test_only_the_english_titles_of_articles_count_as_official() -> None:
    for article in reference.articles().values():
        assert ("official", "compiled") == (article.label_status("en"), article.label_status("fr"))


def test_parents_exist_and_none_is_its_own_ancestor() -> None:
    topics = reference.topics()

    def above(code: str, path: tuple[str, ...]) -> None:
        assert code not in path, path
        for parent in topics[code].parents:
            above(parent, (*path, code))

    for code in topics:
        above(code, ())


def test_topic_is_at_most_three_levels_below_a_root() -> None:
    topics = reference.topics()

    def depth(code: str) -> int:
        return max((1 + depth(parent) for parent in topics[code].parents), default=0)

    assert max(depth(code) for code in topics) <= 3


def test_the_distance_of_two_topics_is_a_symmetric_count_of_edges() -> None:
    topics = reference.topics()

    for a, b in product(topics, topics):
        assert reference.topic_distance(a, b) == reference.topic_distance(b, a)
        assert (a == b) == (reference.topic_distance(a, b) == 0)


@pytest.mark.parametrize(
    ("a", "b", "edges"),
    [
        ("mutual_legal_assistance", "mutual_legal_assistance", 0),
        ("mutual_legal_assistance", "judicial_cooperation", 1),
        ("mutual_legal_assistance", "extradition", 2),
        ("preservation_of_data", "cybercrime", 2),
        ("joint_investigations", "information_exchange", 2),
        ("mutual_legal_assistance", "law_enforcement_cooperation", 3),
        ("gender", "national_strategies", reference.UNRELATED),
    ],
)
def test_the_nearest_common_ancestor_decides_the_distance(a: str, b: str, edges: int) -> None:
    assert edges == reference.topic_distance(a, b)


def test_kinds_refer_to_paragraphs_that_exist_and_those_on_people_at_risk_are_restricted() -> None:
    kinds = reference.kinds()

    assert set() == {p for kind in kinds.values() for p in kind.paragraphs} - set(reference.paragraphs())
    assert all(kind.paragraphs for kind in kinds.values())
    assert {"witness_protection", "victim_assistance"} == {kind.code for kind in kinds.values() if kind.restricted}


def test_the_annexes_have_fifteen_and_eleven_paragraphs() -> None:
    expected = [f"I.{letter}" for letter in "abcdefghijklmno"] + [f"II.{letter}" for letter in "abcdefghijk"]

    assert expected == list(reference.paragraphs())


@pytest.mark.parametrize("move", MOVES)
def test_every_move_that_wants_a_reason_has_some_and_can_say_other(move: str) -> None:
    assert len(reference.reasons(move)) >= 3
    assert "other" in reference.reasons(move)


def test_a_move_that_takes_no_reason_has_none() -> None:
    assert {} == dict(reference.reasons("submit"))


def test_every_state_and_currency_has_a_name_in_all_six_languages() -> None:
    for language in LANGUAGES:
        assert all(reference.country_name(code, language) for code in reference.countries())
        assert all(reference.currency_name(code, language) for code in reference.currencies())
    assert "肯尼亚" == reference.country_name("KEN", "zh")


def test_states_have_the_short_names_of_the_united_nations() -> None:
    def plain(text: str) -> str:
        return re.sub(r"\s", "", text.replace("’", "'").replace("_", "-"))

    rows = {row["alpha3"]: row for row in shared_rows("countries/country_names_6lang.csv")}
    for code in reference.countries():
        for language in LANGUAGES:
            assert plain(rows[code][f"name_{language}"]) == plain(reference.country_name(code, language))


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("PSE", "en", "State of Palestine"),
        ("VAT", "en", "Holy See"),
        ("PRK", "en", "Democratic People’s Republic of Korea"),
        ("KGZ", "ru", "Кыргызстан"),
        ("MDA", "fr", "République de Moldova"),
        ("CIV", "fr", "Côte d’Ivoire"),
        ("TUR", "en", "Türkiye"),
    ],
)
def test_state_is_not_named_as_in_the_cldr(code: str, language: str, name: str) -> None:
    assert name == reference.country_name(code, language)


def test_states_are_sorted_by_the_collation_of_each_language() -> None:
    """The order is that of ICU, from Node; without Node, only completeness is checked."""
    for language in LANGUAGES:
        assert sorted(reference.countries()) == sorted(reference.country_order(language))
    if shutil.which("node") is None:
        pytest.skip("node is not installed: the order is not compared with that of ICU")
    program = """
        const names = JSON.parse(require("fs").readFileSync(0));
        const sorted = (all, language) => Object.keys(all).sort(
            (a, b) => new Intl.Collator(language).compare(all[a], all[b]));
        console.log(JSON.stringify(Object.fromEntries(
            Object.entries(names).map(([language, all]) => [language, sorted(all, language)]))));
    """
    names = {
        language: {code: reference.country_name(code, language) for code in reference.countries()}
        for language in LANGUAGES
    }
    done = subprocess.run(
        ["node", "-e", program], input=json.dumps(names), capture_output=True, text=True, check=True, timeout=60
    )

    assert json.loads(done.stdout) == {language: list(reference.country_order(language)) for language in LANGUAGES}


def test_exponents_come_from_iso_4217_not_from_habit() -> None:
    assert (2, 0, 3, 4, 4) == tuple(reference.exponent(one) for one in ("USD", "JPY", "KWD", "CLF", "UYW"))
    assert {0, 2, 3, 4} == {currency.exponent for currency in reference.currencies().values()}


def test_observers_and_unknown_codes_belong_to_no_regional_group() -> None:
    assert ("african", None, None) == tuple(reference.region_of(code) for code in ("KEN", "VAT", "XYZ"))


def test_importing_the_tables_reads_none_of_them() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from contracts import reference as r; print(r.table.cache_info().currsize)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "0" == said.stdout.strip()


def test_states_agree_with_the_iso_and_m49_tables() -> None:
    rows = shared_rows("countries/countries.csv")
    expected = {
        row["alpha3"]: (row["alpha2"], row["m49"], "member" if row["un_member"] == "1" else "observer")
        for row in rows
        if "1" in (row["un_member"], row["un_observer"])
    }

    assert expected == {c.code: (c.alpha2, c.m49, c.membership) for c in reference.countries().values()}
    assert 193 == sum(c.membership == "member" for c in reference.countries().values())


def test_regional_groups_agree_with_the_list_of_the_general_assembly() -> None:
    groups = {
        "african": "African States",
        "asia_pacific": "Asia-Pacific States",
        "eastern_european": "Eastern European States",
        "grulac": "Latin American and Caribbean States",
        "weog": "Western European and other States",
    }
    expected = {row["alpha3"]: row["un_regional_group"] for row in shared_rows("countries/un_regional_groups.csv")}

    assert expected == {c.code: groups[c.region] for c in reference.countries().values() if c.region}


def test_special_groups_agree_with_the_m49_tables() -> None:
    rows = shared_rows("countries/countries.csv")

    for code, group in reference.special_groups().items():
        assert {row["alpha3"] for row in rows if row[code] == "1"} & set(reference.countries()) == group.states
    assert ("ldc", "lldc") == reference.special_groups_of("NER")
    assert () == reference.special_groups_of("NOR") == reference.special_groups_of("XXX")


def test_special_groups_agree_with_a_later_list_where_it_knows() -> None:
    """Three least developed countries were to graduate after the day of the table."""
    rows = shared_rows("status/groups.csv")

    for code, group in reference.special_groups().items():
        unknown = {row["alpha3"] for row in rows if row[code] == "unknown"}
        assert {row["alpha3"] for row in rows if row[code] == "1"} == group.states - unknown
        assert unknown <= group.states
        assert unknown == ({"BGD", "LAO", "NPL"} if code == "ldc" else set())


def test_income_groups_agree_with_the_world_banks() -> None:
    rows = shared_rows("status/groups.csv")

    for code, group in reference.income_groups().items():
        assert {row["alpha3"] for row in rows if row["wb_income_fy26"] == code} == group.states
    assert ["lower_middle", "low", None, None, None] == [
        reference.income_group_of(state) for state in ("KEN", "NER", "NOR", "ETH", "XXX")
    ]


def test_exponents_agree_with_the_iso_4217_list() -> None:
    rows = {row["alpha"]: row["minor_units"] for row in shared_rows("fx/iso4217_6lang.csv")}

    assert {} == {c.code: c.exponent for c in reference.currencies().values() if str(c.exponent) != rows[c.code]}
    assert {code for code, digits in rows.items() if digits == "4"} <= set(reference.currencies())


def test_articles_agree_with_the_treaty_texts() -> None:
    rows = shared_rows("untoc/untoc_articles.csv")

    assert {row["id"]: row["title_en"] for row in rows} == {
        article.code: article.labels["en"].replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        for article in reference.articles().values()
    }


def test_parties_are_states_that_consented_after_the_adoption_and_before_they_were_listed() -> None:
    adopted = date(2000, 11, 15)

    assert set(reference.instruments()) == set(reference.parties())
    for parties in reference.parties().values():
        assert set(parties.since) <= set(parties.listed) <= set(reference.countries())
        assert all(adopted < since <= parties.listed[state] for state, since in parties.since.items())
        assert len(parties.listed) > 100
    # No State is party to a Protocol without being party to the Convention (article 37 of the Convention).
    of_the_convention = set(reference.parties()["UNTOC"].listed) | INFERRED
    for parties in reference.parties().values():
        assert set(parties.listed) <= of_the_convention


INFERRED = {"SOM"}
"""States of which the list has a Protocol but not the Convention, because this is only inferred."""


def test_parties_agree_with_what_was_compiled_from_later_lists() -> None:
    for column, code in {"untoc": "UNTOC", "tip": "TIP", "som": "SOM", "firearms": "FP"}.items():
        rows = {row["alpha3"]: row for row in shared_rows("status/untoc_parties.csv")}
        known = {
            state
            for state, row in rows.items()
            if row[f"{column}_status"] == "party" and row[f"{column}_date_basis"] != "inferred"
        }
        parties = reference.parties()[code]
        assert known == set(parties.listed)
        for state, since in parties.since.items():
            assert since.isoformat() == rows[state][f"{column}_consent_date"]
        for state, listed in parties.listed.items():
            assert listed.isoformat().startswith(rows[state][f"{column}_as_of"])
