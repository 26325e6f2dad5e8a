"""The moves of a pledge."""

from services.console.fields import WORDS_MAX, Field
from services.console.moves.model import Move, Noun, reason
from services.console.translations import N_

TODAY = N_("Leave it empty for today.")
NOTE = Field(
    name="note",
    label=N_("Note"),
    kind="words",
    required=False,
    max_length=WORDS_MAX,
    empty="",
    hint=N_("You and UNODC read it. Name no person."),
)


def day(name: str, label: str) -> Field:
    """Return the field of a value date, by default today."""
    return Field(name=name, label=label, kind="date", required=False, hint=TODAY)


def in_form(
    name: str, path: str, label: str, fields: tuple[Field, ...], explains: str, done: str, warns: bool = False
) -> Move:
    """Return a move whose form starts from the pledge: its currency, its instalments, its note (`forms`)."""
    return Move(
        name=name,
        path=path,
        label=label,
        fields=fields,
        explains=explains,
        done=done,
        elsewhere=f"/form/{path}",
        warns=warns,
    )


AMOUNT = Field(name="money", label=N_("Amount"), kind="money")
PARTS_MAX = 6

PLEDGE = Noun(
    path="/pledges",
    api="/v1/pledges",
    record="pledges/head.html",
    moves=(
        in_form(
            "commit",
            "commit",
            N_("Record the agreement"),
            (
                Field(name="committed_on", label=N_("Signed on"), kind="date"),
                Field(name="agreement", label=N_("Reference of the agreement"), required=False),
                Field(
                    name="support_cost",
                    label=N_("Programme support cost, in per cent of the direct cost"),
                    hint=N_("13 unless the agreement says otherwise, for example 8 or 7.5."),
                    value="13",
                ),
            ),
            N_("The pledge becomes binding. Without instalments all of it is due thirty days after the signature."),
            "committed",
        ),
        in_form(
            "receive",
            "receive",
            N_("Record a payment"),
            (
                Field(name="money", label=N_("Amount that the donor paid, before bank charges"), kind="money"),
                Field(name="received_on", label=N_("Value date"), kind="date"),
                Field(
                    name="charges_minor",
                    label=N_("Bank charges deducted from it, in the currency of the payment"),
                    required=False,
                ),
                Field(
                    name="arrived_minor",
                    label=N_("Amount that reached the account"),
                    required=False,
                    hint=N_("Only with bank charges: what the donor paid less the charges."),
                ),
                Field(
                    name="settles",
                    label=N_("What it settles of the agreement"),
                    kind="money",
                    required=False,
                    hint=N_("Only if the payment came in another currency than the agreement."),
                ),
            ),
            N_("The money is then available in the fund, less programme support cost and bank charges."),
            "received",
        ),
        in_form(
            "meet_condition",
            "meet-condition",
            N_("A condition is met"),
            (
                Field(name="instalment", label=N_("Instalment"), kind="choice", options="instalments"),
                day("met_on", N_("Met on")),
            ),
            N_("The instalment is then owed, at the rate of the agreement."),
            "condition_met",
        ),
        in_form(
            "propose_refund",
            "refund",
            N_("Propose a refund"),
            (AMOUNT, reason("refund"), day("refunded_on", N_("Day of the refund"))),
            N_("Another finance officer has to approve it. Nothing moves before."),
            "proposed",
        ),
        in_form(
            "carry_over",
            "carry-over",
            N_("Carry over to another fund"),
            (
                Field(name="to_fund", label=N_("To which fund"), kind="choice", options="funds"),
                Field(name="money", label=N_("Amount in US dollars"), kind="money"),
                day("carried_over_on", N_("Day")),
            ),
            N_("Only with the consent of the donor, and not more than the fund has available and the donor has paid."),
            "carried_over",
        ),
        in_form(
            "reduce",
            "reduce",
            N_("Reduce"),
            (
                Field(name="money", label=N_("By how much"), kind="money"),
                reason("reduce_pledge"),
                day("reduced_on", N_("Day")),
            ),
            N_("The donor gives less. Conditional instalments are reduced first, then what is owed."),
            "reduced",
            True,
        ),
        Move(
            name="propose_write_off",
            path="write-off",
            label=N_("Propose to write off"),
            fields=(reason("write_off"), day("written_off_on", N_("Day"))),
            explains=N_(
                "All that is owed is given up, and conditional instalments lapse. "
                "Another finance officer has to approve it."
            ),
            warns=True,
            done="proposed",
        ),
        Move(
            name="propose_earmark_release",
            path="release-earmark",
            label=N_("Propose to release the earmark"),
            fields=(reason("release_earmark"),),
            explains=N_(
                "With the donor's consent, the money can then be used for the whole fund. "
                "Another finance officer has to approve it."
            ),
            done="proposed",
        ),
        Move(
            name="close",
            path="close",
            label=N_("Close"),
            fields=(),
            explains=N_("For a pledge that is reported and balanced: nothing is owed on either side."),
            done="pledge_closed",
        ),
        in_form("reword", "reword", N_("Change the note"), (NOTE,), N_("The old note is deleted everywhere."), "saved"),
        Move(
            name="withdraw",
            path="withdraw",
            label=N_("Withdraw"),
            fields=(day("withdrawn_on", N_("Day")),),
            explains=N_("The pledge no longer counts. You can pledge again at any time."),
            warns=True,
            done="pledge_withdrawn",
        ),
        Move(
            name="lapse",
            path="lapse",
            label=N_("Stop waiting"),
            fields=(day("lapsed_on", N_("Day")),),
            explains=N_("No agreement is expected any more, and the pledge no longer counts."),
            warns=True,
            done="pledge_lapsed",
        ),
    ),
)
