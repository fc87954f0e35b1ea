"""What operators had ordered, as far as decisions follow from it: records passed over, groups sent back."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from consumer.orders import PARTITION
from consumer.replaying.log import Log
from schemas.orders import Order, Unreadable, Verb, parse
from schemas.standing import Standing


@dataclass(frozen=True, slots=True)
class Ordered:
    """`moves` are, by partition, stretches that the group was sent back over: their records have two answers.

    `passed` are those that it was sent past: their records have none, unless it was sent back later.
    """

    standing: Standing
    moves: dict[int, list[range]] = field(default_factory=dict)
    passed: dict[int, list[range]] = field(default_factory=dict)

    @classmethod
    def of(cls, group: str, orders: Iterable[Order], topic_id: str | None = None) -> Self:
        ours = [each for each in orders if each.group == group and each.about(topic_id)]
        moves: dict[int, list[range]] = {}
        passed: dict[int, list[range]] = {}
        for each in ours:
            if each.verb is Verb.MOVED and each.partition is not None and each.offset is not None:
                moves.setdefault(each.partition, []).append(range(each.offset, each.before or 0))
                passed.setdefault(each.partition, []).append(range(each.before or 0, each.offset))
        return cls(Standing(group, topic_id).after(ours), moves, passed)

    def again(self, partition: int, offset: int) -> bool:
        """Whether the record may have been decided more than once."""
        return any(offset in each for each in self.moves.get(partition, ()))

    def passed_over(self, partition: int, offset: int) -> bool:
        """Whether the group was sent past the record."""
        return any(offset in each for each in self.passed.get(partition, ()))


def read_orders(log: Log | None) -> Iterator[Order]:
    """All that can be read; None: there is no such topic, and nothing was ever ordered."""
    if log is None or PARTITION not in log.ends:
        return
    for messages in log.messages(PARTITION, 0, log.ends[PARTITION]):
        for each in messages:
            try:
                yield parse(each.value())
            except Unreadable:
                continue
