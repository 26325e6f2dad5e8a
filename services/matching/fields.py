"""Types that several request bodies share, and checks of codes."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Annotated

from msgspec import Meta

from contracts import reference
from contracts.codes import unknown_code
from contracts.refusals import Invalid

Words = Annotated[str, Meta(max_length=2000)]


def check_known(name: str, codes: Iterable[str], known: Collection[str]) -> None:
    for code in codes:
        if code not in known:
            raise unknown_code(name, code, known)


def check_once(name: str, decided: Sequence[Hashable]) -> None:
    if len(set(decided)) < len(decided):
        raise Invalid("decided-twice", field=name)


def check_reason(move: str, reason: str, *, name: str = "reason") -> str:
    """Return the reason. Raise Invalid if it does not belong to this move."""
    if reason not in (known := reference.reasons(move)):
        raise unknown_code(name, reason, known, code_list=f"reasons/{move}")
    return reason
