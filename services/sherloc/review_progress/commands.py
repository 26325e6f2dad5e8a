"""The bodies of commands on review progress."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts import reference
from contracts.codes import ReviewCluster, unknown_code
from contracts.effects import Progress
from contracts.values import Language, State


class ReviseReviewProgress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The progress of one's own State on the observations of a cluster, and a text on it in one language."""

    progress: Progress
    language: Language
    text: Annotated[str, Meta(max_length=10_000)] = ""


class RecordReviewProgress(ReviseReviewProgress, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new record for a cluster (`/v1/reference/review_clusters`) without a record."""

    state: State
    cluster: ReviewCluster

    def check(self) -> None:
        """Raise Invalid for an unknown cluster."""
        if self.cluster not in (known := reference.review_clusters()):
            raise unknown_code("cluster", self.cluster, known, code_list="review_clusters")
