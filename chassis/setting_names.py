"""Names of settings: those that the program reads, and given names that are unknown."""

import difflib
from collections.abc import Iterator, Mapping

PREFIXES = ("ENTRAIDE_", "DATABASE_URL", "NATS_URL", "SMTP_URL")
READ_ELSEWHERE = frozenset({"ENTRAIDE_VENV"})
"""Settings of `./dev`, not read by the program."""

SIMILARITY_LOWEST = 0.85
"""Minimum ratio of `difflib.SequenceMatcher` of a misspelt name: one letter wrong, missing or extra."""


class RecordedReads(Mapping[str, str]):
    """An environment that records each name read, so that no separate list of known names is needed."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._env[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._env)

    def __len__(self) -> int:
        return len(self._env)

    def unknown(self) -> tuple[str, ...]:
        """Names with a prefix of ours that are set but were never read, sorted."""
        given = {name for name in self._env if name.startswith(PREFIXES)}
        return tuple(sorted(given - self.names - READ_ELSEWHERE))

    def nearest(self, name: str) -> str | None:
        """The known name of which `name` is probably a misspelling; None if there is none."""
        return next(iter(difflib.get_close_matches(name, sorted(self.names), n=1, cutoff=SIMILARITY_LOWEST)), None)
