"""Reads and decodes labels in a thread of its own, some batches ahead of the loop and never more.

The loop's thread is only slowed down by what holds the interpreter: the kernels of the decoder do not.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from queue import Empty, Full, Queue
from typing import Final

import structlog

from consumer import metrics
from consumer.labels.log import LabelLog
from consumer.notices import Notices
from consumer.schema_waits import BACK_OFF_S
from models.labels import LabelColumns
from models.labels.rows import label_columns
from models.money import Money
from schemas.errors import RegistryAway
from schemas.lot import Decoder, Lot, Raw

BATCHES: Final = 8
ROWS: Final = 10_000
"""Of a batch: enough that a batch costs little, few enough that learning one is short beside a lot."""
WAIT_S: Final = 0.1
SOON_S: Final = 0.01
"""While a worker waits for what there is."""
CLOSE_S: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Labels in the order of their partitions; `offsets` are the next ones, once these are learned."""

    labels: LabelColumns
    refused: Mapping[str, int]
    offsets: Mapping[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Once so many batches are learned, everything is that stood in the log at that moment."""

    after: int
    at_ms: int
    offsets: Mapping[int, int]


class Feed:
    """`settled` is the newest there is; read it before the batches. The log is the thread's from `start` on."""

    def __init__(self, labels: LabelLog, decoder: Decoder, money: Money) -> None:
        self._log, self._decoder, self._money = labels, decoder, money
        self._batches: Queue[Batch] = Queue(BATCHES)
        self._made = 0
        self._stop = threading.Event()
        self._end: Exception | None = None
        self._away = Notices("labels.registry_away")
        self._thread = threading.Thread(target=self._run, name="labels", daemon=True)
        self.settled: Settled | None = None

    def start(self) -> None:
        self._thread.start()

    @property
    def busy(self) -> bool:
        return not self._batches.empty()

    def ready(self) -> Iterator[Batch]:
        """Those that are there now."""
        for _ in range(self._batches.qsize()):
            try:
                yield self._batches.get_nowait()
            except Empty:
                return

    def raise_end(self) -> None:
        """What ended the thread, if anything did."""
        if self._end is not None:
            raise self._end

    def close(self) -> None:
        """Does not wait for a broker that stands still: the thread ends with the process."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S)
        else:
            self._log.close()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn()
        except Exception as error:  # noqa: BLE001 - the loop's thread raises it
            self._end = error
        finally:
            self._log.close()

    def _turn(self) -> None:
        raw = self._log.fetch(ROWS, WAIT_S if self.settled else SOON_S)
        if raw is not None:
            lot = self._decoded(raw)
            if lot is None:
                return
            refused = Counter(each.reason.value for each in lot.refusals)
            self._put(Batch(label_columns(lot.rows, self._money), refused, dict(self._log.next)))
        at_ms = self._log.reached()
        if at_ms is not None:
            self.settled = Settled(self._made, at_ms, dict(self._log.next))

    def _decoded(self, raw: Raw) -> Lot | None:
        """Waits for a schema registry that is away. None: it is to end."""
        tries = 0
        while not self._stop.is_set():
            try:
                return self._decoder.decode(raw)
            except RegistryAway as away:
                metrics.REGISTRY_WAITS.inc()
                self._away.hear({away.message: len(raw.values)})
                self._stop.wait(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries += 1
        return None

    def _put(self, batch: Batch) -> None:
        while not self._stop.is_set():
            try:
                self._batches.put(batch, timeout=WAIT_S)
            except Full:
                continue
            self._made += 1
            return
