"""What stands in for the parts of a worker that have threads, or that reach outside."""

from collections.abc import Callable, Iterator
from zlib import crc32

import numpy as np
import pyarrow as pa

from consumer.labels.feed import Batch, Feed
from consumer.snapshots.header import Taken
from consumer.snapshots.retention import Keep
from consumer.snapshots.store import Store
from consumer.snapshots.writer import Writer
from models.cards.extract import Arrays
from models.churn.weighed import FRESH, Churn, Times, nothing


class AtOnce(Writer):
    """Has no thread."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store, self._keep, self._now = store, Keep(), now

    @property
    def idle(self) -> bool:
        return True

    def hand_over(self, taken: Taken, arrays: Arrays) -> None:
        self._write(taken, arrays)

    def close(self, timeout: float = 0) -> bool:
        return True


class InTurn(Feed):
    """Reads when it is asked what has come."""

    def start(self) -> None:
        """There is no thread."""

    def ready(self) -> Iterator[Batch]:
        self._turn()
        return super().ready()


class ByName:
    """Churn scores of the generation of the moment; now and then there are none."""

    def __init__(self, current: Callable[[], str]) -> None:
        self._current = current

    def start(self) -> None:
        """Nothing has to be there."""

    @property
    def trouble(self) -> str:
        return ""

    def close(self) -> None:
        """Nothing is held."""

    def look_up(self, customers: pa.Array, at: Times) -> Churn:
        generation = self._current()
        if generation == "away":
            return nothing(len(at))
        scores = np.array([score(generation, each) for each in customers.to_pylist()], np.int32)
        return Churn(generation, scores, np.full(len(at), FRESH))


def score(generation: str, customer: str) -> int:
    return crc32(f"{generation} {customer}".encode()) % 1_000_000
