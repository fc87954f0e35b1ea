"""Everything an estimator is made of, once each, whatever refers to what."""

from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType

import numpy as np


def parts(estimator: object) -> Iterator[tuple[str, object]]:
    """Each with its place, the estimator first; deep nests do not deepen the stack."""
    seen: set[int] = set()
    waiting = [(type(estimator).__name__, estimator)]
    while waiting:
        place, part = waiting.pop()
        if id(part) not in seen and not isinstance(part, type | ModuleType | FunctionType):
            seen.add(id(part))
            yield place, part
            waiting.extend(_inside(place, part))


def _inside(place: str, part: object) -> list[tuple[str, object]]:
    if isinstance(part, Mapping):
        return [(f"{place}[{key!r}]", each) for key, each in part.items()]
    if isinstance(part, list | tuple | set | frozenset):
        return [(f"{place}[{position}]", each) for position, each in enumerate(part)]
    if isinstance(part, np.ndarray):
        return _inside(place, part.ravel().tolist()) if part.dtype == object else []
    return [(f"{place}.{name}", each) for name, each in vars(part).items()] if hasattr(part, "__dict__") else []
