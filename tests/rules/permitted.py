"""`python -m tests.rules.permitted`: write what the policies answer to `permitted.csv`, beside this file.

It has a line for each action of a subject: who may ever do it, and a digest of the answers to everybody in every case.
Tests do not write the file, so a changed policy differs from it until the file is reviewed and written again.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

from services.documents.permission_cases import SUBJECTS
from services.documents.permission_subjects import Subject
from services.documents.permissions import cell

FILE = Path(__file__).with_suffix(".csv")
HEAD = ("service", "subject", "action", "allowed", "digest")


def permitted() -> str:
    """Return the content of the file by the present policies."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for subject in SUBJECTS:
        writer.writerows(_rows(subject))
    return text.getvalue()


@cache
def answers(service: str, title: str) -> Mapping[StrEnum, Sequence[Sequence[str]]]:
    """Return the answers of a subject's policy: by action, for each actor in turn, in every case."""
    (subject,) = (one for one in SUBJECTS if (one.service, one.title) == (service, title))
    cases = list(subject.circumstances())
    return {
        action: [
            [cell(subject.decide(actor.caller, action, record)) for _, record in cases] for actor in subject.actors
        ]
        for action in (*subject.reads, *subject.acts)
    }


def _rows(subject: Subject) -> Iterator[tuple[str, ...]]:
    for action, to_actors in answers(subject.service, subject.title).items():
        digest = hashlib.sha256()
        allowed: dict[str, list[str]] = {}
        for actor, found in zip(subject.actors, to_actors, strict=True):
            digest.update(repr((actor.role, actor.standing, found)).encode())
            if any(answer.startswith("yes") for answer in found):
                allowed.setdefault(str(actor.role), []).append(actor.standing)
        everyone = sum(map(len, allowed.values())) == len(subject.actors)
        named = "; ".join(f"{role}: {', '.join(standings)}" for role, standings in sorted(allowed.items()))
        yield subject.service, subject.title, str(action), "everyone" if everyone else named, digest.hexdigest()[:16]


if __name__ == "__main__":
    FILE.write_text(permitted(), encoding="utf-8")
