"""One thread with the model: it takes what is queued while it computed, so that nobody waits for a batch to fill.

A lone request is computed at once; under load batches grow by themselves. Only requests that are asked alike of a
model that gives a row the same bits in any batch are put together, so that no answer depends on its neighbours. One
that fails among others is tried alone.
"""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import structlog
from threadpoolctl import threadpool_limits

from serving import metrics
from serving.door.model import Ask, Model
from serving.refusal import Refusal, too_many

FULL: Final = "more rows wait for the model than may wait; try again"
BROKEN: Final = "the model failed on these rows; the log says how"
HEAD: Final = b'{"predictions": '
TAIL: Final = b"}"

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """A request that waits. `answer` is the body, set on the loop's thread."""

    model: Model
    ask: Ask
    answer: asyncio.Future[bytes]
    done: bytes | Refusal | None = field(default=None)

    @property
    def alike(self) -> tuple[object, ...]:
        return (id(self.model), *self.ask.alike) if self.model.exact else (id(self),)


class Batcher:
    def __init__(self, *, batch_rows: int, queue_rows: int) -> None:
        self._batch_rows, self._queue_rows = batch_rows, queue_rows
        self._queue: deque[Job] = deque()
        self._rows = 0
        self._changed = threading.Condition()
        self._ending = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Computes what waits, then ends."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def submit(self, model: Model, ask: Ask) -> asyncio.Future[bytes]:
        """For the loop's thread. Raises Refusal where too many rows wait; a lone request is never too large."""
        job = Job(model, ask, asyncio.get_running_loop().create_future())
        with self._changed:
            if self._queue and self._rows + ask.count > self._queue_rows:
                raise too_many(FULL)
            self._queue.append(job)
            self._rows += ask.count
            if len(self._queue) == 1:
                self._changed.notify()
        metrics.QUEUE_ROWS.set(self._rows)
        return job.answer

    def _run(self) -> None:
        # a batch is small: threads of a library would wait for each other longer than they compute
        threadpool_limits(1)
        while taken := self._take():
            for _, group in groupby(taken, key=lambda job: job.alike):
                _compute(list(group))
            _deliver(taken)

    def _take(self) -> list[Job]:
        """What waits, as much as goes into a batch; nothing: the end. Requests that were given up are left out."""
        taken: list[Job] = []
        rows = 0
        with self._changed:
            while not taken:
                while not self._queue and not self._ending:
                    self._changed.wait()
                if not self._queue:
                    return []
                while self._queue and (not taken or rows + self._queue[0].ask.count <= self._batch_rows):
                    job = self._queue.popleft()
                    self._rows -= job.ask.count
                    if not job.answer.done():
                        taken.append(job)
                        rows += job.ask.count
        metrics.QUEUE_ROWS.set(self._rows)
        return taken


def _compute(jobs: list[Job]) -> None:
    """Every job has what becomes of it when this returns."""
    try:
        for job, answer in zip(jobs, _answers(jobs), strict=True):
            job.done = answer
    except Exception as error:  # noqa: BLE001 - whatever a model does, the door stays open
        if len(jobs) > 1:
            for job in jobs:
                _compute([job])
            return
        log.error("model.failed", model=str(jobs[0].model.ref), why=type(error).__name__)  # noqa: TRY400 - its words may quote rows
        jobs[0].done = error if isinstance(error, Refusal) else Refusal(500, BROKEN)


def _answers(jobs: list[Job]) -> Iterator[bytes]:
    model, ask = jobs[0].model, jobs[0].ask
    rows = ask.rows if len(jobs) == 1 else model.join([job.ask.rows for job in jobs])
    began = time.perf_counter()
    found = model.predict(rows, ask.output, ask.threshold)
    metrics.PREDICT_SECONDS.observe(time.perf_counter() - began)
    count = sum(job.ask.count for job in jobs)
    if len(found) != count:
        raise ValueError("another number of predictions than rows")
    metrics.BATCH_ROWS.observe(count)
    metrics.PREDICTIONS.inc(count)
    start = 0
    for job in jobs:
        part = found[start : start + job.ask.count]
        start += job.ask.count
        yield HEAD + json.dumps(part, allow_nan=False).encode() + TAIL


def _deliver(jobs: list[Job]) -> None:
    """One call into each loop for all of its jobs."""
    for loop, group in groupby(jobs, key=lambda job: job.answer.get_loop()):
        try:
            loop.call_soon_threadsafe(_set, list(group))
        except RuntimeError:
            return  # the loop ended, and with it everybody who waited


def _set(jobs: list[Job]) -> None:
    for job in jobs:
        if job.answer.done():
            continue
        if isinstance(job.done, bytes):
            job.answer.set_result(job.done)
        elif job.done is not None:
            job.answer.set_exception(job.done)
