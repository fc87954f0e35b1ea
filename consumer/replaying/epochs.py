"""The epochs of a partition: what besides the logs went into the decisions, from which offset on.

An epoch holds from its first offset to the next one's. Where a group was moved back, or delivered at least once,
epochs go back too; then both were in force at some time, and a decision says which one it is of.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from consumer.epochs import BACKLOG
from consumer.replaying.log import Log
from consumer.replaying.stretch import Stretch
from models.decide import ModelRef
from schemas.errors import DeadLetter
from schemas.reading import Records

NO_EPOCH: Final = -1


@dataclass(frozen=True, slots=True)
class Epoch:
    """`written_ms` is the time of its record: by then none of its decisions had been published."""

    partition: int
    first_offset: int
    model: ModelRef
    policy: str
    feature_version: int
    churn_generation: str | None
    degraded: tuple[str, ...]
    label_offsets: Mapping[int, int] | None
    app_version: str
    worker: str
    written_ms: int = 0

    @classmethod
    def of(cls, fields: Mapping[str, Any], written_ms: int) -> Self:
        stalled = fields["label_offsets"]
        said = {name: fields[name] for name in ("partition", "first_offset", "policy", "feature_version")}
        return cls(
            **said,
            model=ModelRef(**fields["model"]),
            churn_generation=fields["churn_generation"],
            degraded=tuple(fields["degraded"]),
            label_offsets=None if stalled is None else {int(each): offset for each, offset in stalled.items()},
            app_version=fields["app_version"],
            worker=fields["worker"],
            written_ms=written_ms,
        )

    @property
    def decider(self) -> tuple[ModelRef, str]:
        """What decided: the model, and the policy with all that belongs to it."""
        return self.model, self.policy


class Epochs:
    """Of one partition, in the order of their log. Of two with the same first offset the first holds."""

    def __init__(self, epochs: Iterable[Epoch]) -> None:
        self._known: dict[int, Epoch] = {}
        self.goes_back, newest = False, -1
        for each in epochs:
            self._known.setdefault(each.first_offset, each)
            self.goes_back |= each.first_offset <= newest
            newest = max(newest, each.first_offset)
        self._firsts = sorted(self._known)

    @property
    def backlogs(self) -> bool:
        """Whether in any of them flags were kept off their topic."""
        return any(BACKLOG in each.degraded for each in self._known.values())

    def at(self, offset: int) -> Epoch | None:
        place = bisect_right(self._firsts, offset) - 1
        return self._known[self._firsts[place]] if place >= 0 else None

    def names_at(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """First offsets of the epochs that hold there, NO_EPOCH before the first."""
        return np.array([NO_EPOCH, *self._firsts], np.int64)[np.searchsorted(self._firsts, offsets, "right")]

    def named(self, first_offset: int) -> Epoch | None:
        return self._known.get(first_offset)

    def cuts(self, stretch: Stretch) -> Iterator[tuple[Stretch, Epoch | None]]:
        """The stretch in parts of one epoch each; None before the first one, where nothing was decided."""
        inside = [first for first in self._firsts if stretch.start < first < stretch.end]
        edges = [stretch.start, *inside, stretch.end]
        for start, end in pairwise(edges):
            yield Stretch(stretch.partition, start, end), self.at(start)


def read_epochs(log: Log, records: Records, partition: int) -> Epochs:
    """All there are of a partition."""
    return Epochs(_read(log, records, partition))


def _read(log: Log, records: Records, partition: int) -> Iterator[Epoch]:
    for messages in log.messages(partition, 0, log.ends.get(partition, 0)):
        for each in messages:
            try:
                fields = records.read(each.value())
            except DeadLetter as error:
                raise _unreadable(log.topic, partition, each.offset(), error) from error
            if fields["partition"] == partition:
                yield Epoch.of(fields, each.timestamp()[1])


def _unreadable(topic: str, partition: int, offset: int, error: DeadLetter) -> DeadLetter:
    return DeadLetter(error.reason, f"the record at {topic}/{partition}/{offset} is no epoch ({error.detail})")
