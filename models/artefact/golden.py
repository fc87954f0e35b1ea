"""Golden vectors: rows the model never learnt from, and the margins it gave them, to the last bit.

They are chosen around the thresholds, where a wrong bit changes a decision, then evenly along the margins; some of
them have missing values wherever the model takes them.
"""

import base64
import binascii
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.artefact.canonical import canonical
from models.artefact.margins import Doubles, Rows
from models.artefact.refusal import refused

FEWEST: Final = 256
MOST: Final = 100_000
EACH_SIDE: Final = 16
WITH_MISSING: Final = 32

Margins = Callable[[Any], Doubles]


@dataclass(frozen=True, slots=True)
class Golden:
    """`missing`: rows with missing values are among them."""

    rows: Rows
    margins: Doubles

    @property
    def missing(self) -> bool:
        return isinstance(self.rows, np.ndarray) and bool(np.isnan(self.rows).any())

    def to_bytes(self) -> bytes:
        return canonical({"rows": _rows_out(self.rows), "margins": _array_out(self.margins)}) + b"\n"


def choose(rows: Rows, margins: Margins, thresholds: Collection[float] = (), count: int = FEWEST) -> Golden:
    """Of rows the model never learnt from. `margins` is the model; thresholds are raw margins."""
    if isinstance(rows, np.ndarray):
        rows = _with_missing(np.ascontiguousarray(rows, np.float64), margins)
    found = margins(rows)
    picked = _picked(found if found.ndim == 1 else found[:, -1], thresholds, count, _missing(rows))
    chosen = rows[picked] if isinstance(rows, np.ndarray) else [rows[number] for number in picked]
    return Golden(chosen, np.ascontiguousarray(found[picked]))


def from_bytes(content: bytes, where: str) -> Golden:
    """Raises Misconfigured unless there are as many margins as rows, and enough of both."""
    try:
        said = json.loads(content)
        golden = Golden(_rows_in(said["rows"]), _array_in(said["margins"]))
    except (ValueError, KeyError, TypeError, RecursionError, MemoryError, OverflowError, binascii.Error) as error:
        raise refused(where, f"is not what golden vectors are written as: {type(error).__name__}") from None
    count = len(golden.rows)
    if not FEWEST <= count <= MOST or len(golden.margins) != count:
        raise refused(where, f"has {count} rows and {len(golden.margins)} margins; {FEWEST} of each are the least")
    return golden


def _with_missing(rows: Doubles, margins: Margins) -> Doubles:
    """Rows that miss one value each, in every column in turn, where there are too few and the model takes them."""
    if int(np.isnan(rows).any(axis=1).sum()) >= WITH_MISSING or not len(rows):
        return rows
    holed = rows[np.arange(WITH_MISSING + rows.shape[1]) % len(rows)].copy()
    holed[np.arange(len(holed)), np.arange(len(holed)) % rows.shape[1]] = np.nan
    try:
        margins(holed[:1])
    except ValueError:
        return rows
    return np.concatenate([rows, holed])


def _missing(rows: Rows) -> Any:  # noqa: ANN401 - an array of truths
    return np.isnan(rows).any(axis=1) if isinstance(rows, np.ndarray) else np.zeros(len(rows), np.bool_)


def _picked(margins: Doubles, thresholds: Collection[float], count: int, missing: Any) -> Any:  # noqa: ANN401
    order = np.argsort(margins, kind="stable")
    wanted = list(np.flatnonzero(missing)[:WITH_MISSING])
    for threshold in sorted(thresholds):
        at = int(np.searchsorted(margins[order], threshold))
        wanted += list(order[max(at - EACH_SIDE, 0) : at + EACH_SIDE])
    kept = set(map(int, wanted))
    rest = np.array([number for number in order if int(number) not in kept], np.int64)
    if len(rest) and count > len(kept):
        kept |= set(
            rest[np.unique(np.linspace(0, len(rest) - 1, min(count - len(kept), len(rest))).astype(np.int64))].tolist()
        )
    return np.array(sorted(kept), np.int64)


def _rows_out(rows: Rows) -> object:
    return _array_out(rows) if isinstance(rows, np.ndarray) else {"texts": list(rows)}


def _rows_in(said: dict[str, Any]) -> Rows:
    if "texts" not in said:
        return _array_in(said, dimensions=2)
    if not all(isinstance(text, str) for text in said["texts"]):
        raise ValueError("texts")
    return list(said["texts"])


def _array_out(array: Doubles) -> object:
    return {"shape": list(array.shape), "float64le": base64.b64encode(array.astype("<f8").tobytes()).decode()}


def _array_in(said: dict[str, Any], dimensions: int | None = None) -> Doubles:
    shape = said["shape"]
    if not all(type(each) is int and each >= 0 for each in shape) or len(shape) not in {1, 2}:
        raise ValueError("shape")
    if dimensions is not None and len(shape) != dimensions:
        raise ValueError("shape")
    flat = np.frombuffer(base64.b64decode(said["float64le"], validate=True), "<f8").astype(np.float64)
    return flat.reshape(shape)
