"""The fields of a request, by the pages that ask for them."""

from collections.abc import Sequence

from msgspec import structs

from services.console import labels
from services.console.fields import Field
from services.console.translations import N_

TITLE_MAX, NAME_MAX, NEED_MAX = 200, 300, 4000
DESCRIPTION_MAX = 1000
MEASURES_MAX = 10
LINES_MAX = 20

LANGUAGE = Field(
    name="language",
    label=N_("Language of your texts"),
    kind="choice",
    options="languages",
    hint=N_("Write in the language that you prefer. UNODC arranges translations; your own wording stays beside them."),
)
TITLE = Field(
    name="title",
    label=N_("Title"),
    empty=None,
    max_length=TITLE_MAX,
    hint=N_("One line, for example: Training of prosecutors on mutual legal assistance"),
)
NEED = Field(
    name="need",
    label=N_("Why is assistance needed?"),
    kind="words",
    required=False,
    empty=None,
    max_length=NEED_MAX,
    rows=10,
    hint=N_("What the difficulty is, and since when. Do not name victims, witnesses or open cases."),
)
ABOUT = (LANGUAGE, TITLE, NEED)
ALWAYS = ("language",)
"""Names of the fields without which a draft cannot be saved."""


KIND = Field(name="kind", label=N_("Kind of assistance"), kind="choice", options="kinds", empty=None)
TOPICS = Field(name="topics", label=N_("Topics"), kind="choices", required=False, empty=[])
ARTICLES = Field(name="articles", label=N_("Articles"), kind="choices", required=False, empty=[])
PARAGRAPHS = Field(
    name="paragraphs", label=N_("Paragraphs of the resolution"), kind="choices", required=False, empty=[]
)
CODES = (TOPICS, ARTICLES, PARAGRAPHS)
WHO = (
    Field(
        name="institution",
        label=N_("Kind of institution"),
        kind="choice",
        options="institutions",
        empty=None,
    ),
    Field(
        name="institution_name",
        label=N_("Name of the institution"),
        required=False,
        empty=None,
        max_length=NAME_MAX,
    ),
    Field(name="group_size", label=N_("How many people are to take part?"), kind="number", empty=None),
    Field(
        name="languages",
        label=N_("In which languages can they work?"),
        kind="choices",
        options="languages",
        empty=[],
    ),
)
HOW = (
    Field(name="modality", label=N_("How"), kind="choice", options="modalities", empty=None),
    Field(name="window.from", label=N_("Not before"), kind="date", empty=None),
    Field(name="window.until", label=N_("Not after"), kind="date", empty=None),
    Field(
        name="cannot_wait",
        label=N_("It cannot wait: propose only what is funded already"),
        kind="yes",
        required=False,
        empty=False,
    ),
)
OUTCOME = (
    Field(
        name="outcome",
        label=N_("What is to be reached?"),
        kind="words",
        required=False,
        empty=None,
        max_length=2000,
        hint=N_("What people will be able to do afterwards that they cannot do now."),
    ),
)
IN_PLACE = (
    Field(
        name="in_place",
        label=N_("What is in place already?"),
        kind="words",
        required=False,
        empty=None,
        max_length=2000,
        hint=N_("Laws, staff, equipment, earlier training."),
    ),
)
MARKER = (("0", N_("Not")), ("1", N_("Significantly")), ("2", N_("Principally")))
MARKERS = (
    Field(name="pillars", label=N_("Pillars"), kind="choices", options="pillars", required=False, empty=[]),
    Field(
        name="gender_marker",
        label=N_("Is it for the equality of women and men?"),
        kind="choice",
        options=MARKER,
        required=False,
        empty="0",
    ),
    Field(
        name="human_rights_marker",
        label=N_("Is it for human rights?"),
        kind="choice",
        options=MARKER,
        required=False,
        empty="0",
    ),
    Field(
        name="markers_justification",
        label=N_("Why?"),
        kind="words",
        required=False,
        empty=None,
        max_length=2000,
        rows=3,
    ),
)
LINE = (KIND, *CODES, *WHO, *HOW, *OUTCOME, *IN_PLACE, *MARKERS)
"""The fields of a line. `required` applies when the request is submitted; a draft is saved without them."""


VISIBILITY = Field(
    name="visibility",
    label=N_("Who may see it, if you agree?"),
    kind="choice",
    options=tuple(labels.VISIBILITY.items()),
    hint=N_("What is chosen here opens nothing automatically: providers see it only after you agree to circulate it."),
)
CIRCULATION = Field(
    name="circulation",
    label=N_("Do you agree to circulate it?"),
    kind="choice",
    options=tuple(labels.CIRCULATION_RULE.items()),
    hint=N_("You can decide later, and you can end the circulation at any time."),
)
ADDRESSEE = Field(
    name="addressee.to", label=N_("Whom do you ask?"), kind="choice", options=tuple(labels.ADDRESSEE.items())
)
STATES = Field(name="addressee.states", label=N_("States that you ask"), kind="choices", required=False, empty=[])
EXCLUDED = Field(
    name="excluded_providers",
    label=N_("Providers that are not to be proposed"),
    kind="choices",
    required=False,
    empty=[],
    hint=N_("Only your State and UNODC see this list."),
)
READERS = (VISIBILITY, CIRCULATION, ADDRESSEE, STATES, EXCLUDED)


def of_draft(fields: Sequence[Field]) -> Sequence[Field]:
    """Return the fields as a draft is saved with them: only those in ALWAYS are required."""
    return [structs.replace(one, required=one.required and one.name in ALWAYS) for one in fields]
