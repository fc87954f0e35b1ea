"""What scorers knew of labels: all that there are, or exactly those below the offsets that a stalled epoch names.

Answers as of a step do not depend on labels that take effect later, so one book of all labels does for every lot that
was sure of its step. A stalled lot was not: what it knew is learned anew, going on from the one before where it can.
"""

from collections.abc import Iterator, Mapping
from functools import partial

from consumer.replaying.log import Log
from models.labels import LabelBook, LabelColumns, LabelParams
from models.labels.rows import label_columns
from models.money import Money
from schemas.lot import Decoder, Raw


class Verdicts:
    """`log` None: there is no topic of labels, and nothing was ever known."""

    def __init__(self, log: Log | None, decoder: Decoder, params: LabelParams, money: Money) -> None:
        self._log, self._decoder, self._money = log, decoder, money
        self._book = partial(LabelBook, params)
        self._whole: LabelBook | None = None
        self._part, self._learned = self._book(), dict[int, int]()
        self.learned = 0

    def known(self, offsets: Mapping[int, int] | None) -> LabelBook:
        """Of every label; or of those below these offsets, and none in a partition that they do not name."""
        return self._all() if offsets is None else self._below(offsets)

    def labels(self) -> Iterator[LabelColumns]:
        """Every one that there is."""
        for partition, end in self._log.ends.items() if self._log else ():
            yield from self._read(partition, 0, end)

    def _all(self) -> LabelBook:
        if self._whole is None:
            self._whole = self._book()
            for batch in self.labels():
                self._whole.learn(batch)
                self.learned += len(batch)
        return self._whole

    def _below(self, offsets: Mapping[int, int]) -> LabelBook:
        if any(offsets.get(each, 0) < offset for each, offset in self._learned.items()):
            self._part, self._learned = self._book(), {}
        for partition, offset in offsets.items():
            for batch in self._read(partition, self._learned.get(partition, 0), offset):
                self._part.learn(batch)
            self._learned[partition] = max(offset, self._learned.get(partition, 0))
        return self._part

    def _read(self, partition: int, start: int, end: int) -> Iterator[LabelColumns]:
        if self._log is None or partition not in self._log.ends:
            return
        for messages in self._log.messages(partition, start, end):
            yield label_columns(self._decoder.decode(Raw.of(messages)).rows, self._money)
