"""Labels into the book of the worker, and whether a lot may be scored with what the book knows.

A row of step s, which begins at b, is to see every label with record timestamp k <= b - grace, and none that counts
later. The second half is the book's own doing: what takes effect later cannot be seen in answers as of s. The first
half is not to be had from what was read: timestamps do not grow along a partition, nor together in all of them, so a
label of an earlier moment may always follow. It rests on a contract with those who publish, and on one question:

    contract   the grace has two halves. Within the first, a label is readable by all: k + grace / 2 is past by then.
    question   at the moment w by our clock, ask which partitions there are, and where each of them ends.
    answer     once every partition was read up to that end, all labels with k <= w - grace / 2 were read,
               so every step that begins at w + grace / 2 or before is complete: k <= b - grace <= w - grace / 2.

`position_time` is the w of the last such question whose ends were reached and learned; a new one is asked every second.
So a worker may be half the grace behind, or its clock behind those of the terminals, before anything is missing. A lot
is *stalled* when the latest of its steps is not complete:

- a lot of the past never is, however much is being published meanwhile: what was read is enough for it
- before the first ends were reached every lot is, since nothing is known of what has not been read
- so is one whose time lies more than half the grace ahead of our clock, past the next boundary: its labels are not
  there to be read yet

A stalled lot is scored all the same, as of `offsets()`: below them every label was learned, at or above them none. The
epoch has to name them, and whoever recomputes the lot learns up to them.

Ends are those of all records, committed or not. While a transaction on the label topic hangs, readers of committed
records do not get there, and the lots are stalled, rather than sure of what they cannot see. A label that breaks the
contract is learned and counted: lots that were sure of its step did not see it.

How much of the past is read: an answer as of a moment sees what took effect in the horizon before it. Whether a verdict
took effect or only repeated another one, goes back one more horizon, and from the effect to the record timestamp it is
the delay, the grace and a step: `reach_ms`. Below that nothing can be seen. Where records of that time were deleted
already, a worker that has been there for longer knows more of repeated verdicts than one that begins.

Order of effects: `begin` finds the offsets and starts a thread, which reads and decodes; `learn_into`, called by the
loop's thread between lots, learns what has come; `offsets`, `stalled` and `position_time` are as of then, so that they
hold for the lot that is scored next. Nothing is committed, no group is joined. What ends the thread is raised by
`learn_into`; a broker or a schema registry that is away ends nothing: labels stall, scoring goes on.
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from consumer import metrics
from consumer.clock import now_ms
from consumer.labels.feed import Batch, Feed
from consumer.labels.log import LabelLog
from consumer.life import Life
from consumer.notices import Notices
from models.bank import Bank
from models.labels import LabelBook, LabelParams
from models.labels.params import DAY_MS, HORIZON_DAYS
from schemas.lot import Decoder
from schemas.settings import Settings

PATIENCE_S: Final = 5.0
"""How long nothing may come while a worker that starts waits for its labels."""
PROGRESS_EVERY_S: Final = 5.0
STALLED_EVERY_S: Final = 1.0
REST_S: Final = 0.02

log = structlog.get_logger(__name__)


class LabelReader:
    """For one thread, but for the one that it keeps itself. `clock_ms` is compared with the times of labels and lots,
    `now` with itself alone.
    """

    def __init__(
        self,
        settings: Settings,
        bank: Bank,
        decoder: Decoder,
        identity: str,
        *,
        clock_ms: Callable[[], int] = now_ms,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._params, self._clock_ms, self._now = bank.labels, clock_ms, now
        self._log = LabelLog.of(settings, identity, clock_ms)
        self._feed = Feed(self._log, decoder, bank.money)
        self._refused, self._late = Notices("labels.refused", now), Notices("labels.late", now)
        self._taken = 0
        self._offsets: Mapping[int, int] = {}
        self.forgot_ms: int | None = None
        """Rows of earlier times are not answered as they would have been: what only they could see is forgotten."""
        self._stalled: bool | None = None
        self._learned_at = -math.inf
        self.position_time: int | None = None

    def begin(self, since_ms: int, offsets: Mapping[int, int] | None = None, *, life: Life) -> bool:
        """Starts to read what lots from that time on can see, or from the offsets that a book was learned up to.

        False: those are not in the log, which is read from that time on; the book has to be an empty one. Waits for the
        broker until the process is asked to end.
        """
        from_offsets = self._log.begin(since_ms - reach_ms(self._params), offsets, life)
        self._offsets = dict(self._log.next)
        self._feed.start()
        log.info("labels.reading", offsets=self._offsets, since_ms=since_ms)
        return from_offsets

    def catch_up(self, book: LabelBook, life: Life, patience_s: float = PATIENCE_S) -> bool:
        """Learns up to the ends that there were when this began; False when nothing came for so long, or when the
        process is to end. What is missing then comes between lots.
        """
        began = moved = said = self._now()
        learned = 0
        while not life.ending:
            life.turn()
            more = self.learn_into(book)
            now, learned = self._now(), learned + more
            if self.position_time is not None:
                log.info("labels.caught_up", learned=learned, seconds=round(now - began, 3))
                return True
            if more or self._feed.busy:
                moved = now
            elif now - moved > patience_s:
                log.warning("labels.not_caught_up", learned=learned, left=self._log.lag, silent_s=patience_s)
                return False
            if now - said >= PROGRESS_EVERY_S:
                said = now
                log.info("labels.catching_up", learned=learned, left=self._log.lag)
            if not more:
                life.rest(REST_S)
        return False

    def between_lots(self, book: LabelBook, oldest_ms: int | None = None) -> None:
        """Learns what has come. While lots are stalled each is scored as of offsets that its epoch has to name, so that
        these move once in a while and not with every lot.
        """
        now = self._now()
        if not self._stalled or now - self._learned_at >= STALLED_EVERY_S:
            self._learned_at = now
            self.learn_into(book, oldest_ms)

    def learn_into(self, book: LabelBook, oldest_ms: int | None = None) -> int:
        """Learns what has come since, never more than the feed holds, and tells how many labels that were.

        Once a day of that time the book forgets what no lot at `oldest_ms` or later can see.
        """
        self._feed.raise_end()
        settled, learned = self._feed.settled, 0
        for batch in self._feed.ready():
            learned += self._learn(book, batch)
        if settled is not None and self._taken >= settled.after:
            self.position_time = settled.at_ms
            if self._taken == settled.after:
                self._offsets = settled.offsets
        if oldest_ms is not None and (self.forgot_ms is None or oldest_ms >= self.forgot_ms + DAY_MS):
            book.forget(oldest_ms)
            self.forgot_ms = oldest_ms
        metrics.LABEL_LAG_SECONDS.set(self.behind_ms() / 1000)
        return learned

    def offsets(self) -> dict[int, int]:
        """By partition, the offset below which every label was learned, and at or above which none was."""
        return dict(self._offsets)

    def behind_ms(self) -> float:
        """How long ago the ends were asked for that were reached last; infinite before the first."""
        return math.inf if self.position_time is None else max(self._clock_ms() - self.position_time, 0)

    def stalled(self, latest_ms: int) -> bool:
        """Whether labels may be missing that a row of that time is to see; ask with the latest of the lot's rows."""
        stalled = self._params.step_at(latest_ms) * self._params.step_ms > self._complete_ms
        if stalled is not self._stalled:
            said = log.warning if stalled else log.info
            said("labels.stalled" if stalled else "labels.complete", lot_ms=latest_ms, position_ms=self.position_time)
            self._stalled = stalled
            metrics.LABELS_STALLED.set(stalled)
        return stalled

    def close(self) -> None:
        self._feed.close()

    @property
    def _complete_ms(self) -> float:
        """Steps that begin then or before have all their labels."""
        return -math.inf if self.position_time is None else self.position_time + self._params.grace_ms // 2

    def _learn(self, book: LabelBook, batch: Batch) -> int:
        book.learn(batch.labels)
        self._taken += 1
        self._offsets = batch.offsets
        metrics.LABELS_LEARNED.inc(len(batch.labels))
        self._count_late(batch)
        for reason, count in batch.refused.items():
            metrics.LABELS_REFUSED.labels(reason).inc(count)
        self._refused.hear(batch.refused)
        return len(batch.labels)

    def _count_late(self, batch: Batch) -> None:
        steps = self._params.effects(batch.labels.known_at, batch.labels.event_time)
        late = int((steps * self._params.step_ms <= self._complete_ms).sum())
        metrics.LABELS_LATE.inc(late)
        self._late.hear({"readable too late": late})


def reach_ms(params: LabelParams) -> int:
    """From the first moment that is asked about, back to the earliest record timestamp that it can see."""
    return 2 * HORIZON_DAYS * DAY_MS + params.delay_ms + params.grace_ms + params.step_ms
