"""Says, per partition, what besides the log went into the decisions, whenever that changes.

An epoch is written in the transaction of the first lot it holds for and is named by that lot's first offset. The
first lot after an assignment always begins one: a new owner does not know what the last one said.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from consumer.lots import Span
from models.decide import ModelRef

LABELS_STALLED: Final = "labels_stalled"
CHURN_UNAVAILABLE: Final = "churn_unavailable"
"""The customers of the lot could not be asked for; with a generation, its mean was weighed for all of them."""
BACKLOG: Final = "backlog"
"""All records of the lot are so old that nobody would act on a flag: its decisions go to the scores alone."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Everything a decision depends on that is neither in the input nor in the labels."""

    model: ModelRef
    policy: str
    feature_version: int
    churn_generation: str | None
    degraded: tuple[str, ...]
    label_offsets: Mapping[int, int] | None = None
    """Where labels are stalled: the lot is scored as of these."""


class Epochs:
    def __init__(self, app_version: str, worker: str) -> None:
        self._app_version = app_version
        self._worker = worker
        self._current: dict[int, tuple[int, Circumstances]] = {}

    def forget(self) -> None:
        """Partitions were handed over: each begins an epoch with its next lot."""
        self._current.clear()

    def enter(self, spans: Mapping[int, Span], now: Circumstances) -> dict[int, dict[str, object]]:
        """The epoch records to write with this lot, by partition."""
        begun = {}
        for partition, span in spans.items():
            _, last = self._current.get(partition, (0, None))
            if last != now:
                self._current[partition] = (span.first, now)
                begun[partition] = self._record(partition, span.first, now)
        return begun

    def first_offset(self, partition: int) -> int:
        return self._current[partition][0]

    def _record(self, partition: int, first_offset: int, now: Circumstances) -> dict[str, object]:
        return {
            "partition": partition,
            "first_offset": first_offset,
            "model": asdict(now.model),
            "policy": now.policy,
            "feature_version": now.feature_version,
            "churn_generation": now.churn_generation,
            "degraded": list(now.degraded),
            "label_offsets": _keyed(now.label_offsets),
            "app_version": self._app_version,
            "worker": self._worker,
        }


def _keyed(offsets: Mapping[int, int] | None) -> dict[str, int] | None:
    return None if offsets is None else {str(partition): offset for partition, offset in offsets.items()}
