"""The broker of a benchmark, its topics, and peers that are started on it and always ended."""  # noqa: INP001

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from redis import Redis

from batch.generation import publish
from bench.making import CUSTOMERS, SEED
from bench.material import Material
from bench.peers.roster import Peer, Place, variables
from fraudstream.demo import model
from fraudstream.demo.stage import POLICY_SETTINGS, as_environment
from fraudstream.local.running import Servers
from producer.population import Population
from schemas.churn import SCALE, Keys
from schemas.settings import Settings, load
from schemas.topics import RULES, Role

PARTITIONS: Final = 6
GRACE_S: Final = 15.0
PATIENCE_S: Final = 60.0
FOR_EVER: Final = {"retention.ms": "-1", "message.timestamp.after.max.ms": str(2**63 - 1)}
"""Event times are those of the material, which a long topic carries far into the future."""
BY_BROKER: Final = {**FOR_EVER, "message.timestamp.type": "LogAppendTime"}
"""Outputs: a record's timestamp is the moment the broker took it, whatever the peer says."""


@dataclass(frozen=True, slots=True)
class Ground:
    servers: Servers
    material: Material
    folder: Path

    @property
    def bootstrap(self) -> str:
        return self.servers.bootstrap

    @property
    def broker_pid(self) -> int:
        process = self.servers.kafka.process
        return process.pid if process else 0

    def admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def make(self, config: dict[str, str], *names: str, partitions: int = PARTITIONS) -> None:
        admin = self.admin()  # kept: its futures end with it
        asked = admin.create_topics([NewTopic(each, partitions, 1, config=config) for each in names])
        for made in asked.values():
            made.result(timeout=PATIENCE_S)
        deadline = time.monotonic() + PATIENCE_S
        for name in names:
            while not _led(admin.list_topics(name, timeout=PATIENCE_S).topics[name], partitions):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"topic {name} has no leaders")
                time.sleep(0.05)

    def remove(self, *beginnings: str) -> None:
        """Topics that begin so, changelogs and other inner ones included."""
        admin = self.admin()
        there = [name for name in admin.list_topics(timeout=PATIENCE_S).topics if name.startswith(beginnings)]
        for deleted in (admin.delete_topics(there) if there else {}).values():
            deleted.result(timeout=PATIENCE_S)

    def fill(self, topic: str, first: int, count: int) -> None:
        """By Java's partitioner; record timestamps are event times."""
        client = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,  # a batch that is sent again must not come after later ones
                "linger.ms": 20,
                "batch.num.messages": 20_000,
                "queue.buffering.max.messages": 1_000_000,
                "log_level": 3,
            }
        )
        client.list_topics(topic, timeout=PATIENCE_S)
        before = self._there(topic)
        for number, (key, value, at) in enumerate(self.material.records(first, count)):
            if number % 5_000 == 0:
                client.poll(0)
                while len(client) > 500_000:  # noqa: PLR2004
                    client.poll(0.05)
            client.produce(topic, value, key, timestamp=at)
        client.flush(PATIENCE_S)
        if (taken := self._there(topic) - before) < count:
            raise TimeoutError(f"the broker took {taken:,} of {count:,} records")

    def _there(self, topic: str) -> int:
        with closing(self.reader()) as reader:
            return ends(reader, topic)

    def reader(self) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": "bench-reader",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
                "fetch.queue.backoff.ms": 2,
                "queued.min.messages": 200_000,
                "log_level": 0,
            }
        )

    def group(self, name: str) -> Consumer:
        """A client that asks for the positions of that group and never joins it."""
        return Consumer({"bootstrap.servers": self.bootstrap, "group.id": name, "log_level": 0})


def _led(topic: Any, partitions: int) -> bool:  # noqa: ANN401 - the client's
    return topic.error is None and sum(each.leader >= 0 for each in topic.partitions.values()) == partitions


def ends(client: Consumer, topic: str) -> int:
    """How far the partitions go, together; markers of transactions count. 0 while the broker cannot say."""
    try:
        found = (client.get_watermark_offsets(TopicPartition(topic, each), timeout=10)[1] for each in range(PARTITIONS))
        return sum(found)
    except KafkaException:
        return 0


