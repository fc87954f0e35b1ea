"""Whether so many records of a partition are refused that it should stop: pure, counted in rows and never in lots.

The counters travel with the offset they are as of: as the metadata of the committed offset, in the transaction of the
lot. So they are right after every crash and every handover, and a stop holds wherever the partition goes.

    1 c=12 n=873/1000 r=40,0,3 s=1042

    1   version; a newer one only adds fields
    c   records refused in a row, up to the offset
    n   records seen of the running block, and how many a block has
    r   refused records by block, the running one last; the window is BLOCKS whole ones
    s   the offset at which the partition stopped; absent while it goes on
    m   a model decided, see `consumer.lost_models`

A partition stops after the lot in which a limit was passed, at whichever row of it: how rows came together in lots
changes where it stops, never whether. It goes on when an order resumes that stop, with empty counters, so that no
offset is a stop twice. Records skipped by order are not counted: nobody looked at them.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from consumer.lots import Fetched, Span
from schemas.lot import Refusal
from schemas.orders import stop_id
from schemas.settings.dead_letters import DeadLetters
from schemas.standing import Standing
from schemas.verdicts import Reason

BLOCKS: Final = 10
VERSION: Final = 1
TEXT: Final = re.compile(r"[1-9]\d{0,3}( \w+=[\d/,]{1,600})*")
STOP: Final = " s="
LONGEST: Final = 2_000
"""A broker keeps 4,096 bytes with an offset, unless told otherwise."""
BIGGEST: Final = 2**63

Refused = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Counters:
    consecutive: int = 0
    block: int = 0
    seen: int = 0
    refused: tuple[int, ...] = ()
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """0 is no limit."""

    max_consecutive: int
    max_ratio: float
    window: int

    @classmethod
    def of(cls, settings: DeadLetters) -> Self:
        return cls(settings.max_consecutive, settings.max_ratio, settings.window)

    @property
    def block(self) -> int:
        return max(self.window // BLOCKS, 1)

    def after(self, counters: Counters, refused: Refused, end: int) -> Counters:
        """With the rows of a lot in their order; `end` is the offset after them, where the partition would stop."""
        counters = counters if counters.block == self.block else replace(counters, block=self.block, seen=0, refused=())
        if not any(counters.refused) and not refused.any():
            return self._quiet(counters, refused.size)
        runs = _runs(counters.consecutive, refused)
        blocks, whole = self._blocks(counters, refused)
        over = 0 < self.max_consecutive < int(runs.max()) or self._too_many(blocks[:whole], counters, refused.size)
        stop = counters.stop if counters.stop is not None or not over else end
        kept = blocks[max(whole - BLOCKS, 0) :]
        return Counters(int(runs[-1]), self.block, (counters.seen + refused.size) % self.block, tuple(kept), stop)

    def _quiet(self, counters: Counters, rows: int) -> Counters:
        """What most lots come to: none refused, now or lately."""
        ended, seen = divmod(counters.seen + rows, self.block)
        whole = min(len(counters.refused) - (counters.seen > 0) + ended, BLOCKS)
        return Counters(
            0 if rows else counters.consecutive, self.block, seen, (0,) * (whole + (seen > 0)), counters.stop
        )

    def _blocks(self, counters: Counters, refused: Refused) -> tuple[list[int], int]:
        """Refused records by block, those known before among them, and how many of the blocks are whole."""
        starts = np.arange(self.block - counters.seen, refused.size, self.block)
        counts = (
            np.add.reduceat(refused, np.concatenate(([0], starts)), dtype=np.int64).tolist() if refused.size else []
        )
        blocks = list(counters.refused)
        if counters.seen and counts:
            blocks[-1] += counts.pop(0)
        blocks += counts
        return blocks, len(blocks) - ((counters.seen + refused.size) % self.block > 0)

    @property
    def on(self) -> bool:
        return self.max_consecutive > 0 or self.max_ratio > 0

    def _too_many(self, whole: list[int], counters: Counters, rows: int) -> bool:
        """In any window that ends with a block that these rows completed."""
        sums = np.cumsum([0, *whole])
        windows = sums[BLOCKS:] - sums[:-BLOCKS]
        ended = (counters.seen + rows) // self.block
        latest = windows[max(windows.size - ended, 0) :]
        return bool(self.max_ratio > 0 and (latest / (BLOCKS * self.block) > self.max_ratio).any())


def stop_of(text: str | None, partition: int, standing: Standing) -> str | None:
    """The id of the stop that holds the partition, if one does."""
    if not text or STOP not in text:  # asked between any two lots
        return None
    stop = decode(text).stop
    named = None if stop is None else stop_id(partition, stop)
    return None if named in standing.resumed else named


def carried(text: str | None, partition: int, standing: Standing) -> Counters:
    """What the next lot counts on from: nothing, where a stop was resumed."""
    counters = decode(text)
    resumed = counters.stop is not None and stop_id(partition, counters.stop) in standing.resumed
    return Counters() if resumed else counters


def counted(fetched: Fetched, refusals: Sequence[Refusal], limits: Limits, standing: Standing) -> dict[int, Span]:
    """The spans of a lot with what is to be committed together with them."""
    by_partition = _refused(fetched.raw.partition, refusals, fetched.spans)
    spans = {}
    for partition, span in fetched.spans.items():
        refused, before = by_partition[partition], carried(span.text, partition, standing)
        after = limits.after(before, refused, span.end) if limits.on and refused.size else before
        spans[partition] = Span(span.start, span.first, span.end, encode(after), span.epoch)
    return spans


def _refused(partitions: NDArray[np.int32], refusals: Sequence[Refusal], of: Iterable[int]) -> dict[int, Refused]:
    """Which rows were, by partition, without those that were passed over."""
    if not refusals:
        rows = np.bincount(partitions, minlength=max(of, default=0) + 1).tolist()
        return {each: np.zeros(rows[each], np.bool_) for each in of}
    refused, passed_over = np.zeros(partitions.size, np.bool_), np.zeros(partitions.size, np.bool_)
    for each in refusals:
        (passed_over if each.reason is Reason.SKIPPED else refused)[each.row] = True
    return {each: refused[(partitions == each) & ~passed_over] for each in of}


def encode(counters: Counters) -> str:
    if counters == Counters():
        return ""
    stop = "" if counters.stop is None else f" s={counters.stop}"
    blocks = "" if not counters.refused else f" r={','.join(map(str, counters.refused))}"
    return f"{VERSION} c={counters.consecutive} n={counters.seen}/{counters.block}{blocks}{stop}"


def decode(text: str | None) -> Counters:
    """Empty counters for whatever is not ours: who resets a group by hand leaves no text, or another."""
    if not text or len(text) > LONGEST or not TEXT.fullmatch(text):
        return Counters()
    fields = dict(each.split("=") for each in text.split()[1:])
    try:
        seen, block = _numbers(fields.get("n", "0/0"), "/")
        refused = tuple(_numbers(fields["r"], ",")) if "r" in fields else ()
        (consecutive,) = _numbers(fields.get("c", "0"), ",")
        stop = _numbers(fields["s"], ",")[0] if "s" in fields else None
    except ValueError:
        return Counters()
    whole = 0 <= seen < block and all(each <= block for each in refused) and len(refused) <= BLOCKS + 1
    return Counters(consecutive, block, seen, refused, stop) if whole else Counters(consecutive, stop=stop)


def _runs(before: int, refused: Refused) -> NDArray[np.int64]:
    """How many in a row were refused, up to each row."""
    place = np.arange(1, refused.size + 1)
    last_good = np.maximum.accumulate(np.where(refused, 0, place))
    runs = np.where(last_good, place - last_good, place + before)
    return np.concatenate(([before], runs)).astype(np.int64)


def _numbers(text: str, between: str) -> list[int]:
    found = [int(each) for each in text.split(between)]
    if any(each >= BIGGEST for each in found):
        raise ValueError(text)
    return found
