"""What a user must be granted to read labels: two rights, and each is named when it is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.deployment import fresh_settings
from support.guarded import GROUP, TOPIC, Guarded, guarded_kafka
from support.label_topic import T0, encoded, label, reading, records, send

from fraudstream.local.running import Servers, local_redis, started
from schemas.errors import Misconfigured


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    kafka = guarded_kafka(tmp_path / "guarded")
    with started(kafka):
        yield kafka


def test_the_rights_that_suffice(guarded: Guarded, tmp_path: Path) -> None:
    """READ on the topic and on the scorer's group, which it has anyway: nothing is written, nothing is described."""
    settings = fresh_settings(Servers(guarded, local_redis(tmp_path / "redis", allow_fake=True)), tmp_path)
    alice = guarded.alice(settings)
    send(settings, records([label(number) for number in range(100)], encoded(settings), T0))
    with pytest.raises(Misconfigured, match="Topic authorization failed") as caught, reading(alice):
        pass
    assert "READ on the topics of transactions and labels" in caught.value.fix
    guarded.grant(TOPIC, settings.topics.labels)
    with reading(alice) as bench, pytest.raises(Misconfigured, match="Group authorization failed") as caught:
        bench.until(lambda: False)
    assert "READ on the consumer group" in caught.value.fix
    guarded.grant(GROUP, settings.score.group)
    with reading(alice) as bench:
        for _ in range(3):
            bench.settle()
        assert bench.learned == 100
