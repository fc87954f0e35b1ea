"""Sends dead letters back to the input, each at most once: the records and the note that they went are one transaction.

Order of effects: the transactional id is taken, which ends whoever else is sending and aborts what they had begun; then
it is read what was sent before; then, BATCH by BATCH, records to the input and an order `replayed` to the orders, and
commit. A crash anywhere leaves whole batches: what was sent is noted, what was not noted was not sent.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

from confluent_kafka import KafkaError

from producer.dead_letters import Letter
from producer.orders import PARTITION, standing
from producer.taking_turns import TakingTurns
from schemas import headers
from schemas.errors import Stop, Usage
from schemas.orders import Order, Verb, as_ranges
from schemas.settings import Settings

if TYPE_CHECKING:
    from schemas.standing import Standing

BATCH: Final = 500
BY_KEY: Final = -1
TOO_LARGE: Final = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})


class Resender(TakingTurns):
    """`before` is what had been ordered, and sent back, when this one took over."""

    sent_as = ("dead letters", "sent back")
    into = "the input and on the topic of orders"
    begun = "send dead letters back"
    again = "run the same command again: what was sent is noted, and is not sent twice"

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings = settings
        super().__init__(settings, "dlq-replay", (settings.topics.transactions, settings.topics.orders))
        self.before: Standing = standing(settings, say)

    def send(self, letters: Iterable[Letter], *, who: str, why: str, now: Callable[[], datetime]) -> Iterator[int]:
        """Yields how many have gone, batch by batch."""
        left = iter(letters)
        while batch := list(islice(left, BATCH)):
            with self.batch():
                self._produce(batch, who, why, now())
            yield len(batch)

    def _produce(self, batch: Sequence[Letter], who: str, why: str, at: datetime) -> None:
        offsets: dict[int, list[int]] = defaultdict(list)
        for letter in batch:
            self._letter(letter)
            offsets[letter.place.partition].append(letter.place.offset)
        for partition, sent in offsets.items():
            order = Order(
                verb=Verb.REPLAYED,
                group=self._settings.score.group,
                who=who,
                why=why,
                at=at,
                partition=partition,
                offsets=as_ranges(sent),
            )
            topic = self._settings.topics.orders
            self._producer.produce(topic, order.to_bytes(), partition=PARTITION, on_delivery=self._delivered)

    def _letter(self, letter: Letter) -> None:
        """A key decides the partition, as it does for everybody; without one it is where the record came from."""
        came_from = f"{self._settings.topics.dlq}/{letter.place}".encode()
        kept = [each for each in letter.headers or () if each[0] != headers.REPLAYED_FROM]
        self._producer.produce(
            self._settings.topics.transactions,
            letter.value,
            letter.key,
            BY_KEY if letter.key is not None or letter.origin is None else letter.origin.partition,
            headers=[*kept, (headers.REPLAYED_FROM, came_from)],
            on_delivery=self._delivered,
        )

    def _refused(self, error: KafkaError) -> Stop:
        if error.code() in TOO_LARGE:
            return Usage(f"a record is larger than the input takes: {error.str()}", fix="raise its max.message.bytes")
        return super()._refused(error)