def positions(client: Consumer, topic: str) -> int:
    """How far the group is, 0 while the broker cannot say."""
    asked = [TopicPartition(topic, each) for each in range(PARTITIONS)]
    try:
        return sum(max(each.offset, 0) for each in client.committed(asked, timeout=10))
    except KafkaException:
        return 0


@contextmanager
def started(peer: Peer, at: Place) -> Iterator[subprocess.Popen[bytes]]:
    """It is gone when the block is left, with every process it started."""
    at.folder.mkdir(parents=True, exist_ok=True)
    command, env = _product(peer, at) if peer.is_product else (peer.command(at), variables(peer))
    with (at.folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)  # noqa: S603
    try:
        yield process
    finally:
        _end(process)


def _product(peer: Peer, at: Place) -> tuple[list[str], dict[str, str]]:
    settings = product_settings(peer, at)
    loaded = load(settings, env={})
    if not (at.folder / "models").exists():
        model.install(loaded)
        model.promoted(loaded)
    _publish_churn(loaded)
    chosen = as_environment(settings)
    command = [sys.executable, "-m", "fraudstream", "score", "--workers", str(peer.workers)]
    if peer.script:
        one = f"{sys.executable} -m bench.peers.{Path(peer.script).stem} --material {at.material} --slot"
        many = "".join(f"{one} {slot} & " for slot in range(peer.workers))
        command = ["sh", "-c", f"trap 'kill $(jobs -p)' TERM; {many}wait"]
    return command, variables(peer) | chosen


def _publish_churn(settings: Settings) -> None:
    """A score for every customer of the simulation."""
    now = datetime.now(UTC)
    scores = {customer: round(score * SCALE) for customer, score in Population.of(CUSTOMERS, seed=SEED).churn().items()}
    told = {"generation": now.strftime("%Y%m%d-%H%M%S"), "model": "simulated"}
    with Redis.from_url(settings.redis.url.get_secret_value(), decode_responses=True) as redis:
        publish(redis, Keys(settings.redis.prefix), scores, as_of=now, published_at=now, **told)


def product_settings(peer: Peer, at: Place) -> dict[str, str]:
    names = {f"topics.{rule.role}": f"{at.out}.{rule.role}" for rule in RULES}
    outlet = Role.SCORES if peer.settings["output.scores"] == "true" else Role.FLAGS
    names |= {f"topics.{Role.TRANSACTIONS}": at.topic, f"topics.{outlet}": at.out}
    lot = {"score.lot_rows": str(at.lot)} if at.lot else {}
    return {
        **names,
        **POLICY_SETTINGS,
        **peer.settings,
        **lot,
        "kafka.bootstrap": at.bootstrap,
        "redis.url": at.redis,
        "redis.prefix": f"{at.group}:",
        "score.group": at.group,
        "score.app": at.group,
        "score.start": "earliest",
        "state.url": str(at.folder / "state"),
        "models.root": str(at.folder / "models"),
        "registry.cache": str(at.folder / "schemas"),
        "health.port": "-1",
        "log.format": "json",
    }


def make_topics(ground: Ground, peer: Peer, at: Place) -> None:
    """What the peer writes to; inner topics are its own affair, but for the product's."""
    ground.make(BY_BROKER, at.out)
    if peer.is_product:
        others = [rule for rule in RULES if rule.role is not Role.TRANSACTIONS]
        names = product_settings(peer, at)
        for rule in others:
            if (name := names[f"topics.{rule.role}"]) != at.out:
                ground.make(FOR_EVER, name, partitions=rule.partitions or PARTITIONS)


def family(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asked first; whoever of its family is still there afterwards is killed by its id."""
    known = family(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    for pid in known[1:]:
        try:
            if os.getpgid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def last_words(log: Path) -> str:
    """What a peer that did not work said last."""
    said = [each.strip() for each in log.read_text(errors="replace").splitlines() if each.strip()]
    return said[-1][:300] if said else "it said nothing"
