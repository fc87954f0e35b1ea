"""A deployment to try: publish to it, run the real command on it, read everything it wrote."""

import io
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from confluent_kafka.cimpl import NewTopic
from fastavro import schemaless_reader, schemaless_writer
from redis import Redis

from batch.generation import publish
from fraudstream.local.running import Servers
from schemas.churn import Keys
from schemas.contracts import DECISION, EPOCH, TRANSACTION
from schemas.settings import Settings, leaves, load
from schemas.settings.topics import Topics
from schemas.topics import RULES, Role

PATIENCE_S = 60.0
MADE_S = 60.0
"""How long a busy broker may take to make the topics of a test."""
AS_THE_BROKER_SAYS = -1
NOW_MS = 1_767_571_200_000
PARTITIONS = Topics().partitions


@dataclass
class Read:
    """What a topic holds for readers of committed records, in order per partition."""

    messages: list[Any]

    @property
    def decisions(self) -> list[dict[str, Any]]:
        return [schemaless_reader(io.BytesIO(each.value()[10:]), DECISION.schema) for each in self.messages]

    @property
    def epochs(self) -> list[dict[str, Any]]:
        return [schemaless_reader(io.BytesIO(each.value()[10:]), EPOCH.schema) for each in self.messages]


@dataclass
class Deployment:
    settings: Settings
    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    besides: dict[str, str] = field(default_factory=dict)
    """Variables that are no settings."""

    def transaction(self, number: int, **fields: object) -> dict[str, object]:
        usual = {
            "event_id": f"event-{number}",
            "event_time": NOW_MS + number,
            "card_id": f"card-{number % 50}",
            "customer_id": str(number % 20),
            "terminal_id": "term-1",
            "amount_minor": 1_000,
            "currency": "EUR",
        }
        return usual | fields

    def publish(self, rows: Sequence[dict[str, object]]) -> None:
        """JSON, keyed by card, spread as Java's producer does."""
        producer = Producer({"bootstrap.servers": self.settings.kafka.bootstrap, "partitioner": "murmur2_random"})
        for row in rows:
            producer.produce(self.settings.topics.transactions, json.dumps(row).encode(), str(row["card_id"]).encode())
        assert producer.flush(30) == 0

    def publish_confluent(self, rows: Sequence[dict[str, object]], schema_id: int) -> None:
        producer = Producer({"bootstrap.servers": self.settings.kafka.bootstrap, "partitioner": "murmur2_random"})
        for row in rows:
            payload = io.BytesIO(b"\x00" + schema_id.to_bytes(4, "big"))
            payload.seek(0, io.SEEK_END)
            schemaless_writer(payload, TRANSACTION.schema, row)
            producer.produce(self.settings.topics.transactions, payload.getvalue(), str(row["card_id"]).encode())
        assert producer.flush(30) == 0

    def publish_churn(self, scores: dict[str, int], generation: str = "test-1") -> None:
        now = datetime.now(UTC)
        keys = Keys(self.settings.redis.prefix)
        with Redis.from_url(self.settings.redis.url.get_secret_value(), decode_responses=True) as redis:
            publish(redis, keys, scores, generation=generation, as_of=now, published_at=now, model="test")

    def start(self, *arguments: str, **given: str) -> subprocess.Popen[bytes]:
        """`fraudstream score` with this deployment's settings; `given` are further settings, dots as underscores."""
        chosen = self._environment() | {f"FRAUDSTREAM_{name.upper()}": value for name, value in given.items()}
        with (self.folder / f"score-{len(self.running)}.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "fraudstream", "score", *arguments],
                env=os.environ | self.besides | chosen,
                stdout=output,
                stderr=output,
            )
        self.running.append(process)
        return process

    def score(self, *arguments: str, **given: str) -> int:
        """Runs to the end and gives the exit code."""
        return self.start(*arguments, **given).wait(timeout=PATIENCE_S)

    def stop(self, process: subprocess.Popen[bytes]) -> int:
        process.terminate()
        return process.wait(timeout=30)

    def end(self) -> None:
        """Leaves no process behind."""
        for process in self.running:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def log(self) -> str:
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("score-*.log")))

    def events(self) -> list[dict[str, Any]]:
        """The log lines so far, of every process."""
        found = []
        for line in self.log().splitlines():
            with suppress(ValueError):  # two processes may write into one line
                found.append(json.loads(line))
        return [each for each in found if isinstance(each, dict)]

    def await_event(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = [event for event in self.events() if event["event"] == name]
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"no {name} in the log:\n{self.log()}")

    def await_records(self, role: Role, count: int) -> Read:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self.read(role)
            if len(found.messages) >= count:
                return found
            assert time.monotonic() < deadline, f"{len(found.messages)} of {count}:\n{self.log()[-5000:]}"
            time.sleep(0.2)

    def read(self, role: Role, isolation: str = "read_committed") -> Read:
        """Everything on the topic up to its end."""
        topic, consumer = self.settings.topics.name(role), self.reader(isolation)
        try:
            partitions = list(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
            consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
            return Read(_to_the_end(consumer, len(partitions)))
        finally:
            consumer.close()

    def committed(self) -> dict[int, int]:
        consumer = self.reader("read_committed", self.settings.score.group)
        try:
            topic = self.settings.topics.transactions
            asked = [TopicPartition(topic, partition) for partition in range(self.settings.topics.partitions)]
            return {each.partition: each.offset for each in answer(lambda: consumer.committed(asked, timeout=10))}
        finally:
            consumer.close()

    def reader(self, isolation: str, group: str = "reader") -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.settings.kafka.bootstrap,
                "group.id": group,
                "isolation.level": isolation,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
            }
        )

    def _environment(self) -> dict[str, str]:
        settings = self.settings
        chosen = {leaf.env: value for leaf in leaves() if (value := _text(settings, leaf.path)) is not None}
        return chosen | {
            "FRAUDSTREAM_REDIS_URL": settings.redis.url.get_secret_value(),
            "FRAUDSTREAM_STATE_URL": settings.state.url.get_secret_value(),
        }


