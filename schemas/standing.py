"""What holds of all that was ordered: a fold of the log of orders, in its order, and of nothing else.

The same log gives the same standing on every worker and in every replay, whatever was read at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from schemas.orders import Order, Verb, from_ranges

Orders = Mapping[int, Order]
Sent = tuple[int, int, Order]
"""First and last offset of dead letters that were sent back, and by which order."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Each with the order it stands by. Orders for other groups, or of another topic than this input, are not in it."""

    group: str
    topic_id: str | None = None
    """Of the input, where it is known."""
    paused: Orders = field(default_factory=dict)
    """By partition."""
    skipped: Mapping[tuple[int, int], Order] = field(default_factory=dict)
    """By partition and offset. For good: a record that was passed over once is passed over again."""
    drained: Mapping[str, Order] = field(default_factory=dict)
    """By the worker's identity."""
    resumed: Mapping[str, Order] = field(default_factory=dict)
    """By the id of the stop that the order ends."""
    moved: Orders = field(default_factory=dict)
    """By partition, the last time it was."""
    replayed: Mapping[int, tuple[Sent, ...]] = field(default_factory=dict)
    """By partition of the dead letters."""

    def after(self, orders: Iterable[Order]) -> Self:
        standing, sent = self, dict[int, list[Sent]]()
        for order in orders:
            if order.group != self.group or not order.about(self.topic_id):
                continue
            if order.verb is Verb.REPLAYED and order.partition is not None and order.offsets:
                sent.setdefault(order.partition, []).extend((*each, order) for each in from_ranges(order.offsets))
            else:
                standing = standing._with(order)
        replayed = {each: (*self.replayed.get(each, ()), *more) for each, more in sent.items()}
        return replace(standing, replayed={**self.replayed, **replayed}) if sent else standing

    def skips(self, partition: int, offset: int) -> Order | None:
        return self.skipped.get((partition, offset))

    def replays(self, partition: int, offset: int) -> Order | None:
        """The last order by which that dead letter was sent back."""
        sent = reversed(self.replayed.get(partition, ()))
        return next((order for low, high, order in sent if low <= offset <= high), None)

    def _with(self, order: Order) -> Self:  # noqa: PLR0911 - one for each verb
        match order:
            case Order(verb=Verb.PAUSE, partition=int(partition)):
                return replace(self, paused={**self.paused, partition: order})
            case Order(verb=Verb.RESUME, partition=int(partition)):
                return replace(self, paused=_without(self.paused, partition))
            case Order(verb=Verb.SKIP, partition=int(partition), offset=int(offset)):
                return replace(self, skipped={(partition, offset): order, **self.skipped})
            case Order(verb=Verb.DRAIN, slot=str(slot)):
                return replace(self, drained={**self.drained, slot: order})
            case Order(verb=Verb.UNDRAIN, slot=str(slot)):
                return replace(self, drained={name: each for name, each in self.drained.items() if name != slot})
            case Order(verb=Verb.RESUME_DEAD_LETTERS, stop=str(stop)):
                return replace(self, resumed={**self.resumed, stop: order})
            case Order(verb=Verb.MOVED, partition=int(partition)):
                return self._moved(partition, order)
        return self

    def _moved(self, partition: int, order: Order) -> Self:
        """The group may come to an offset again at which it was stopped and resumed: that is another stop then."""
        resumed = {stop: each for stop, each in self.resumed.items() if each.partition != partition}
        return replace(self, moved={**self.moved, partition: order}, resumed=resumed)


def _without(orders: Orders, partition: int) -> Orders:
    return {number: order for number, order in orders.items() if number != partition}
