"""From two answers to what happened in between."""

import math
import random

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from fraudstream.top.between import grown, observed, quantile, together
from fraudstream.top.scrape import Scrape, parse

BOUNDS = (0.01, 0.1, 1.0)


class Worker:
    """Metrics as a worker has them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Counter("decisions", "", ["outcome"], registry=self.registry)
        self.stage = Histogram("stage", "", ["stage"], buckets=BOUNDS, registry=self.registry)
        self.info = Gauge("info", "", ["name", "text"], registry=self.registry)

    def scrape(self) -> Scrape:
        return parse(generate_latest(self.registry).decode(), 1.0)


def test_text_becomes_numbers() -> None:
    """Labels with any letters in them, sums over other labels, and what is not there is not zero."""
    worker = Worker()
    worker.decisions.labels("block").inc(2)
    worker.info.labels("a", 'with "quotes", \\ and\nlines').set(1)
    worker.info.labels("a", "b").set(3)
    found = worker.scrape()
    assert found.value("decisions_total", outcome="block") == 2
    assert found.value("decisions_total", outcome="review") is None
    assert found.value("nothing") is None
    assert found.by("info", "name") == {"a": 4}
    assert 'with "quotes", \\ and\nlines' in found.by("info", "text")


def test_what_is_no_metrics_text() -> None:
    """It is refused, not read as nothing."""
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words
        parse("<html>not found</html>", 1.0)


def test_counters_grow_and_begin_anew() -> None:
    """A label that is new counts from zero; a counter that fell was started anew, and counts from zero too."""
    worker = Worker()
    worker.decisions.labels("block").inc(5)
    first = worker.scrape()
    worker.decisions.labels("block").inc(2)
    worker.decisions.labels("review").inc(3)
    second = worker.scrape()
    assert grown(first, second, "decisions_total", "outcome") == {"block": 2, "review": 3}
    assert grown(None, second, "decisions_total", "outcome") == {"block": 7, "review": 3}
    assert grown(second, first, "decisions_total", "outcome") == {"block": 5}


def test_histograms_between() -> None:
    """Only what came since counts, each label by itself; all of it once the worker was started anew."""
    worker = Worker()
    worker.stage.labels("decode").observe(0.5)
    worker.stage.labels("encode").observe(0.005)
    first = worker.scrape()
    worker.stage.labels("decode").observe(0.05)
    second = worker.scrape()
    assert observed(first, second, "stage", stage="decode") == {0.01: 0, 0.1: 1, 1.0: 1, math.inf: 1}
    assert observed(first, second, "stage", stage="encode") == {0.01: 0, 0.1: 0, 1.0: 0, math.inf: 0}
    assert observed(second, first, "stage", stage="decode") == {0.01: 0, 0.1: 0, 1.0: 1, math.inf: 1}


def test_quantiles_are_within_their_bucket() -> None:
    """Whatever was observed, the figure lies in the bucket that the true one is in."""
    rng = random.Random(7)
    for _ in range(200):
        worker = Worker()
        values = sorted(rng.choice((rng.uniform(0, 0.02), rng.uniform(0, 1.0))) for _ in range(rng.randint(1, 40)))
        for value in values:
            worker.stage.labels("decode").observe(value)
        buckets = observed(None, worker.scrape(), "stage", stage="decode")
        for share in (0.5, 0.99):
            true = values[math.ceil(share * len(values)) - 1]
            low, high = next((low, high) for low, high in zip((0, *BOUNDS), BOUNDS, strict=False) if true <= high)
            found = quantile(buckets, share)
            assert found is not None
            assert low <= found <= high


def test_quantiles_at_the_edges() -> None:
    """Of nothing there is none; beyond the last bound there is but that bound; workers are counted together."""
    assert quantile({}, 0.5) is None
    assert quantile({1.0: 0.0, math.inf: 0.0}, 0.5) is None
    assert quantile({1.0: 1.0, math.inf: 4.0}, 0.5) == 1.0
    assert quantile({0.5: 0.0, 1.0: 2.0, math.inf: 2.0}, 0.5) == pytest.approx(0.75)
    assert together([{1.0: 1.0, math.inf: 1.0}, {1.0: 0.0, math.inf: 3.0}]) == {1.0: 1.0, math.inf: 4.0}
