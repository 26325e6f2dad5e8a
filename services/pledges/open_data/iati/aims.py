"""Aims of a purpose: sectors of the OECD's Development Assistance Committee, and its gender equality marker."""

from collections.abc import Sequence

from msgspec import Struct

from contracts.reference import dac
from services.pledges.open_data.iati import codes
from services.pledges.open_data.iati.activity import Marker, Share


class Aims(Struct, frozen=True, kw_only=True):
    """Sectors, which add up to 100 %, and a gender marker.

    `gender_marker` is 0, 1 or 2, and None if not assessed.
    """

    sectors: tuple[Share, ...] = codes.equal_shares([dac.LEGAL_AND_JUDICIAL_DEVELOPMENT])
    gender_marker: int | None = None

    @property
    def markers(self) -> tuple[Marker, ...]:
        if self.gender_marker is None:
            return ()
        return (Marker(codes.GENDER_EQUALITY, codes.DAC, str(self.gender_marker)),)


def aims_of(topics: Sequence[str], gender_marker: int | None, *, kind: str = "") -> Aims:
    """Return the aims of these topics, or of the kind of assistance if there are none.

    Each distinct topic counts equally. In the DAC's terms a sector is the area that is fostered, which corresponds to
    topics, not to the kind of work done.
    """
    sectors = [dac.dac_sector_of("topics", topic) for topic in dict.fromkeys(topics)] or [
        dac.dac_sector_of("kinds", kind)
    ]
    return Aims(sectors=codes.equal_shares(sectors), gender_marker=gender_marker)
