"""A history out of topics: what they hold of transactions and labels, up to the ends that there were at the start.

Read as the scorer reads: the same decoder, the same checks, real partitions and offsets. Nothing is committed.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

import pyarrow as pa

from batch.history.history import Account
from batch.history.log import Log
from batch.history.merge import in_order
from batch.history.rejects import Reject, Rejects
from batch.history.truths import Truths, TruthTables, told
from models.labels import LabelColumns
from models.labels.rows import label_columns
from models.money import Money
from schemas.contracts import LABEL
from schemas.lot import Checks, Decoder
from schemas.registry import Registry, SchemaSource
from schemas.settings import Settings

HELD_ROWS: Final = 300_000
"""Of all partitions together."""
FEWEST: Final = 1_000


class TopicHistory:
    """`truths` are from files: topics know no more than what was said."""

    def __init__(
        self,
        settings: Settings,
        money: Money,
        rejects: Rejects,
        truths: TruthTables | None = None,
        registry: SchemaSource | None = None,
    ) -> None:
        self._money, self._rejects, self._truth_tables = money, rejects, truths
        self._label_rejects, self._truth_rejects = rejects.beside(), rejects.beside()
        self._registry = registry or Registry.of(settings)
        self._transactions = Log(settings, settings.topics.transactions)
        self._labels = Log(settings, settings.topics.labels)
        self._checks = partial(
            Checks, settings.checks.strict_keys, settings.checks.reject_pans, settings.kafka.partitioner
        )
        self._accepted: dict[str, int] = {}
        self._read = 0
        self._truths: Truths | None = None

    def close(self) -> None:
        self._transactions.close()
        self._labels.close()

    def transactions(self) -> Iterator[pa.RecordBatch]:
        log, self._read = self._transactions, 0
        decoder = Decoder(self._registry, self._checks(len(log.ends)))
        counting, rejects = log.topic not in self._accepted, self._rejects
        most = max(FEWEST, HELD_ROWS // max(len(log.ends), 1))
        lots = {each: self._lots(log, each, decoder, most, rejects if counting else None) for each in log.ends}
        accepted = 0
        for rows in in_order(lots):
            accepted += rows.num_rows
            yield rows
        if counting:
            self._accepted[log.topic] = accepted
            rejects.settle(accepted + rejects.total, "transactions")

    def labels(self) -> Iterator[LabelColumns]:
        log = self._labels
        decoder = Decoder(self._registry, self._checks(len(log.ends)), LABEL)
        counting, rejects = log.topic not in self._accepted, self._label_rejects
        accepted = 0
        for each in log.ends:
            for rows in self._lots(log, each, decoder, HELD_ROWS, rejects if counting else None):
                accepted += rows.num_rows
                yield label_columns(rows, self._money)
        if counting:
            self._accepted[log.topic] = accepted
            rejects.settle(accepted + rejects.total, "labels")

    def truths(self) -> Truths | None:
        if self._truths is None and self._truth_tables is not None:
            self._truths = told(self._truth_tables, self._truth_rejects)
        return self._truths

    @property
    def account(self) -> Account:
        transactions = self._accepted.get(self._transactions.topic, 0)
        reasons = self._rejects.reasons + self._label_rejects.reasons + self._truth_rejects.reasons
        labels = self._accepted.get(self._labels.topic, 0)
        origin = f"topics {self._transactions.topic} and {self._labels.topic}"
        return Account(origin, transactions + self._rejects.total, transactions, labels, reasons)

    @property
    def share(self) -> float | None:
        log = self._transactions
        in_all = sum(log.ends[each] - log.begins[each] for each in log.ends)
        return self._read / in_all if in_all else None

    def _lots(
        self, log: Log, partition: int, decoder: Decoder, most: int, rejects: Rejects | None
    ) -> Iterator[pa.RecordBatch]:
        offset = log.begins[partition]
        while offset < log.ends[partition]:
            chunk = log.chunk(partition, offset, most)
            if log is self._transactions:
                self._read += chunk.next - offset
            offset, lot = chunk.next, decoder.decode(chunk.raw)
            if rejects is not None:
                places = chunk.raw.offset
                rejects.add(
                    [
                        Reject(f"{log.topic}/{partition}/{places[each.row]}", each.reason, each.detail)
                        for each in lot.refusals
                    ]
                )
            yield lot.rows
