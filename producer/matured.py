"""Genuine verdicts on transactions that have matured, batch by batch, each in a transaction of its own.

Order of effects: the transactional id is taken, which ends whoever else is at it and aborts what they had begun; only
then is it read what was said before. A crash anywhere leaves whole batches, which the next run finds on the topic.
"""

from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from producer.columns import to_rows
from producer.form import LABELS
from producer.taking_turns import PATIENCE_SECONDS, TakingTurns
from schemas.encoding import Encode
from schemas.settings import Settings

SOURCE: Final = "matured"
SHORTEST_MS: Final = 1_000


class MaturedLabels(TakingTurns):
    """A transaction lasts no longer than a verdict may take to be readable: half of `labels.grace`."""

    sent_as = ("labels", "sent")
    into = "the topic of labels"
    begun = "let transactions mature"
    again = "run the same command again: what was sent is on the topic, and is not sent twice"

    def __init__(self, settings: Settings, encode: Encode) -> None:
        self.sent = 0
        self._topic, self._encode = settings.topics.labels, encode
        most_ms = max(SHORTEST_MS, min(round(PATIENCE_SECONDS * 1_000), settings.labels.grace_ms // 2))
        super().__init__(
            settings,
            "labels-mature",
            [self._topic],
            patience=most_ms / 1_000,
            besides={"transaction.timeout.ms": most_ms},
        )

    def send(self, rows: pa.RecordBatch, known_ms: int) -> None:
        """`rows` have what a label copies from its transaction. All of them are on the topic, or none is."""
        with self.batch():
            for row in to_rows(labelled(rows), LABELS):
                self._produce(row, known_ms)
        self.sent += rows.num_rows

    def _produce(self, row: Mapping[str, Any], known_ms: int) -> None:
        self._producer.produce(
            self._topic,
            self._encode(row),
            str(row["card_id"]).encode(),
            timestamp=known_ms,
            on_delivery=self._delivered,
        )
        self._producer.poll(0)


def labelled(rows: pa.RecordBatch) -> pa.RecordBatch:
    genuine = pa.repeat(pa.scalar(False), rows.num_rows)
    source = pa.repeat(pa.scalar(SOURCE), rows.num_rows)
    return rows.append_column("is_fraud", genuine).append_column("source", source)
