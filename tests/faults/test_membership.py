"""Workers that come and go, and a broker that stands still for longer than a session, under snapshots and labels."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.handshake import until
from support.scene import GIVEN, Scene, scene

from fraudstream.local.running import Servers, running
from schemas.topics import Role

ROUNDS = 4
FROZEN_S = 20.0


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    with running(tmp_path_factory.mktemp("own")) as servers:
        yield servers


def restored(on: Scene, node: str) -> int:
    events = on.deployment.events()
    return sum(each["event"] == "state.restored" and f"-{node}-" in each["worker"] for each in events)


def test_workers_that_come_and_go(own: Servers, tmp_path: Path) -> None:
    """Every few seconds one joins, and leaves in turn by SIGTERM and by SIGKILL: each card's past goes along."""
    given = {"score_membership": "dynamic", "score_session_timeout_ms": "2000"}
    with scene(own, tmp_path) as on:
        stays = on.slot(**given)
        until(lambda: restored(on, "test") > 0, "the first one did not come")
        with on.load:
            for number in range(ROUNDS):
                before = restored(on, "other")
                guest = on.slot(**given, score_node="other")
                until(lambda before=before: restored(on, "other") > before, "nothing was handed over")
                time.sleep(1.0)
                guest.send_signal(signal.SIGTERM if number % 2 else signal.SIGKILL)
                assert guest.wait(timeout=30) == (0 if number % 2 else -signal.SIGKILL)
        on.clean()
        assert stays.poll() is None
        assert {"aside"} <= {each["from"] for each in on.deployment.events() if each["event"] == "state.restored"}


def test_a_broker_that_stands_still_for_longer_than_a_session(own: Servers, tmp_path: Path) -> None:
    """Twenty seconds, while snapshots are taken and verdicts come: it is waited for, and nothing is lost or doubled."""
    with scene(own, tmp_path) as on:
        process = on.deployment.start("--workers", "2", **GIVEN)
        until(lambda: restored(on, "test") >= 6, "they did not come")
        with on.load:
            until(lambda: on.count("snapshot.written") > 0, "no snapshot was taken")
            own.kafka.pause()
            time.sleep(FROZEN_S)
            own.kafka.resume()
            on.load.labels(300, known_ms=time.time_ns() // 1_000_000)
            time.sleep(3.0)
        on.clean()
        assert on.deployment.stop(process) == 0
        written = sorted(each["scored_at"].timestamp() for each in on.deployment.read(Role.SCORES).decisions)
        assert np.diff(written).max() > FROZEN_S - 2
