"""What tells the page: each source in its own words, whatever it meets."""

import threading
import time
from pathlib import Path

import pytest
from redis import Redis
from support.deployment import Deployment

from fraudstream.serving.feeds.churn import Generation
from fraudstream.serving.feeds.feeding import every, feeding
from fraudstream.serving.feeds.registry import LiveModel
from fraudstream.serving.feeds.workers import Workers, notes, said, source
from fraudstream.top.figures import figures
from fraudstream.top.nodes import Answer, Node
from fraudstream.top.scrape import parse
from schemas.settings import Settings, load
from serving.page.facts import State
from serving.page.live import Live

NODE = Node("127.0.0.1", 9464)
METRICS = """\
fraudstream_worker_info{{worker="app-test-0",pid="7",version="0"}} 1
fraudstream_last_turn_timestamp_seconds {at}
fraudstream_decisions_total{{outcome="approve"}} {approved}
fraudstream_decisions_total{{outcome="block"}} 4
fraudstream_lag_records{{partition="0"}} 12
fraudstream_lag_seconds{{partition="0"}} 0.25
fraudstream_degraded{{name="labels_stalled"}} 1
fraudstream_degraded{{name="of_a_later_release"}} 1
fraudstream_decision_age_seconds_bucket{{le="0.01"}} {approved}
fraudstream_decision_age_seconds_bucket{{le="+Inf"}} {approved}
"""


def answer(at: float, approved: int) -> Answer:
    return Answer(NODE, parse(METRICS.format(at=at, approved=approved), at), ready=True, live=True)


def test_figures_of_workers_become_the_pages() -> None:
    """Rates, latency in milliseconds, lag; degradations as sentences, unknown ones by their name."""
    found = figures([answer(10, 100)], [answer(12, 300)], 2.0)
    figures_ = said(found)
    assert (figures_.per_s, figures_.lag_records, figures_.lag_s) == (100.0, 12, 0.25)
    assert figures_.outcomes["approve"].total == 300
    assert figures_.p99_ms == pytest.approx(9.9)
    assert [each.text.split(":")[0] for each in notes(found)] == [
        "The reader of verdicts is behind",
        "of_a_later_release",
    ]
    assert source(found).state is State.OK


def test_a_worker_that_is_away_is_named() -> None:
    """With the command that starts one, as long as none answers."""
    found = figures([Answer(NODE, why="nothing listens there")] * 1, [Answer(NODE, why="nothing listens there")], 1.0)
    assert source(found).said == "127.0.0.1:9464: nothing listens there"
    assert (source(found).state, source(found).fix) == (State.AWAY, "fraudstream score")


def test_workers_are_asked_again_and_again() -> None:
    """Also where nobody is there: then the page hears that."""
    live, over = Live({}), threading.Event()
    thread = threading.Thread(target=Workers([Node("127.0.0.1", 1)], live).read, args=(over,))
    thread.start()
    until = time.monotonic() + 10
    while "workers" not in live.sources():
        assert time.monotonic() < until
        time.sleep(0.02)
    over.set()
    thread.join(5)
    assert live.sources()["workers"].state is State.AWAY


def test_the_generation_of_redis(deployment: Deployment) -> None:
    """Nothing yet, then what is live; and while Redis is away what was live stays."""
    live = Live({})
    feed = Generation(deployment.settings, live)
    feed.look()
    assert live.sources()["redis"].state is State.EMPTY
    deployment.publish_churn({"1": 5, "2": 6})
    feed.look()
    assert live.sources()["redis"].state is State.OK
    assert live._now["churn"]["rows"] == 2
    feed._redis = Redis("127.0.0.1", 1)
    feed.look()
    assert live.sources()["redis"].state is State.AWAY
    assert live._now["churn"]["rows"] == 2


def test_without_a_model_the_rules_are_named(tmp_path: Path) -> None:
    """With their thresholds and the command that makes a model."""
    live = Live({})
    LiveModel(load({"models.root": str(tmp_path / "models")}, env={}), live).look()
    assert live.sources()["registry"].state is State.EMPTY
    assert live._now["model"]["name"] == "rules"
    assert live._now["model"]["block_at"] == Settings().policy.block_at


def test_a_feed_that_fails_is_begun_again_and_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises."""
    monkeypatch.setattr("fraudstream.serving.feeds.feeding.AGAIN_S", 0.01)
    looks = {"bad": 0, "good": 0}

    def bad(_: threading.Event) -> None:
        looks["bad"] += 1
        raise ZeroDivisionError

    def good() -> None:
        looks["good"] += 1

    with feeding(bad, every(0.01, good)):
        until = time.monotonic() + 10
        while min(looks.values()) < 3:
            assert time.monotonic() < until
            time.sleep(0.01)
