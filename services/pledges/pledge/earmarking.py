"""How closely a donor says what its money is for."""

from enum import StrEnum

from contracts.refusals import Mismatch


class Earmarking(StrEnum):
    """How closely a donor says what its money is for, beyond the fund."""

    UNEARMARKED = "unearmarked"
    SOFTLY_EARMARKED = "softly_earmarked"
    EARMARKED = "earmarked"
    TIGHTLY_EARMARKED = "tightly_earmarked"


def earmarked(said: Earmarking | None, *, for_requirement: bool) -> Earmarking:
    """As it is said; softly where nothing is, and tightly where it is for what one match lacks.

    Raises Mismatch where that is said to be less.
    """
    if not for_requirement:
        return said or Earmarking.SOFTLY_EARMARKED
    if said not in {None, Earmarking.TIGHTLY_EARMARKED}:
        raise Mismatch("earmarking-too-loose")
    return Earmarking.TIGHTLY_EARMARKED
