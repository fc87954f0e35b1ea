"""A named Kafka and Redis that live on after the command that started them, until `down`; their data lives longer.

    <folder>/state.json   ports and pids      <folder>/kafka/   settings, data, kafka.log
    <folder>/lock         held by up, down    <folder>/redis/   settings, data, redis.log

A pid in the state file counts only while it runs on our settings file: after a crash or a reboot it may be anybody's,
and is then left alone.
"""

import os
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fraudstream.local import ports
from fraudstream.local.kafka import Kafka
from fraudstream.local.lock import locked
from fraudstream.local.ports import Ports
from fraudstream.local.process import Process, pid_of
from fraudstream.local.redis import Redis
from fraudstream.local.running import Servers, find
from fraudstream.local.state import State, load, save
from fraudstream.local.status import Status, alive, status
from schemas.errors import DependencyAway, Usage

DEFAULT_NAME = "local"
KAFKA_PORT, REDIS_PORT = 9092, 6379
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_Pair = tuple[Process | None, Process | None]


@dataclass(frozen=True, slots=True)
class Instance:
    folder: Path

    @classmethod
    def named(cls, name: str = DEFAULT_NAME, data: Path | None = None) -> "Instance":
        """In `data`, by default this user's data folder; touches nothing yet."""
        if not _NAME.fullmatch(name):
            raise Usage(f"{name!r} cannot name an instance", fix="use letters, digits, '_', '-' and '.'")
        return cls(((data or data_folder()) / name).resolve())

    def up(
        self,
        *,
        kafka_port: int | None = None,
        redis_port: int | None = None,
        jars: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> bool:
        """Both answer when it returns; False when they did before. A port is kept from one start to the next."""
        self._make_folder()
        with locked(self._lock):
            state = load(self._state)
            found = alive(self.folder, state)
            numbers = _ports(state, found, kafka_port, redis_port)
            if all(found):
                self._must_answer()
                return False
            servers = find(self.folder, numbers, jars)
            servers.kafka.process, servers.redis.process = found
            started_at = now()
            servers.start(spawned=lambda: save(self._state, _remember(servers, started_at)))
            return True

    def down(self, *, wipe: bool = False) -> list[str]:
        """Names what it stopped; what runs under a recorded pid but is not ours is left alone."""
        if not self.exists:
            return []
        with locked(self._lock):
            state = load(self._state)
            if state is None:
                return []
            for_kafka, for_redis = alive(self.folder, state)
            stopped = []
            for server, process in ((Kafka, for_kafka), (Redis, for_redis)):
                if process is not None:
                    process.stop(server.grace)
                    stopped.append(server.name)
            save(self._state, state.stopped())
            if wipe:
                self._wipe()
            return stopped

    def status(self) -> Status | None:
        """None when it was never started, or has been wiped."""
        state = load(self._state)
        return None if state is None else status(self.folder, state)

    @property
    def exists(self) -> bool:
        """Whether it was ever started, and not wiped since."""
        return self._state.exists()

    @property
    def _state(self) -> Path:
        return self.folder / "state.json"

    @property
    def _lock(self) -> Path:
        return self.folder / "lock"

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise Usage(
                f"no folder can be made at {self.folder}: {problem.strerror}", fix="name another one with --data DIR"
            ) from problem

    def _must_answer(self) -> None:
        now = self.status()
        if now is not None and not now.ready:
            raise DependencyAway(
                f"Kafka and Redis of {self.folder} are running, but do not both answer",
                fix="run `fraudstream down`, then `fraudstream up`",
            )

    def _wipe(self) -> None:
        """Only what is ours: the folder may hold other things."""
        for server in (Kafka, Redis):
            shutil.rmtree(server.folder_in(self.folder), ignore_errors=True)
        self._state.unlink()
        self._lock.unlink()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()


def data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "fraudstream"


def _ports(state: State | None, found: _Pair, wanted_kafka: int | None, wanted_redis: int | None) -> Ports:
    """A running server keeps its port and may not be asked for another; a stopped one gets its old one when it can."""
    rng = random.Random()  # noqa: S311  # ports, not secrets
    old = state.ports if state else None
    if old and found[0]:
        kafka = _kept("Kafka", old.kafka, wanted_kafka)
    else:
        preferred = [old.kafka, KAFKA_PORT] if old else [KAFKA_PORT]
        kafka = ports.claim(wanted_kafka, rng, option="--kafka-port", preferred=preferred)
    if old and found[1]:
        redis = _kept("Redis", old.redis, wanted_redis)
    else:
        preferred = [old.redis, REDIS_PORT] if old else [REDIS_PORT]
        redis = ports.claim(wanted_redis, rng, option="--redis-port", preferred=preferred, taken={kafka})
    taken = {kafka, redis}
    if old and (found[0] or (old.controller not in taken and ports.is_free(old.controller))):
        return Ports(kafka, old.controller, redis)
    return Ports(kafka, ports.pick(rng, taken=taken), redis)


def _kept(name: str, port: int, wanted: int | None) -> int:
    if wanted not in (None, port):
        raise Usage(
            f"{name} of this instance is running on port {port}, not {wanted}",
            fix=f"run `fraudstream down` first, or use another --name for one on port {wanted}",
        )
    return port


def _remember(servers: Servers, started_at: datetime) -> State:
    kafka, redis = servers.kafka, servers.redis
    return State(
        kafka_port=kafka.port,
        controller_port=kafka.controller_port,
        redis_port=redis.port,
        kafka_pid=pid_of(kafka.process),
        redis_pid=pid_of(redis.process),
        started_at=started_at,
    )
