"""A publisher that is killed anywhere, and a Redis that is: readers see one generation, whole, and fences that grow.

NIGHTLY_KILLS=100 kills that often.
"""

import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from support.killed import Publisher, reading

from batch.nightly import standing
from fraudstream.local.redis import Redis as Server
from fraudstream.local.redis import find
from fraudstream.local.running import Servers, local_redis, started
from schemas.churn import Keys

KILLS = int(os.environ.get("NIGHTLY_KILLS", "15"))
ROWS = 2_000
STEPS = 45
"""Of a run there are about so many."""


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_killed_anywhere_readers_see_one_generation(
    services: Servers, redis: Redis, keys: Keys, tmp_path: Path
) -> None:
    """By itself before some step, or from outside at any time; the next run publishes what this one did not."""
    chance = random.Random(KILLS)
    publisher = Publisher(services.redis_url, keys, tmp_path, ROWS)
    began = time.monotonic()
    publisher.run(0)
    usual = time.monotonic() - began
    killed, night, live = 0, 1, 0
    with reading(services.redis_url, keys, ROWS, 2) as readers:
        while killed < KILLS:
            inside = chance.random() < 0.7
            child = publisher.start(night, chance.randrange(STEPS) if inside else None)
            if not inside:
                time.sleep(chance.random() * usual)
                os.kill(child, signal.SIGKILL)
            died = ended(child) != 0
            killed += died
            assert [each.wrong for each in readers] == [[], []]
            if not died or chance.random() < 0.3:
                assert ended(publisher.start(night, None)) == 0
                pointer = redis.get(keys.current)
                assert pointer is not None
                night, live = night + 1, night
        assert ended(publisher.start(night, None)) == 0
        time.sleep(0.1)
    assert [each.wrong for each in readers] == [[], []]
    assert all(each.reads > KILLS for each in readers)
    known = standing.live(redis, keys)
    assert known is not None
    assert known.meta.as_of.timetuple().tm_yday == night + 1
    standing.verify(redis, keys, known.meta)
    assert live > 0
    assert list((tmp_path / "work").glob("run-*")) == []


class Lasting(Server):
    """Keeps everything that it has answered."""

    def prepare(self) -> list[str]:
        command = super().prepare()
        self.settings.write_text(f"{self.settings.read_text()}appendonly yes\nappendfsync always\n")
        return command


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_redis_killed_in_the_middle_is_published_to_again(keys: Keys, tmp_path: Path) -> None:
    """With what it had on disk it is back; the run says that it went away, the next one publishes whole."""
    server = Lasting(base=tmp_path, port=local_redis(tmp_path).port, program=find(allow_fake=False))
    with started(server):
        client: Any = Redis.from_url(server.url, decode_responses=True)
        publisher = Publisher(server.url, keys, tmp_path, 20_000)
        publisher.run(0)
        with reading(server.url, keys, 20_000, 1) as [reader]:
            for night, seen in enumerate(("writing", "writing", "published"), start=1):
                child = publisher.start(night, None)
                while standing.events(client, keys, 1)[0]["event"] != seen:
                    time.sleep(0.001)
                server.kill()
                ended(child)
                server.start()
                assert ended(publisher.start(night, None)) == 0
                known = standing.live(client, keys)
                assert known is not None
                standing.verify(client, keys, known.meta)
        client.close()
    assert reader.wrong == []
    assert reader.reads > 3
