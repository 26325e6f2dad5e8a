"""The moves of a request."""

from services.console.fields import Field
from services.console.moves.model import COMMENT, Move, Noun, reason
from services.console.translations import N_

RECIPIENTS = Field(
    name="recipients",
    label=N_("Who may see it"),
    kind="choices",
    options=(("providers", N_("All providers")),),
    value=["providers"],
)
FIELDS = Field(
    name="fields",
    label=N_("What they may see"),
    kind="choices",
    options=(
        ("codes", N_("Kind, topics and dates")),
        ("words", N_("Your texts")),
        ("institution", N_("The institution")),
    ),
    value=["codes", "words"],
)

REQUEST = Noun(
    path="/requests",
    api="/v1/requests",
    record="requests/head.html",
    moves=(
        Move(
            name="submit",
            path="submit",
            label=N_("Submit the request"),
            explains=N_("UNODC acknowledges it within two working days. You can withdraw it at any time."),
            done="submitted",
            elsewhere="/submit",
        ),
        Move(name="revise", path="edit", label=N_("Edit"), fields=(), elsewhere="/edit"),
        Move(name="register", path="register", label=N_("Acknowledge receipt"), fields=()),
        Move(
            name="open",
            path="open",
            label=N_("End triage"),
            fields=(
                Field(
                    name="priority",
                    label=N_("Priority"),
                    kind="choice",
                    required=False,
                    options=(
                        ("low", N_("Low")),
                        ("normal", N_("Normal")),
                        ("high", N_("High")),
                        ("urgent", N_("Urgent")),
                    ),
                    hint=N_("Leave it empty to take the priority that follows from the criteria."),
                ),
                Field(
                    name="departure",
                    label=N_("Reason for another priority than the criteria give"),
                    kind="choice",
                    required=False,
                    options="reasons:depart_from_criteria",
                ),
                COMMENT,
            ),
        ),
        Move(name="assess", path="assess", label=N_("Judge by the criteria"), fields=(), elsewhere="/assess"),
        Move(name="assign", path="assign", label=N_("Put in charge"), fields=(), elsewhere="/assign"),
        Move(
            name="consent",
            path="consents",
            label=N_("Let others see it"),
            fields=(RECIPIENTS, FIELDS, COMMENT),
            elsewhere="/consent",
        ),
        Move(
            name="record_confirmation",
            path="record-confirmation",
            label=N_("Record the confirmation of the State"),
            fields=(),
            elsewhere="/record-confirmation",
        ),
        Move(
            name="record_consent",
            path="record-consent",
            label=N_("Record the consent of the State"),
            fields=(),
            elsewhere="/record-consent",
        ),
        Move(
            name="object",
            path="object",
            label=N_("Object to circulation"),
            explains=N_("The request will not be shown to providers."),
        ),
        Move(name="return", path="return", label=N_("Return to the State"), fields=(reason("return"), COMMENT)),
        Move(name="hold", path="hold", label=N_("Pause"), fields=(reason("hold"), COMMENT)),
        Move(name="resume", path="resume", label=N_("Go on")),
        Move(
            name="deliver",
            path="deliver",
            label=N_("Record that it was delivered"),
            fields=(Field(name="suffices", label=N_("What was delivered suffices"), kind="yes"), COMMENT),
        ),
        Move(
            name="close",
            path="close",
            label=N_("Close"),
            fields=(
                Field(
                    name="outcome",
                    label=N_("Outcome"),
                    kind="choice",
                    options=(("met", N_("Met")), ("partially_met", N_("Partly met")), ("unmet", N_("Not met"))),
                ),
                Field(
                    name="heard_both_sides",
                    label=N_("State and provider were both heard"),
                    kind="yes",
                    hint=N_("Only where no delivery was completed. Say in the comment how and when."),
                ),
                Field(
                    name="departure",
                    label=N_("Why the outcome departs from the State's evaluations"),
                    kind="words",
                    required=False,
                    hint=N_("Needed if it does. The State and the providers that delivered read it."),
                    max_length=2000,
                ),
                COMMENT,
            ),
        ),
        Move(name="reopen", path="reopen", label=N_("Open again"), fields=(reason("reopen"), COMMENT)),
        Move(
            name="decline",
            path="decline",
            label=N_("Do not accept"),
            fields=(reason("decline"), COMMENT),
            warns=True,
        ),
        Move(
            name="withdraw",
            path="withdraw",
            label=N_("Withdraw the request"),
            explains=N_("No further work is done on it."),
            warns=True,
        ),
    ),
)
