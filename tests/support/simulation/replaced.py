"""What stands in for the parts of a worker that have threads, or that reach outside."""

from collections.abc import Callable, Iterator, Sequence
from zlib import crc32

from consumer.churn import UNAVAILABLE, Churn
from consumer.labels.feed import Batch, Feed
from consumer.snapshots.header import Taken
from consumer.snapshots.retention import Keep
from consumer.snapshots.store import Store
from consumer.snapshots.writer import Writer
from models.cards.extract import Arrays
from schemas.churn import Status


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

    def look_up(self, customers: Sequence[str]) -> Churn:
        generation = self._current()
        if generation == "away":
            return Churn(None, [None] * len(customers), [Status.UNAVAILABLE] * len(customers), (UNAVAILABLE,))
        return Churn(generation, [score(generation, each) for each in customers], [Status.FRESH] * len(customers))


def score(generation: str, customer: str) -> int:
    return crc32(f"{generation} {customer}".encode()) % 1_000_000
