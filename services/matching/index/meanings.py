"""Vectors of the texts of offerings in memory, each in its offering's row."""

import numpy as np
from numpy.typing import NDArray

from services.matching.texts.meaning import FULL, Model, Vector

MEANINGS_MAX = 100_000
"""Maximum number of vectors in memory, of two kilobytes each. With more offerings they are read from PostgreSQL."""

UNKNOWN = -FULL


class Meanings:
    """Vectors of one model, that of the first vector put; vectors of other models are ignored until made again."""

    def __init__(self) -> None:
        self.model: Model | None = None
        self._vectors: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._known: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def put(self, row: int, vector: Vector | None) -> None:
        """Set or clear the vector of a row."""
        if vector is None or row >= MEANINGS_MAX:
            self._known[row : row + 1] = False
            return
        if self.model is None:
            self.model = vector.model
        if vector.model != self.model:
            self._known[row : row + 1] = False
            return
        self._make_room(row + 1)
        self._vectors[row] = np.frombuffer(vector.values, "<f4")
        self._known[row] = True

    def comparable_with(self, vector: Vector | None) -> bool:
        """Return True if the vectors can be compared with it."""
        return vector is not None and vector.model == self.model

    def closeness(self, to: Vector, rows: NDArray[np.uint32]) -> NDArray[np.int32]:
        """Return the closeness of each row, in thousandths; `UNKNOWN` for a row without a vector."""
        found = np.full(len(rows), UNKNOWN, np.int32)
        held = rows < len(self._known)
        held[held] = self._known[rows[held]]
        vectors = self._vectors.take(rows[held], axis=0)
        found[held] = np.rint(vectors @ np.frombuffer(to.values, "<f4") * FULL)
        return found

    def _make_room(self, count: int) -> None:
        assert self.model is not None, "the model is set with the first vector"
        if count > len(self._vectors):
            size = min(max(count + count // 4, 256), MEANINGS_MAX)
            vectors, known = np.zeros((size, self.model.dimensions), np.float32), np.zeros(size, np.bool_)
            vectors[: len(self._vectors)] = self._vectors.reshape(-1, self.model.dimensions)
            known[: len(self._known)] = self._known
            self._vectors, self._known = vectors, known
