"""The transactions of one test period and what became of them."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from models.judging.counts import Flags, ratio
from models.judging.ranking import Integers


@dataclass(frozen=True, slots=True)
class Rows:
    """Columns of equal length. `fraud` counts only where the outcome is `known`; `day` is days since 1970.

    `scenario` names the way of fraud where ground truth does; `attainable` marks what could have been found at all.
    """

    fraud: Flags
    known: Flags
    amount: Integers
    card: NDArray[Any]
    day: Integers
    scenario: NDArray[Any] | None = None
    attainable: Flags | None = None

    def __post_init__(self) -> None:
        lengths = {each.name: len(column) for each in fields(self) if (column := getattr(self, each.name)) is not None}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"columns of different lengths: {lengths}")

    def __len__(self) -> int:
        return len(self.fraud)

    def take(self, which: Flags) -> Self:
        columns: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        taken: dict[str, Any] = {name: None if column is None else column[which] for name, column in columns.items()}
        return type(self)(**taken)

    def settled(self) -> Self:
        """Those whose outcome is known."""
        return self.take(self.known)

    @property
    def unknown_share(self) -> float:
        return ratio(len(self) - int(np.count_nonzero(self.known)), len(self))

    @property
    def days(self) -> int:
        """On which anything happened."""
        return len(np.unique(self.day))
