"""Request bodies of matches with their limits, and the check of their codes."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import unknown_code_error
from contracts.matching import Evaluation, Override
from contracts.refusals import FieldError, Invalid
from contracts.requests import Persons
from contracts.values import Code
from services.matching.fields import Words, check_known, check_once, check_reason
from services.matching.matches.evaluation import Result
from services.matching.scoring.constraints import OVERRIDABLE

PRESENTED_MAX = 60
"""Maximum number of matches presented at once, as many as three lines have suggestions."""

REVISION_MAX = 999_999_999


class NewOverride(Override, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hard constraints that the offering violates and a coordinator overrides, for a coded reason.

    The reasons are those of `/v1/reference/reasons/override`.
    """

    def given(self) -> Override:
        """Return the override. Raise Invalid for a constraint that cannot be overridden, and for an unknown reason."""
        errors = [
            FieldError(field=f"override.constraints[{position}]", problem="not-overridable", allowed=OVERRIDABLE)
            for position, one in enumerate(self.constraints)
            if one not in OVERRIDABLE
        ]
        if errors:
            raise Invalid("not-overridable", field=errors[0].field, errors=errors)
        check_once("override.constraints", self.constraints)
        return Override(
            constraints=tuple(one for one in OVERRIDABLE if one in self.constraints),
            reason=check_reason("override", self.reason, name="override.reason"),
        )


class NewMatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line and an offering that may serve it, or `covers` persons of its group.

    Without `covers` it serves all persons that no confirmed match covers. Only a coordinator may override constraints.
    """

    line_id: UUID
    offering_id: UUID
    covers: Persons | None = None
    override: NewOverride | None = None
    comment: Words = ""


class Evaluate(Evaluation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Evaluation of a completed delivery: the `result`, ratings from 1 (worst) to 5, and a comment for UNODC only."""

    comment: Words = ""

    def given(self) -> Evaluation:
        """Return the evaluation. Raise Invalid for an unknown result."""
        check_known("result", [self.result], list(Result))
        return Evaluation(
            result=self.result, relevance=self.relevance, quality=self.quality, timeliness=self.timeliness
        )


class Agree(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agreement to a match. If fewer persons are left than it was presented for, `covers` is as many as are left."""

    covers: Persons | None = None
    comment: Words = ""


class LinkAnswer(StrEnum):
    """The answers of a State to a presented match by the link of a mail."""

    ACCEPT = "accept"
    DECLINE = "decline"


class AnswerMatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of a State to a presented match.

    `decline` requires a `reason` of `/v1/reference/reasons/decline_by_state`; `accept` has none.
    """

    answer: LinkAnswer
    reason: Code | None = None

    def check(self) -> None:
        """Raise Invalid for a missing or unknown reason, and for one of an acceptance."""
        if self.answer is LinkAnswer.ACCEPT:
            if self.reason is not None:
                raise Invalid("unknown-field", field="reason")
        elif self.reason is None:
            raise Invalid("missing-field", field="reason")
        else:
            check_reason("decline_by_state", self.reason)


class Presentation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`departure` is the coded reason (`/v1/reference/reasons/present`) for passing over a better ranked match."""

    departure: Code | None = None
    comment: Words = ""


class PresentedMatch(Presentation, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of several matches to present, in the `revision` that the coordinator read."""

    match_id: UUID
    revision: Annotated[int, Meta(ge=0, le=REVISION_MAX)]


class PresentSeveral(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Matches to present together, all or none. A better ranked one that is presented with them is not passed over."""

    matches: Annotated[tuple[PresentedMatch, ...], Meta(min_length=1, max_length=PRESENTED_MAX)]

    def check(self) -> None:
        """Raise Invalid with all unknown departures."""
        known = reference.reasons("present")
        errors = [
            unknown_code_error(f"matches[{position}].departure", one.departure, known, "reasons/present")
            for position, one in enumerate(self.matches)
            if one.departure is not None and one.departure not in known
        ]
        if errors:
            raise Invalid("unknown-code", field=errors[0].field, errors=errors)
