"""The state of cards as of an offset: from the newest snapshot at or before it, else from the log's beginning."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from confluent_kafka import KafkaException, TopicCollection
from numpy.typing import NDArray

from consumer.clients import admin
from consumer.replaying.log import ROWS, Log
from consumer.skips import decoded
from consumer.snapshots.digest import fold_digest
from consumer.snapshots.header import Origin
from consumer.snapshots.names import Name
from consumer.snapshots.restore import Expected, Restored, newest
from consumer.snapshots.store import Store, Stored
from consumer.trouble import Trouble
from models.bank import Bank
from models.cards import CardBook
from models.feature_list import LONGEST_MS
from schemas.lot import Decoder, Lot, Raw
from schemas.settings import Settings
from schemas.standing import Standing

CALL_S = 10.0


@dataclass(frozen=True, slots=True)
class Start:
    """Where state came from: a snapshot of that name, or the log alone; folded from that offset on."""

    partition: int
    snapshot: str | None
    fold_from: int


class Cards:
    """One partition at a time, going forward: `begin`, then fold what `lots` hands out into `book`."""

    def __init__(
        self,
        log: Log,
        decoder: Decoder,
        bank: Bank,
        restore: Callable[[int, int], Restored | None],
        standing: Standing,
    ) -> None:
        self._log, self._decoder, self._bank, self._restore, self._standing = log, decoder, bank, restore, standing
        self._whole = False
        self.book = CardBook(bank.terms, bank.money)
        self.cold_since_ms: int | None = None

    def begin(self, partition: int, offset: int) -> Start:
        """The book is then that of the partition with everything below the offset folded."""
        self.book = CardBook(self._bank.terms, self._bank.money)
        restored, name = self._restore(partition, offset), None
        start, self.cold_since_ms, self._whole = self._log.begins[partition], None, False
        if restored is not None:
            header = restored.header
            start, name, self.cold_since_ms, self._whole = header.offset, Name.of(header), header.cold_since_ms, True
            self.book.from_arrays(partition, restored.arrays)
        for lot, _ in self.lots(partition, start, offset):
            self.book.remember(lot.rows)
        return Start(partition, None if name is None else str(name), start)

    def lots(self, partition: int, start: int, end: int, rows: int = ROWS) -> Iterator[tuple[Lot, Raw]]:
        """State without a snapshot knows nothing from before its first record."""
        for messages in self._log.messages(partition, start, end, rows):
            raw = Raw.of(messages)
            if not self._whole:
                self.cold_since_ms, self._whole = max(int(raw.timestamp[0]), 0), True
            yield decoded(self._decoder, raw, self._standing), raw

    def cold(self, at_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Rows of which some window reaches further back than what was folded."""
        if self.cold_since_ms is None:
            return np.zeros(len(at_ms), np.bool_)
        return at_ms - LONGEST_MS < self.cold_since_ms


def from_nothing(_partition: int, _offset: int) -> None:
    """Restores nothing: the log is folded."""


def from_store(settings: Settings, log: Log) -> Callable[[int, int], Restored | None]:
    """Finds the newest snapshot at or before an offset; none where the broker does not say which topic this is."""
    origin, terms = _origin(settings, log), Bank.of(settings).terms
    if origin is None:
        return from_nothing

    def restore(partition: int, offset: int) -> Restored | None:
        expected = Expected(origin, partition, offset, log_start=log.begins[partition])
        return newest(_Earlier(settings, offset), expected, terms)

    return restore


class _Earlier(Store):
    """Snapshots of later offsets are no mishap here, and are not spoken of."""

    def __init__(self, settings: Settings, offset: int) -> None:
        super().__init__(settings.state.url.get_secret_value(), settings.score.group, settings.topics.transactions)
        self._offset = offset

    def snapshots(self, partition: int | None = None) -> Sequence[Stored]:
        return [each for each in super().snapshots(partition) if each.name.offset <= self._offset]


def topic_id(settings: Settings, log: Log) -> str | None:
    """None where the broker does not say."""
    client = admin(settings, "fraudstream-replay", Trouble("replay"))
    try:
        described = client.describe_topics(TopicCollection([log.topic]), request_timeout=CALL_S)[log.topic].result()
    except KafkaException:
        return None
    return str(described.topic_id)


def _origin(settings: Settings, log: Log) -> Origin | None:
    found = topic_id(settings, log)
    if found is None:
        return None
    return Origin(
        cluster_id=log.cluster_id,
        topic_id=found,
        topic=log.topic,
        partitions=len(log.ends),
        group=settings.score.group,
        fold_digest=fold_digest(settings),
    )
