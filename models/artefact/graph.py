"""Everything an estimator is made of, once each, whatever refers to what."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def parts(root: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever estimators are made of
    """The objects with attributes of their own, `root` first."""
    rest, seen = [root], set[int]()
    while rest:
        value = rest.pop()
        if id(value) in seen or isinstance(value, str | bytes | int | float | type | None):
            continue
        seen.add(id(value))
        if hasattr(value, "__dict__"):
            yield value
        rest += _inside(value)


def _inside(value: Any) -> list[Any]:  # noqa: ANN401
    match value:
        case Mapping():
            return list(value.values())
        case list() | tuple() | set() | frozenset():
            return list(value)
        case np.ndarray():
            return value.ravel().tolist() if value.dtype == object else []
    return list(vars(value).values()) if hasattr(value, "__dict__") else []
