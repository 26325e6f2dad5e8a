"""Degrees of earmarking of a donor's money."""

from enum import StrEnum

from contracts.refusals import Mismatch


class Earmarking(StrEnum):
    """Degrees to which a donor states the purpose of its money, beyond the fund."""

    UNEARMARKED = "unearmarked"
    SOFTLY_EARMARKED = "softly_earmarked"
    EARMARKED = "earmarked"
    TIGHTLY_EARMARKED = "tightly_earmarked"


def earmarked(said: Earmarking | None, *, for_requirement: bool) -> Earmarking:
    """Return the stated earmarking; by default soft, or tight if the pledge is for a requirement.

    Raises Mismatch if a pledge for a requirement is stated to be less earmarked.
    """
    if not for_requirement:
        return said or Earmarking.SOFTLY_EARMARKED
    if said not in {None, Earmarking.TIGHTLY_EARMARKED}:
        raise Mismatch("earmarking-too-loose")
    return Earmarking.TIGHTLY_EARMARKED


def earmarked_to_extension(said: Earmarking | None) -> Earmarking:
    """Return the stated earmarking of a pledge for a portal extension, by default `earmarked`.

    Raises Mismatch for a looser degree, and for a tight one, which only a requirement can have.
    """
    if said not in {None, Earmarking.EARMARKED}:
        raise Mismatch("earmarking-of-extension")
    return Earmarking.EARMARKED
