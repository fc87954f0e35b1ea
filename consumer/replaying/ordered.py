"""What operators had ordered to be passed over: replays pass over the same records."""

from collections.abc import Iterator

from consumer.orders import PARTITION
from consumer.replaying.log import Log
from schemas.orders import Order, Unreadable, parse
from schemas.standing import Standing


def ordered(log: Log | None, group: str) -> Standing:
    """`log` None: there is no such topic, and nothing was ordered."""
    return Standing(group).after(_orders(log)) if log is not None else Standing(group)


def _orders(log: Log) -> Iterator[Order]:
    for messages in log.messages(PARTITION, 0, log.ends[PARTITION]):
        for each in messages:
            try:
                yield parse(each.value())
            except Unreadable:
                continue
