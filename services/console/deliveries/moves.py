"""The moves of a delivery, and of its effects, follow-ups, sessions, results, action points and screenings."""

from msgspec.structs import replace

from services.console.deliveries.words import EFFECT, PROGRESS, USE
from services.console.fields import WORDS_MAX, Field
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

DAYS = (
    Field(name="period.from", label=N_("First day"), kind="date"),
    Field(name="period.until", label=N_("Last day"), kind="date"),
)
SHARED_COMMENT = replace(COMMENT, hint=N_("Both sides and UNODC read it."))
DELIVERY = Noun(
    path="/deliveries",
    api="/v1/deliveries",
    record="deliveries/head.html",
    moves=(
        Move(
            name="name_contacts",
            path="contacts",
            label=N_("Name your contacts"),
            method="PUT",
            elsewhere="/contacts",
        ),
        Move(name="record_effect", path="effects", label=N_("Record what changed"), elsewhere="/effects/new"),
        Move(name="plan_session", path="sessions", label=N_("Plan a session"), elsewhere="/sessions/new"),
        Move(name="report_result", path="results", label=N_("Report a result"), elsewhere="/results/new"),
        Move(
            name="add_action_point",
            path="action-points",
            label=N_("Add an action point"),
            elsewhere="/action-points/new",
        ),
        Move(
            name="waive_agreement",
            path="waive-agreement",
            label=N_("Go on without a written agreement"),
            explains=N_("Once both sides do so, the delivery can begin without a written agreement."),
            fields=(SHARED_COMMENT,),
        ),
        Move(
            name="open_private_topic",
            path="open-private-topic",
            label=N_("Open the private topic"),
            explains=N_(
                "Once both sides do so, they can write messages that UNODC does not read. UNODC sees that it is open."
            ),
            fields=(
                replace(
                    COMMENT,
                    hint=N_(
                        "Both sides and UNODC read it. UNODC does not read the messages and files of the private topic."
                    ),
                ),
            ),
        ),
        Move(
            name="begin",
            path="begin",
            label=N_("Record that delivery has begun"),
            explains=N_("If the delivery needs money, all of it has to be allocated first."),
            fields=(SHARED_COMMENT,),
        ),
        Move(
            name="propose_completion",
            path="propose-completion",
            label=N_("Propose that delivery is complete"),
            explains=N_(
                "The other side confirms it or objects within 28 days. No answer then counts as a confirmation, unless"
                " the agreed end is still to come: before it both sides have to agree."
            ),
            fields=(
                Field(
                    name="completed_on",
                    label=N_("Last day"),
                    kind="date",
                    required=False,
                    hint=N_("Leave it empty if it is today. For an earlier day, say in the comment why."),
                ),
                replace(
                    COMMENT,
                    hint=N_(
                        "Both sides and UNODC read it. If no session was held or no result reported, say here why."
                    ),
                ),
            ),
        ),
        Move(
            name="confirm_completion",
            path="confirm-completion",
            label=N_("Confirm that delivery is complete"),
            done="completed",
            fields=(SHARED_COMMENT,),
        ),
        Move(
            name="object_to_completion",
            path="object-to-completion",
            label=N_("Object to the completion"),
            fields=(reason("object_to_completion"), SHARED_COMMENT),
            explains=N_("The delivery goes on. Both sides read the reason."),
        ),
        Move(
            name="withdraw_completion",
            path="withdraw-completion",
            label=N_("Withdraw the proposal"),
            explains=N_("The delivery goes on."),
            fields=(SHARED_COMMENT,),
        ),
        Move(name="suspend", path="suspend", label=N_("Suspend"), fields=(reason("suspend_delivery"), SHARED_COMMENT)),
        Move(name="resume", path="resume", label=N_("Resume"), fields=(SHARED_COMMENT,)),
        Move(
            name="terminate",
            path="terminate",
            label=N_("Terminate"),
            fields=(reason("terminate_delivery"), SHARED_COMMENT),
            explains=N_("The match is revoked and the provider's capacity is free again."),
            warns=True,
        ),
    ),
)

