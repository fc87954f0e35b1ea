"""A Kafka and a Redis for as long as a `with` block: they end with it, and with the program, however it ends."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from fraudstream.local import java, ports, redis
from fraudstream.local.fetch import fetch
from fraudstream.local.guard import Guard
from fraudstream.local.jars import cache_folder, class_path
from fraudstream.local.kafka import Kafka, Profile
from fraudstream.local.ports import Ports
from fraudstream.local.redis import Redis
from fraudstream.local.server import Server
from schemas.errors import Usage


@dataclass(frozen=True, slots=True)
class Servers:
    kafka: Kafka
    redis: Redis

    @property
    def bootstrap(self) -> str:
        return self.kafka.bootstrap

    @property
    def redis_url(self) -> str:
        return self.redis.url

    def start(self, *, spawned: Callable[[], None] = lambda: None) -> None:
        start((self.redis, self.kafka), spawned=spawned)


def start(servers: Sequence[Server], *, spawned: Callable[[], None] = lambda: None) -> None:
    """All at once, those that do not run yet; when one fails, what was started here is stopped again."""
    with ExitStack() as stack:
        for server in servers:
            if server.process is None:
                stack.callback(server.stop)
                server.spawn()
                spawned()
        for server in servers:
            server.wait()
        stack.pop_all()


@contextmanager
def started(*servers: Server) -> Iterator[None]:
    """They answer when the block begins and are gone when it is left, or when this program is, however it ends."""
    guard = Guard()
    with ExitStack() as stack:
        stack.callback(guard.close)
        for server in servers:
            server.guard = guard
            stack.callback(server.stop)
        start(servers)
        yield


@contextmanager
def running(
    folder: Path,
    *,
    kafka_port: int | None = None,
    redis_port: int | None = None,
    jars: Path | None = None,
    profile: Profile = "small",
    allow_fake_redis: bool = False,
) -> Iterator[Servers]:
    """Both answer when the block begins and are gone when it is left; their data stays in `folder`."""
    rng = random.Random()  # noqa: S311  # ports, not secrets
    for_kafka = ports.claim(kafka_port, rng, option="--kafka-port")
    for_redis = ports.claim(redis_port, rng, option="--redis-port", taken={for_kafka})
    numbers = Ports(for_kafka, ports.pick(rng, taken={for_kafka, for_redis}), for_redis)
    servers = find(folder, numbers, jars, profile=profile, allow_fake_redis=allow_fake_redis)
    with started(servers.redis, servers.kafka):
        yield servers


def local_kafka(folder: Path, jars: Path | None = None) -> Kafka:
    """One on free ports; starts nothing."""
    rng = random.Random()  # noqa: S311  # ports, not secrets
    port = ports.pick(rng)
    return find_kafka(folder, port, ports.pick(rng, taken={port}), jars)


def local_redis(folder: Path, *, allow_fake: bool = False) -> Redis:
    """One on a free port; starts nothing."""
    port = ports.pick(random.Random())  # noqa: S311  # ports, not secrets
    return Redis(base=folder.resolve(), port=port, program=redis.find(allow_fake=allow_fake))


def find(
    folder: Path,
    numbers: Ports,
    jars: Path | None,
    *,
    profile: Profile = "small",
    allow_fake_redis: bool = False,
) -> Servers:
    """Java, jars and a Redis program, put together; starts nothing."""
    cache = Redis(base=folder.resolve(), port=numbers.redis, program=redis.find(allow_fake=allow_fake_redis))
    return Servers(find_kafka(folder, numbers.kafka, numbers.controller, jars, profile=profile), cache)


def find_kafka(
    folder: Path, port: int, controller_port: int, jars: Path | None = None, *, profile: Profile = "small"
) -> Kafka:
    base = folder.resolve()
    if "," in str(base):
        raise Usage(f"Kafka would read {base} as several folders: it has a comma", fix="use a folder without one")
    runtime = java.find()
    checked = class_path(jars, cache=cache_folder(), fetch=fetch)
    return Kafka(base=base, port=port, controller_port=controller_port, jars=checked, java=runtime, profile=profile)
