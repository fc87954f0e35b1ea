"""How far behind, in seconds: neither a backlog nor a long silence may make the figure wrong."""

from collections.abc import Iterator

import numpy as np
import pytest

from consumer.lag import Lags
from consumer.metrics import LAG_RECORDS, LAG_SECONDS, REGISTRY
from schemas.lot import Raw

HOUR = 3600.0


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    LAG_RECORDS.clear()
    LAG_SECONDS.clear()


def raw(*rows: tuple[int, float]) -> Raw:
    partitions, seconds = zip(*rows, strict=True)
    none: list[bytes | None] = [None] * len(rows)
    stamps = np.array([1000 * each for each in seconds], np.int64)
    return Raw(np.array(partitions, np.int32), np.arange(len(rows), dtype=np.int64), stamps, none, none)


def seconds(partition: int = 0) -> float | None:
    return REGISTRY.get_sample_value("fraudstream_lag_seconds", {"partition": str(partition)})


def test_nothing_waits() -> None:
    """Who has handled everything is not behind, however old the last record is."""
    lags = Lags()
    lags.handled(raw((0, 0.0)))
    lags.say({0: 0}, HOUR)
    assert seconds() == 0.0


def test_a_backlog() -> None:
    """Whoever works through the past is as far behind as what was handled last is old."""
    lags = Lags()
    lags.say({0: 900}, HOUR)
    lags.handled(raw((0, 5.0), (0, 10.0)))
    lags.say({0: 898}, HOUR + 1)
    assert seconds() == pytest.approx(HOUR + 1 - 10.0)


def test_a_lone_record_after_a_long_silence() -> None:
    """What came a moment ago has waited a moment, though the record before it is old."""
    lags = Lags()
    lags.handled(raw((0, 0.0)))
    lags.say({0: 0}, HOUR)
    lags.say({0: 1}, HOUR + 1)
    assert seconds() == pytest.approx(1.0)


def test_it_grows_while_nothing_is_handled() -> None:
    """A worker that hangs is further behind every second."""
    lags = Lags()
    lags.say({0: 0}, 100.0)
    for later in (101.0, 160.0):
        lags.say({0: 7}, later)
    assert seconds() == pytest.approx(60.0)


def test_partitions_are_apart_and_gone_ones_forgotten() -> None:
    """One that was handed over begins anew with whoever has it, and when it comes back."""
    lags = Lags()
    lags.handled(raw((0, 90.0), (1, 10.0)))
    lags.say({0: 1, 1: 1}, 100.0)
    assert seconds(0) == pytest.approx(10.0)
    assert seconds(1) == pytest.approx(90.0)
    lags.say({0: 1}, 101.0)
    assert seconds(1) is None
    lags.say({0: 1, 1: 5}, 200.0)
    assert seconds(1) == 0.0
    lags.say({0: 1, 1: 5}, 203.0)
    assert seconds(1) == pytest.approx(3.0)
