"""What a model is, as one number: the same for the same trees, features, metrics and training window.

It does not depend on how or when they were written, so training twice from the same seed gives the same digest.
"""

import hashlib
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from models.artefact.canonical import canonical

PREDICTING: Final = ("value", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "is_leaf")
"""The parts of a node that a prediction looks at; the others tell how it was grown."""
LEFT_OUT: Final = {"_sklearn_version", "n_jobs", "verbose"}

Feed = Callable[[bytes], None]


def content_digest(estimator: Any, facts: Mapping[str, Any]) -> str:  # noqa: ANN401 - any estimator
    sha = hashlib.sha256(canonical(facts))
    _Walk(sha.update).feed(estimator)
    return sha.hexdigest()


class _Walk:
    """Numbers by their bits, containers by their order, mappings and sets by the order of their names."""

    def __init__(self, update: Feed) -> None:
        self._update = update
        self._above: list[int] = []

    def feed(self, value: Any) -> None:  # noqa: ANN401, PLR0911 - one line for each kind
        match value:
            case str():
                return self._put("str", value.encode(errors="surrogatepass"))
            case None | bool() | int() | bytes():
                return self._put(type(value).__name__, repr(value).encode())
            case float():
                return self._put("float", _bits(float(value)))
            case type():
                return self._put("type", f"{value.__module__}.{value.__qualname__}".encode())
            case np.random.Generator() | np.random.RandomState():
                return self._put("random", b"")
            case np.dtype():
                return self._put("dtype", str(value).encode())
            case np.generic():
                return self._array(np.asarray(value))
            case np.ndarray():
                return self._array(value)
        if id(value) in self._above:
            return self._put("above", b"")
        self._above.append(id(value))
        self._composed(value)
        self._above.pop()
        return None

    def _composed(self, value: Any) -> None:  # noqa: ANN401
        match value:
            case list() | tuple():
                self._each(type(value).__name__, value)
            case set() | frozenset():
                self._each("set", sorted(value, key=repr))
            case Mapping():
                self._named("mapping", value)
            case slice():
                self._each("slice", (value.start, value.stop, value.step))
            case TreePredictor():
                self._named("tree", {name: value.nodes[name] for name in PREDICTING})
            case _:
                self._named(f"{type(value).__module__}.{type(value).__qualname__}", _state(value))

    def _each(self, kind: str, values: Any) -> None:  # noqa: ANN401
        self._put(kind, str(len(values)).encode())
        for value in values:
            self.feed(value)

    def _named(self, kind: str, values: Mapping[Any, Any]) -> None:
        kept = sorted((name for name in values if name not in LEFT_OUT), key=str)
        self._put(kind, str(len(kept)).encode())
        for name in kept:
            self._put("name", str(name).encode())
            self.feed(values[name])

    def _array(self, array: Any) -> None:  # noqa: ANN401
        if array.dtype == object:
            self._put("objects", str(array.shape).encode())
            return self._each("list", array.ravel().tolist())
        if array.dtype.names:  # between fields lies what was in memory before
            return self._named("fields", {name: array[name] for name in array.dtype.names})
        little = array.astype(array.dtype.newbyteorder("<"), order="C")
        return self._put(f"{little.dtype.str}{array.shape}", little.tobytes())

    def _put(self, kind: str, content: bytes) -> None:
        self._update(f"{kind}:{len(content)}:".encode() + content)


def _bits(value: float) -> bytes:
    return struct.pack("<d", math.nan if math.isnan(value) else value)


def _state(value: Any) -> Mapping[Any, Any]:  # noqa: ANN401
    state = value.__getstate__()
    return state if isinstance(state, Mapping) else {}
