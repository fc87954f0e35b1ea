"""One nightly run at a time: the lock says who holds it and since when, and ends by itself where its holder has.

The holder renews it while it works. One whose process is gone from this machine is replaced at once, any other when it
was not renewed for as long as the lease. The lock saves work; that nobody publishes over somebody else is what the
fence numbers are for, so a holder that slept too long does no harm either.
"""

import json
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from batch.nightly.line import text
from schemas.churn import Keys
from schemas.errors import RestartMe

log = structlog.get_logger(__name__)

RENEWALS: Final = 4
"""How often within a lease it is renewed."""
STARTED: Final = 22
"""Which field of /proc/<pid>/stat says when a process began."""

TAKE: Final = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[3] then return {held, redis.call('PTTL', KEYS[1])} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
"""
RENEW: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
RELEASE: Final = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


@dataclass(frozen=True, slots=True)
class Holder:
    """`began` tells a process from a later one with the same number."""

    host: str
    pid: int
    began: str
    since: str
    token: str

    @classmethod
    def me(cls) -> "Holder":
        pid = os.getpid()
        return cls(_host(), pid, _began(pid), datetime.now(UTC).isoformat(timespec="seconds"), uuid.uuid4().hex)

    @classmethod
    def read(cls, text: str) -> "Holder | None":
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None

    @property
    def gone(self) -> bool:
        """Whether it is known to have ended: only of a process of this machine can that be said."""
        return self.host == _host() and bool(self.began) and _began(self.pid) != self.began

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host.partition('/')[0]} since {self.since}"


class Held(RestartMe):
    """Somebody else publishes: later is soon enough."""


class Lock:
    def __init__(self, redis: Redis, keys: Keys, lease_s: float) -> None:
        self._redis: Any = redis
        self._key = keys.lock
        self._lease_ms = round(lease_s * 1000)
        self._lost = False
        self._done = threading.Event()
        self._value = ""

    @contextmanager
    def held(self) -> Iterator["Lock"]:
        """Raises Held naming the holder."""
        self._value = json.dumps(asdict(Holder.me()))
        self._take()
        renewing = threading.Thread(target=self._renew, name="lease", daemon=True)
        renewing.start()
        try:
            yield self
        finally:
            self._done.set()
            renewing.join()
            with suppress(RedisError):
                self._redis.eval(RELEASE, 1, self._key, self._value)

    def still(self) -> None:
        """Raises Held where somebody took it over: this process was asleep for longer than the lease."""
        if self._lost:
            raise Held(
                "the lock was lost: this run stood still for longer than nightly.lease, and another one began",
                fix="nothing went live; see `fraudstream nightly status`, and run it again if need be",
            )

    def _take(self) -> None:
        dead = ""
        for _ in range(2):
            answer = self._redis.eval(TAKE, 1, self._key, self._value, self._lease_ms, dead)
            if not answer:
                return
            value, left_ms = text(answer[0]), int(answer[1])
            holder = Holder.read(value)
            if holder is None or not holder.gone:
                break
            dead = value
        raise Held(
            f"another nightly run holds the lock: {holder or value}",
            fix=f"let it end; were it dead, its lock would end in {max(left_ms, 0) / 1000:.0f} s",
        )

    def _renew(self) -> None:
        """Through a time in which Redis is away it holds on: whether it was lost is known when Redis is back."""
        while not self._done.wait(self._lease_ms / 1000 / RENEWALS):
            try:
                if not self._redis.eval(RENEW, 1, self._key, self._value, self._lease_ms):
                    self._lost = bool(self._redis.eval(TAKE, 1, self._key, self._value, self._lease_ms, ""))
            except RedisError as error:
                log.warning("nightly.lease_not_renewed", error=type(error).__name__)


def holder(redis: Redis, keys: Keys) -> tuple[Holder | None, float] | None:
    """Who holds it, and for how many seconds more unless it is renewed; None where nobody does."""
    client: Any = redis
    value, left_ms = client.get(keys.lock), client.pttl(keys.lock)
    return None if value is None else (Holder.read(text(value)), max(int(left_ms), 0) / 1000)


def _host() -> str:
    """The name of this machine, and what tells it from another of that name, and from itself before it was started."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    with suppress(OSError):
        return f"{socket.gethostname()}/{boot.read_text().strip()}/{space.readlink()}"
    return socket.gethostname()


def _began(pid: int) -> str:
    """Empty where there is no such process, or where the system does not tell."""
    with suppress(OSError, IndexError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] in {"Z", "X"} else fields[STARTED - 3]
    return ""
