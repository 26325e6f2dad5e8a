"""Forms of the moves of a delivery: who reads what is written in them."""

from typing import Any

import pytest

from services.console.deliveries.moves import DELIVERY
from services.console.rendering import environment

COMMENTS = {
    move.name: field
    for move in DELIVERY.moves
    if not move.elsewhere
    for field in move.fields
    if field.name == "comment"
}


@pytest.mark.parametrize("move", sorted(COMMENTS))
def test_form_says_that_unodc_reads_the_comment(move: str) -> None:
    """A comment on a move is in the record of the delivery, which both sides and UNODC read."""
    assert COMMENTS[move].hint.startswith("Both sides and UNODC read it.")


def test_comment_on_the_private_topic_is_not_private() -> None:
    macros: Any = environment("en").get_template("macros.html").module

    written = str(macros.field(COMMENTS["open_private_topic"], {}))

    assert "Both sides and UNODC read it. UNODC does not read the messages and files of the private topic." in written
