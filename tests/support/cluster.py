"""Three brokers that replicate everything: one may be lost."""

import base64
import random
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fraudstream.local.kafka import _SETTINGS, Kafka
from fraudstream.local.ports import HOST, pick
from fraudstream.local.redis import Redis
from fraudstream.local.running import find_kafka, local_redis, started

NODES = 3


@dataclass(slots=True, kw_only=True)
class Node(Kafka):
    """Broker and controller, one of several."""

    number: int
    voters: str
    cluster: str

    def prepare(self) -> list[str]:
        data = self.folder / "data"
        text = _SETTINGS.format(host=HOST, data=data, port=self.port, controller_port=self.controller_port)
        text = text.replace("replication.factor=1", f"replication.factor={NODES}").replace("min.isr=1", "min.isr=2")
        text = text.replace("node.id=1", f"node.id={self.number}")
        own = f"controller.quorum.voters=1@{HOST}:{self.controller_port}"
        text = text.replace(own, f"controller.quorum.voters={self.voters}")
        self.settings.write_text(f"{text}default.replication.factor={NODES}\nmin.insync.replicas=2\n")
        if not (data / "meta.properties").exists():
            tool = ("kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster}", "--config")
            subprocess.run(self._java(*tool, str(self.settings)), check=True, capture_output=True)
        return self._java("kafka.Kafka", str(self.settings))


@dataclass(frozen=True)
class Cluster:
    """As far as a deployment is concerned, `Servers`."""

    nodes: Sequence[Node]
    redis: Redis

    @property
    def bootstrap(self) -> str:
        return ",".join(node.bootstrap for node in self.nodes)

    @property
    def redis_url(self) -> str:
        return self.redis.url


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    chance, taken, ports = random.Random(), set[int](), []
    for _ in range(2 * NODES):
        ports.append(pick(chance, taken=taken))
        taken.add(ports[-1])
    pairs = list(zip(ports[:NODES], ports[NODES:], strict=True))
    voters = ",".join(f"{number}@{HOST}:{controller}" for number, (_, controller) in enumerate(pairs, 1))
    name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    nodes = []
    for number, pair in enumerate(pairs, 1):
        found = find_kafka(folder / f"node-{number}", *pair)
        known = {"base": found.base, "port": found.port, "controller_port": found.controller_port}
        nodes.append(Node(**known, jars=found.jars, java=found.java, number=number, voters=voters, cluster=name))
    redis = local_redis(folder)
    with started(redis, *nodes):
        yield Cluster(nodes, redis)
