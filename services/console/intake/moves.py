"""The moves of a mail that came in, and the fields by which a request is filed on behalf of a State."""

from services.console.fields import Field
from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

TITLE_MAX, NEED_MAX = 200, 4000
STATE = Field(name="state", label=N_("State that asks"), kind="choice", options="countries")
LANGUAGE = Field(name="language", label=N_("Language of the texts"), kind="choice", options="languages")
TEXTS = (
    Field(name="title", label=N_("Title"), required=False, max_length=TITLE_MAX),
    Field(
        name="need",
        label=N_("The need, in the words of the State"),
        kind="words",
        required=False,
        max_length=NEED_MAX,
        rows=8,
    ),
)
MAIL_FIELDS = (
    STATE,
    LANGUAGE,
    *TEXTS,
    Field(
        name="file_ids",
        label=N_("Files that go with the request"),
        kind="choices",
        hint=N_("The State and UNODC read them."),
        required=False,
        options="files",
        empty=[],
    ),
)
NOTE_FIELDS = (
    Field(
        name="channel",
        label=N_("How it came"),
        kind="choice",
        options=(("note_verbale", N_("By note verbale")), ("meeting", N_("In a meeting")), ("mail", N_("By mail"))),
        value="note_verbale",
    ),
    Field(name="received_on", label=N_("Day it was received"), kind="date"),
    Field(
        name="received_reference",
        label=N_("Reference"),
        hint=N_("The number of the note verbale, or what names the meeting or mail."),
    ),
    STATE,
    LANGUAGE,
    *TEXTS,
)
MAIL = Noun(
    path="/intake",
    api="/v1/intake/mails",
    record="intake/head.html",
    moves=(
        Move(
            name="file_mail",
            path="file",
            label=N_("File as a draft for the State"),
            fields=MAIL_FIELDS,
            elsewhere="/file",
        ),
        Move(
            name="discard_mail",
            path="discard",
            label=N_("Discard"),
            explains=N_("Its text and files stay readable for coordinators and auditors. The sender is not notified."),
            fields=(reason("discard_mail"),),
            warns=True,
            done="discarded",
        ),
    ),
)