_LANGUAGE = Field(name="language", label=N_("Language of the text"), kind="choice", options="languages")
FIRST_ARTICLE, SECOND_ARTICLE = "first_article", "second_article"
EFFECT_FIELDS = (
    Field(name="change", label=N_("What changed?"), kind="choice", options=tuple(EFFECT.items())),
    Field(name="happened_on", label=N_("Day of the change"), kind="date"),
    Field(name="title", label=N_("Title"), max_length=300),
    _LANGUAGE,
    Field(name="text", label=N_("Details"), kind="words", required=False, max_length=WORDS_MAX),
    Field(name="gazette", label=N_("Published in"), hint=N_("For a law."), required=False, max_length=300),
    Field(name=FIRST_ARTICLE, label=N_("Article"), kind="choice", options="articles", required=False),
    Field(name=SECOND_ARTICLE, label=N_("Second article"), kind="choice", options="articles", required=False),
    Field(
        name="address",
        label=N_("Web address"),
        hint=N_("Where it can be read; without one, a file of the delivery shows it."),
        required=False,
        max_length=500,
    ),
    Field(name="file_id", label=N_("A file of the delivery"), kind="choice", options="files", required=False),
    Field(
        name="moved_from",
        label=N_("Observation of the review: before"),
        kind="choice",
        options=tuple(PROGRESS.items()),
        required=False,
    ),
    Field(
        name="moved_to",
        label=N_("Observation of the review: now"),
        kind="choice",
        options=tuple(PROGRESS.items()),
        required=False,
    ),
)
EFFECT_NOUN = Noun(
    path="/effects",
    api="/v1/effects",
    record="deliveries/effect_head.html",
    moves=(
        Move(name="verify_effect", path="verify", label=N_("Verify")),
        Move(name="decline_effect", path="decline", label=N_("Decline"), fields=(reason("decline_effect"), COMMENT)),
        Move(
            name="withdraw_effect",
            path="withdraw",
            label=N_("Withdraw"),
            fields=(),
            explains=N_("What it says is deleted."),
            warns=True,
        ),
    ),
)
ANSWER_TEXT = Field(
    name="text", label=N_("What do you want to add?"), kind="words", required=False, max_length=WORDS_MAX
)
FOLLOW_UP = Noun(
    path="/follow-ups",
    api="/v1/follow-ups",
    record="deliveries/follow_up_head.html",
    moves=(
        Move(
            name="answer",
            path="answer",
            label=N_("Answer the question"),
            fields=(
                Field(
                    name="result",
                    label=N_("Is what was delivered in use?"),
                    kind="choice",
                    options=tuple(USE.items()),
                ),
                ANSWER_TEXT,
                replace(_LANGUAGE, required=False),
            ),
            done="saved",
        ),
    ),
)

PARTICIPANTS, REVISE = "/participants", "/revise"
SESSION = Noun(
    path="/sessions",
    api="/v1/sessions",
    record="deliveries/session_head.html",
    moves=(
        Move(
            name="hold",
            path="hold",
            label=N_("Record that it took place"),
            elsewhere=PARTICIPANTS,
        ),
        Move(
            name="report_participants",
            path="participants",
            label=N_("Correct the participants"),
            elsewhere=PARTICIPANTS,
        ),
        Move(name="revise_session", path="revise", label=N_("Revise the session"), elsewhere=REVISE),
        Move(
            name="reschedule",
            path="reschedule",
            label=N_("Reschedule"),
            fields=(*DAYS, COMMENT),
            explains=N_("Both sides are notified. For days outside the delivery's period, say in the comment why."),
        ),
        Move(
            name="cancel",
            path="cancel",
            label=N_("Cancel the session"),
            fields=(reason("cancel_session"), COMMENT),
            explains=N_("Both sides are notified."),
            warns=True,
        ),
    ),
)

REPORT = "/report"
RESULT = Noun(
    path="/results",
    api="/v1/results",
    record="deliveries/result_head.html",
    moves=(
        Move(name="confirm_result", path="confirm", label=N_("Confirm the result")),
        Move(
            name="dispute_result",
            path="dispute",
            label=N_("Dispute the result"),
            fields=(reason("dispute_result"), COMMENT),
            explains=N_("Both sides read it."),
        ),
        Move(name="report_result", path="report", label=N_("Report it again"), elsewhere=REPORT),
    ),
)

ACTION_POINT = Noun(
    path="/action-points",
    api="/v1/action-points",
    record="deliveries/action_point_head.html",
    moves=(
        Move(
            name="report_done",
            path="report-done",
            label=N_("Report it done"),
            explains=N_("Another person then verifies that it is done."),
        ),
        Move(name="verify", path="verify", label=N_("Verify that it is done")),
        Move(name="revise_action_point", path="revise", label=N_("Revise the action point"), elsewhere=REVISE),
        Move(name="reopen_action_point", path="reopen", label=N_("Reopen it")),
        Move(
            name="drop_action_point",
            path="drop",
            label=N_("Drop it"),
            fields=(reason("drop_action_point"), COMMENT),
            explains=N_("Both sides read it."),
            warns=True,
        ),
    ),
)

ANSWERS, COMPLETE = "/answers", "/complete"
SCREENING = Noun(
    path="/screenings",
    api="/v1/screenings",
    record="deliveries/screening_head.html",
    moves=(
        Move(name="answer_screening", path="answer", label=N_("Answer the questions"), elsewhere=ANSWERS),
        Move(name="complete_screening", path="complete", label=N_("Record that it is completed"), elsewhere=COMPLETE),
        Move(name="reopen_screening", path="reopen", label=N_("Reopen it"), fields=()),
    ),
)
