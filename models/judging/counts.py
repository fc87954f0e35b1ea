"""The four counts of a threshold, and every figure that follows from them alone."""

from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counts:
    """Fraud is positive. A figure whose base is empty is not a number rather than a guess."""

    tp: int
    fp: int
    fn: int
    tn: int

    @classmethod
    def of(cls, fraud: Flags, flagged: Flags) -> Self:
        tp = int(np.count_nonzero(fraud & flagged))
        fp = int(np.count_nonzero(flagged)) - tp
        fn = int(np.count_nonzero(fraud)) - tp
        return cls(tp, fp, fn, len(fraud) - tp - fp - fn)

    @property
    def total(self) -> int:
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> float:
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return ratio(self.tp, self.tp + self.fn)

    @property
    def fpr(self) -> float:
        return ratio(self.fp, self.fp + self.tn)

    @property
    def accuracy(self) -> float:
        """Shown because people ask for it, and never a reason to promote: approving everything reaches 99 %."""
        return ratio(self.tp + self.tn, self.total)

    @property
    def f1(self) -> float:
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def mcc(self) -> float:
        base = (self.tp + self.fp) * (self.tp + self.fn) * (self.tn + self.fp) * (self.tn + self.fn)
        return ratio(self.tp * self.tn - self.fp * self.fn, sqrt(base))


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
