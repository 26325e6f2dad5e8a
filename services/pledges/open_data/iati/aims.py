"""What a purpose is for: sectors of the OECD's Development Assistance Committee, and its marker of gender equality."""

from collections.abc import Sequence

from msgspec import Struct

from contracts import reference
from services.pledges.open_data.iati import codes
from services.pledges.open_data.iati.activity import Marker, Share


class Aims(Struct, frozen=True, kw_only=True):
    """`sectors` are the whole together; `gender_marker` is 0 for none, 1 or 2, and None where nobody has said it."""

    sectors: tuple[Share, ...] = codes.equal_shares([reference.LEGAL_AND_JUDICIAL_DEVELOPMENT])
    gender_marker: int | None = None

    @property
    def markers(self) -> tuple[Marker, ...]:
        if self.gender_marker is None:
            return ()
        return (Marker(codes.GENDER_EQUALITY, codes.DAC, str(self.gender_marker)),)


def aims_of(topics: Sequence[str], gender_marker: int | None, *, kind: str = "") -> Aims:
    """Each topic counts the same, however often it is named; the kind of assistance counts where there is none.

    To the DAC a sector is the area that is to be fostered, which topics tell, and not what is done for it, as kinds do.
    """
    sectors = [reference.dac_sector_of("topics", topic) for topic in dict.fromkeys(topics)] or [
        reference.dac_sector_of("kinds", kind)
    ]
    return Aims(sectors=codes.equal_shares(sectors), gender_marker=gender_marker)
