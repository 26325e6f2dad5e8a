"""The shares of a score in few bytes: what is packed is read again, and so is what was kept as objects."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from contracts.matching import Share
from services.matching.scoring.packed import packed, unpacked
from services.matching.scoring.weights import CRITERIA

POINTS = st.integers(min_value=0, max_value=1000)
SHARES = st.lists(
    st.builds(Share, criterion=st.sampled_from(CRITERIA), points=POINTS, of=st.integers(min_value=1, max_value=1000)),
    min_size=1,
    max_size=len(CRITERIA),
)


@given(SHARES)
def test_what_is_packed_is_read_again(shares: list[Share]) -> None:
    kept = packed((one.criterion, one.points, one.of) for one in shares)

    assert tuple(shares) == unpacked(msgspec.json.encode(kept).decode())


@given(SHARES)
def test_what_was_kept_as_objects_is_read_as_before(shares: list[Share]) -> None:
    assert tuple(shares) == unpacked(msgspec.json.encode(shares).decode())
