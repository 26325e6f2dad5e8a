from services.console.criteria.pages import fields_of, typed_of
from services.console.fields import MISSING, FormError, read
from services.console.translations import LANGUAGES

TEXTS = {language: f"Fictitious sample {language}" for language in LANGUAGES}
IN_FORCE = {
    "eligibility": [{"code": "in_scope", "weight": 0, "texts": TEXTS}],
    "priority": [{"code": "risk", "weight": 3, "texts": TEXTS}, {"code": "ready", "weight": 1, "texts": TEXTS}],
}


def test_criteria_in_force_are_read_as_they_are_shown() -> None:
    typed = typed_of(IN_FORCE)
    found = read(fields_of(typed), typed)
    assert () == found.errors
    assert {"0": {"code": "in_scope", "texts": TEXTS}} == found.body["eligibility"]
    assert {"code": "ready", "weight": 1, "texts": TEXTS} == found.body["priority"]["1"]


def test_an_emptied_row_is_left_out() -> None:
    typed = {name: [""] if name.startswith("priority.0.") else values for name, values in typed_of(IN_FORCE).items()}
    found = read(fields_of(typed), typed)
    assert () == found.errors
    assert ["1"] == list(found.body["priority"])


def test_a_row_that_was_begun_has_to_be_complete() -> None:
    typed = {"eligibility.0.code": ["in_scope"]}
    expected = [FormError(f"eligibility.0.texts.{language}", MISSING) for language in LANGUAGES]
    assert expected == list(read(fields_of(typed), typed).errors)
