"""The reference number of a request, which mails and notes verbales quote."""

from secrets import randbelow

GROUP = 100_000
LOWEST = 10_000


def new_reference(year: int) -> str:
    """Draw a number such as `TA-2026-48047-06193`.

    It is random, because a reader must not infer from it how many other requests there are, and does not name the
    State, because it is shown where the State is not. Of 9,000,000,000 numbers a year two are hardly ever equal: then
    the UNIQUE constraint refuses the submission, and a repeated call draws again.
    """
    return f"TA-{year}-{LOWEST + randbelow(GROUP - LOWEST)}-{randbelow(GROUP):05}"
