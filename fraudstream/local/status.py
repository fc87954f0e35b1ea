"""What an instance is doing now, asked of the processes themselves; the state file alone is never believed."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fraudstream.local import kafka, redis
from fraudstream.local.ports import HOST
from fraudstream.local.process import Process, pid_of
from fraudstream.local.server import Server
from fraudstream.local.state import State


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """`pid` is None when it is not running; `answers` is what a client would see."""

    port: int
    pid: int | None
    answers: bool
    log: Path


@dataclass(frozen=True, slots=True)
class Status:
    folder: Path
    started_at: datetime | None
    kafka: ServerStatus
    redis: ServerStatus

    @property
    def ready(self) -> bool:
        return self.kafka.answers and self.redis.answers

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.kafka.port}"

    @property
    def redis_url(self) -> str:
        return f"redis://{HOST}:{self.redis.port}/0"


def alive(folder: Path, state: State | None) -> tuple[Process | None, Process | None]:
    """Kafka and Redis, each only when the recorded pid runs on the settings file in this folder."""
    if state is None:
        return None, None
    return _process(folder, kafka.Kafka, state.kafka_pid), _process(folder, redis.Redis, state.redis_pid)


def status(folder: Path, state: State) -> Status:
    for_kafka, for_redis = alive(folder, state)
    return Status(
        folder,
        state.started_at if for_kafka or for_redis else None,
        ServerStatus(
            state.kafka_port,
            pid_of(for_kafka),
            for_kafka is not None and kafka.answers(state.kafka_port),
            kafka.Kafka.log_in(folder),
        ),
        ServerStatus(
            state.redis_port,
            pid_of(for_redis),
            for_redis is not None and redis.answers(state.redis_port),
            redis.Redis.log_in(folder),
        ),
    )


def _process(folder: Path, server: type[Server], pid: int | None) -> Process | None:
    if pid is None:
        return None
    process = Process(pid, str(server.settings_in(folder)))
    return process if process.is_alive() else None
