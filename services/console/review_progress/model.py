"""Review progress on pages: what States record voluntarily on how far the observations of the review are addressed."""

from services.console.fields import Field
from services.console.moves.model import Entered, Filter, Listed, Move, Noun, Shown
from services.console.translations import N_, P_

OF_STATE = frozenset({"focal_point", "official"})
FIELDS = (
    Field(name="progress", label=N_("How far it is addressed"), kind="choice", options="progress"),
    Field(
        name="text",
        label=N_("Text"),
        kind="words",
        max_length=10_000,
        rows=8,
        required=False,
        empty="",
        hint=N_("Name no person."),
    ),
    Field(name="language", label=N_("Language of your texts"), kind="choice", options="text_languages"),
)
CLUSTER = Shown(label=N_("Cluster of the review"), field="cluster", kind="code", of="review_clusters")
STATE = Shown(label=N_("State"), field="state", kind="state")
CHANGED = Shown(label=N_("Changed on"), field="changed_at", kind="day")


def _progress(label: str) -> Shown:
    return Shown(label=label, field="progress", kind="label", of="progress", unless="withdrawn")


REVIEW_PROGRESS = Noun(
    path="/review-progress",
    api="/v1/review-progress",
    key="review_progress_id",
    items="review_progress",
    title=N_("Progress after the review"),
    caption=(N_("Progress after the review"),),
    heading=(STATE, CLUSTER),
    status="review_progress_status",
    listed=Listed(
        explains=N_(
            "What States record, if they wish, of how far the observations of the review are addressed. Others than the"
            " State and UNODC read what its focal point agreed to show."
        ),
        link=("/review-progress/table", N_("The table for the Conference")),
        columns=(CLUSTER, STATE, _progress(N_("Progress")), CHANGED),
        filters=(
            Filter(name="state", label=N_("State"), of="", kind="state"),
            Filter(name="cluster", label=N_("Cluster of the review"), of="review_clusters", kind="code"),
        ),
        none=N_("Nothing that you may read is recorded yet."),
        none_found=N_("Nothing that you may read fits these filters."),
    ),
    rows=(
        _progress(N_("How far it is addressed")),
        Shown(label=N_("Text"), field="text", kind="words"),
        Shown(label=N_("Recorded on"), field="recorded_at", kind="day"),
        CHANGED,
    ),
    entered=Entered(button=N_("Record our progress"), roles=OF_STATE),
    moves=(
        Move(
            name="consent_to_table",
            path="consent",
            label=N_("Agree that the table shows it"),
            fields=(),
            explains=N_("From then on everybody who signs in here reads it, until your State withdraws its consent."),
            done="saved",
        ),
        Move(
            name="revise_review_progress",
            path="revise",
            label=N_("Revise our progress"),
            fields=FIELDS,
            explains=N_(
                "If your State has agreed, the table shows it at once. What was taken back needs a new consent."
            ),
            elsewhere="/revise",
            form="revises",
        ),
        Move(
            name="withdraw_table_consent",
            path="withdraw-consent",
            label=N_("Withdraw the consent"),
            fields=(),
            explains=N_("Others than your State and UNODC do not read it from then on."),
            warns=True,
            done="consent_withdrawn",
        ),
        Move(
            name="withdraw_review_progress",
            path="withdraw",
            label=N_("Take our progress back"),
            fields=(),
            explains=N_("Its text is deleted, and the table does not show it any more."),
            warns=True,
            done="saved",
        ),
    ),
    labels={
        "review_progress_status": {
            "own": P_("review progress", "For the State and UNODC"),
            "shown": P_("review progress", "In the table"),
            "withdrawn": P_("review progress", "Taken back"),
        },
    },
)