def answer(ask: Callable[[], Any]) -> Any:
    """Coordinators move, and brokers come back."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return ask()
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _text(settings: Settings, path: str) -> str | None:
    """The settings that make this deployment its own; everything else is left to its default."""
    group, name = path.split(".")
    own = group == "topics" or path in {
        "kafka.bootstrap",
        "redis.prefix",
        "registry.cache",
        "models.root",
        "enrich.folder",
        "score.group",
        "score.app",
        "score.node",
        "score.session_timeout_ms",
        "health.port",
    }
    return str(getattr(getattr(settings, group), name)) if own else None


def _to_the_end(consumer: Consumer, partitions: int) -> list[Any]:
    messages, ended = [], set()
    deadline = time.monotonic() + PATIENCE_S
    while len(ended) < partitions:
        assert time.monotonic() < deadline, "the topic did not end"
        for message in consumer.consume(1000, 0.2):
            if message.error():
                ended.add(message.partition())
            else:
                messages.append(message)
    return sorted(messages, key=lambda each: (each.partition(), each.offset()))


def fresh_settings(servers: Servers, folder: Path) -> Settings:
    """Those of a deployment nobody else uses: its topics exist and are empty."""
    return Ahead(servers, one=True).settings(folder)


class Ahead:
    """Deployments nobody else uses. The topics of the next one are made while the test with this one runs."""

    def __init__(self, servers: Servers, *, one: bool = False) -> None:
        self._servers, self._one = servers, one
        self._admin = AdminClient({"bootstrap.servers": servers.bootstrap, "log_level": 0})
        self._next = self._asked()

    def settings(self, folder: Path) -> Settings:
        """Its topics exist and are empty."""
        unique, asked = self._next
        try:
            settings = settings_of(self._servers, unique, folder)
            for made in asked.values():
                made.result(timeout=MADE_S)
            await_leaders(settings)
        finally:  # what failed once is not what the next test begins with
            if not self._one:
                self._next = self._asked()
        return settings

    def _asked(self) -> tuple[str, dict[str, Any]]:
        unique = uuid.uuid4().hex[:12]
        kept = {"retention.ms": "-1"}  # tests stamp records with times that a broker would hold to be long past
        names = [(f"{rule.name}-{unique}", rule.partitions or PARTITIONS) for rule in RULES]
        wanted = [NewTopic(name, partitions, AS_THE_BROKER_SAYS, config=kept) for name, partitions in names]
        return unique, self._admin.create_topics(wanted)


def settings_of(servers: Servers, unique: str, folder: Path) -> Settings:
    names = {f"topics.{rule.role}": f"{rule.name}-{unique}" for rule in RULES}
    given = {
        "kafka.bootstrap": servers.bootstrap,
        "redis.url": servers.redis_url,
        "redis.prefix": f"churn-{unique}:",
        "registry.cache": str(folder / "schemas"),
        "models.root": str(folder / "models"),
        "enrich.folder": str(folder / "churn"),
        "state.url": str(folder / "state"),
        "score.group": f"group-{unique}",
        "score.app": f"app-{unique}",
        "score.node": "test",
        "health.port": "-1",
    }
    return load(names | given, env={})


def await_leaders(settings: Settings) -> None:
    """A client of its own each time: one that asked too early, or knew a topic that is gone, believes it for long."""
    topics = settings.topics
    every = {
        TopicPartition(topics.name(rule.role), number): OffsetSpec.latest()
        for rule in RULES
        for number in range(rule.partitions or topics.partitions)
    }
    deadline = time.monotonic() + MADE_S
    while True:
        admin = AdminClient({"bootstrap.servers": settings.kafka.bootstrap, "log_level": 0})
        if not any(each.exception(timeout=15) for each in admin.list_offsets(every).values()):
            return
        assert time.monotonic() < deadline, "the broker does not lead the partitions it has made"
        time.sleep(0.1)
