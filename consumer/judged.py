"""A lot and all that was found out about it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.epochs import Circumstances
from consumer.lots import Fetched
from models.churn.weighed import Churn
from models.decide import Decisions
from models.memory import Sight
from schemas.lot import Lot


@dataclass(frozen=True, slots=True)
class Judged:
    """Row for row the same in `lot`, `sight`, `decided` and `churn`."""

    fetched: Fetched
    lot: Lot
    sight: Sight
    decided: Decisions
    churn: Churn

    @property
    def marks(self) -> NDArray[np.uint32]:
        """Of the record, of what is remembered, and of the decision."""
        return self.sight.marks | self.decided.marks


@dataclass(frozen=True, slots=True)
class Answered:
    """The rows of a lot whose decisions are written, in input order; `epochs` by row of the lot."""

    judged: Judged
    rows: NDArray[np.int64]
    epochs: NDArray[np.int64]
    now: Circumstances
    now_ms: int
