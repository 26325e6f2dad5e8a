"""Extensions of the portal on pages: their votes, pledges and progress."""

from services.console.fields import WORDS_MAX, Field
from services.console.moves.model import Entered, Filter, Listed, Move, Noun, Shown, reason
from services.console.translations import N_, P_

LANGUAGE = Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages")
FIELDS = (
    Field(name="title", label=N_("Title"), max_length=300),
    Field(name="scope", label=N_("What SHERLOC is to be able to do"), kind="words", max_length=10_000, rows=8),
    LANGUAGE,
    Field(name="cost", label=N_("Cost"), kind="money"),
    Field(
        name="work_package",
        label=N_("Work package of the fund that pays for it"),
        kind="choice",
        options="work_package",
    ),
)
READ_BY_ALL = N_("Everybody who signs in here reads it.")
DONORS_NOTIFIED = N_("Donors who earmarked a pledge to it are notified.")
COST = Shown(label=N_("Cost"), field="cost", kind="money")
VOTES = Shown(label=N_("Votes"), field="voted_by", kind="count")
PLEDGES = Shown(label=N_("Pledges earmarked to it"), field="pledges", kind="number")
EXTENSIONS = Noun(
    path="/extensions",
    api="/v1/extensions",
    key="extension_id",
    items="extensions",
    title=N_("Extensions of SHERLOC"),
    caption=(N_("Extension of SHERLOC"),),
    heading=(Shown(field="title", kind="words"),),
    status="extension_status",
    reasons="drop_extension",
    beside="more/extension_links.html",
    more="more/extension_progress.html",
    listed=Listed(
        caption=N_("Extensions of SHERLOC, newest first"),
        explains=N_(
            "What the portal is to be able to do. States vote for what they need, and donors earmark pledges to it."
        ),
        columns=(
            Shown(label=N_("Title"), field="title", kind="words"),
            Shown(label=N_("Work package"), field="work_package", kind="label", of="work_package"),
            COST,
            VOTES,
            PLEDGES,
        ),
        filters=(Filter(name="status", label=N_("Status"), of="extension_status"),),
        none=N_("No extension is proposed yet. A coordinator of UNODC proposes them."),
        none_found=N_("No extension fits this filter."),
    ),
    rows=(
        Shown(label=N_("What SHERLOC is to be able to do"), field="scope", kind="words"),
        COST,
        Shown(
            label=N_("Work package of the fund that pays for it"), field="work_package", kind="label", of="work_package"
        ),
        VOTES,
        Shown(label=N_("States that voted for it"), field="voted_by", kind="states"),
        PLEDGES,
        Shown(label=N_("Proposed on"), field="proposed_at", kind="day"),
    ),
    entered=Entered(
        button=N_("Propose an extension"),
        heading=N_("Propose an extension of SHERLOC"),
        fields=FIELDS,
        roles=frozenset({"coordinator"}),
        explains=READ_BY_ALL,
        first=lambda language: {"language": language, "work_package": "development"},
    ),
    moves=(
        Move(
            name="vote_for_extension",
            path="vote",
            label=N_("Vote for the extension"),
            fields=(),
            explains=N_("It is the one vote of your State, which everybody who signs in here reads."),
            done="saved",
        ),
        Move(name="plan_extension", path="plan", label=N_("Plan the extension"), fields=(), explains=DONORS_NOTIFIED),
        Move(
            name="begin_extension",
            path="begin",
            label=N_("Begin to build the extension"),
            fields=(),
            explains=DONORS_NOTIFIED,
        ),
        Move(
            name="release_extension",
            path="release",
            label=N_("Release the extension"),
            fields=(),
            explains=DONORS_NOTIFIED,
        ),
        Move(
            name="note_progress",
            path="note",
            label=N_("Note progress"),
            fields=(Field(name="text", label=N_("How far it is"), kind="words", max_length=WORDS_MAX), LANGUAGE),
            explains=READ_BY_ALL,
            elsewhere="/note",
            form="empty",
        ),
        Move(
            name="revise_extension",
            path="revise",
            label=N_("Revise the extension"),
            fields=FIELDS,
            explains=N_("Votes and pledges for it remain."),
            elsewhere="/revise",
            form="revises",
        ),
        Move(
            name="withdraw_vote",
            path="withdraw-vote",
            label=N_("Withdraw our vote"),
            fields=(),
            explains=N_("Your State can vote for it again."),
            warns=True,
            done="saved",
        ),
        Move(
            name="drop_extension",
            path="drop",
            label=N_("Drop the extension"),
            fields=(reason("drop_extension"),),
            explains=DONORS_NOTIFIED,
            warns=True,
        ),
    ),
    labels={
        "extension_status": {
            "proposed": P_("extension", "Proposed"),
            "planned": P_("extension", "Planned"),
            "in_progress": P_("extension", "In progress"),
            "released": P_("extension", "Released"),
            "dropped": P_("extension", "Dropped"),
        },
    },
)
