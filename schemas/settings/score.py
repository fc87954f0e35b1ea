"""How the worker runs: who it is, how it delivers, how much it takes at once and how long it waits."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from schemas.settings.group import Group, words, wrong

Millis = Annotated[int, Field(ge=100, le=3_600_000)]
NAME_WORDS: Final = "1 to 100 letters, digits and . _ -"
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$"), words(NAME_WORDS)]
NodeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{0,100}$"), words(f"empty, or {NAME_WORDS}")]

MIB: Final = 1 << 20
STARTS: Final = ("end", "earliest")


def as_text(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def start(text: str) -> str:
    if text not in STARTS:
        _time(text)
    return text


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("should be end, earliest or a time such as 2026-01-31T06:00:00Z") from None
    if time.tzinfo is None:
        raise ValueError("should say its zone: add Z for UTC, or an offset such as +02:00")
    return time


Start = Annotated[
    str, BeforeValidator(as_text), AfterValidator(start), words("end | earliest | ISO 8601 time with zone")
]


class Score(Group):
    group: Name = "fraudstream"
    """The consumer group; its committed offsets say what has been scored."""
    app: Name = "fraudstream"
    """First part of every worker's identity (app-node-slot): the same for all nodes of one deployment."""
    node: NodeName = ""
    """Second part of a worker's identity: must survive restarts and be unique among nodes. Empty is the host name."""
    delivery: Literal["exactly_once", "at_least_once"] = "exactly_once"
    """exactly_once: one transaction per lot. at_least_once: lower latency; after a crash the lot in hand and what was
    delivered since the last commit (50 ms of it while records come) may stand twice, with the same event_id."""
    start: Start = "end"
    """Where a group without offsets begins: end, earliest, or an ISO 8601 time with its zone."""
    membership: Literal["static", "dynamic", "kip848"] = "static"
    """static: a restarted worker has its partitions back at once. dynamic: for deployments that scale by themselves.
    kip848: the same under the newer group protocol, which needs brokers of release 4.0 or later."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Worker processes on this node; the partitions are shared among them."""
    lot_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    """Most records taken at once: the size of a transaction under load."""
    lot_bytes: Annotated[int, Field(ge=1_024, le=1 << 30)] = 32 * MIB
    """Most bytes of records taken at once."""
    session_timeout_ms: Millis = 15_000
    """Silence after which the broker gives a worker's partitions away; 6000 suits dynamic membership."""
    transaction_timeout_ms: Millis = 10_000
    """Age at which the broker aborts a transaction whose worker has vanished."""
    call_timeout_ms: Millis = 3_000
    """How long one transactional call may take before the producer is recycled."""
    watchdog_ms: Millis = 5_000
    """How long one transactional call may hang before the process is ended and started again."""

    @property
    def start_time(self) -> datetime | None:
        return None if self.start in STARTS else _time(self.start)

    @model_validator(mode="after")
    def _patience_in_order(self) -> Self:
        if self.call_timeout_ms >= self.watchdog_ms:
            raise wrong(
                f"a call may take {self.call_timeout_ms} ms, but the watchdog strikes after {self.watchdog_ms} ms",
                "score.call_timeout_ms",
                "score.watchdog_ms",
            )
        return self
