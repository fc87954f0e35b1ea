"""What a user must be granted to hear orders, to give them, and to send dead letters back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka.admin import AclOperation, ResourceType
from structlog.testing import capture_logs
from support.deployment import fresh_settings
from support.guarded import GROUP, TOPIC, guarded_kafka

from consumer.life import Life
from consumer.orders import Orders
from fraudstream.local.running import Servers, local_redis, started
from producer.orders import Desk, standing
from producer.resending import Resender
from schemas.errors import Misconfigured
from schemas.orders import Order, Verb
from schemas.settings import Settings


def pause(settings: Settings) -> None:
    said = {"verb": Verb.PAUSE, "group": settings.score.group, "who": "ann", "why": "x", "at": datetime.now(UTC)}
    Desk(settings, patience=5.0).give([Order.model_validate(said | {"partition": 1})])


def heard(settings: Settings) -> tuple[set[int], list[str]]:
    """The partitions that a worker holds to be paused, and what it says of having no orders."""
    orders = Orders.of(settings, "app-test-0")
    with capture_logs() as said:
        held = orders.begin(Life())
        orders.learn()
    orders.close()
    return set(held.paused), [each["error"] for each in said if each["event"] == "orders.none"]


def test_each_right_that_is_missing_is_named(tmp_path: Path) -> None:
    """A worker without READ scores on without orders, and says so once; people are told what to grant."""
    kafka = guarded_kafka(tmp_path / "guarded")
    with started(kafka):
        settings = fresh_settings(Servers(kafka, local_redis(tmp_path / "redis", allow_fake=True)), tmp_path)
        alice, topics = kafka.alice(settings), settings.topics
        pause(settings)
        assert heard(alice) == (set(), ["not listed"])
        kafka.grant(TOPIC, topics.orders, AclOperation.DESCRIBE)
        assert heard(alice) == (set(), ["TOPIC_AUTHORIZATION_FAILED"])
        with pytest.raises(Misconfigured, match="may not be written") as caught:
            pause(alice)
        assert "WRITE" in caught.value.fix
        kafka.grant(TOPIC, topics.orders)
        kafka.grant(GROUP, settings.score.group)
        assert heard(alice) == ({1}, [])
        kafka.grant(TOPIC, topics.orders, AclOperation.WRITE)
        pause(alice)
        kafka.grant(TOPIC, topics.transactions, AclOperation.WRITE)
        with pytest.raises(Misconfigured, match="cannot be sent back") as caught:
            Resender(alice, print)
        assert "transactional ids with the prefix score.app" in caught.value.fix
        kafka.grant(ResourceType.TRANSACTIONAL_ID, f"{settings.score.app}-dlq-replay", AclOperation.WRITE)
        with Resender(alice, print) as resender:
            assert resender.before.paused == standing(settings, print).paused
