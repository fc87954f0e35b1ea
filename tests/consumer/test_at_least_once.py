"""Records that the broker refuses, in the mode without transactions."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from confluent_kafka import KafkaError

from consumer.at_least_once import AtLeastOnce
from consumer.checkpoint import FAILURES
from consumer.lots import Outgoing, Pending, Span
from schemas.errors import Misconfigured, RestartMe


@dataclass
class Client:
    """Refuses every record with the same error, when it is flushed."""

    error: KafkaError
    waiting: list[Any] = field(default_factory=list)

    def produce(self, *given: Any) -> None:
        self.waiting.append(given[4])

    def poll(self, _: float) -> None:
        """Nothing to say."""

    def flush(self, _: float) -> int:
        for delivered in self.waiting:
            delivered(self.error, None)
        self.waiting.clear()
        return 0


@dataclass
class Source:
    positions: dict[int, int] = field(default_factory=lambda: {0: 5})
    held: int = 0

    def hold(self) -> None:
        self.held += 1


def refused(code: int, *, ending: bool = False) -> tuple[int, Source, BaseException]:
    """How many clients it took, and how it ended."""
    source, made = Source(), []

    def make(_: Any) -> Client:
        made.append(Client(KafkaError(code)))
        return made[-1]

    checkpoint = AtLeastOnce(source, make, call_s=0.1, give_up=lambda: ending)  # type: ignore[arg-type]
    checkpoint.start()
    pending = Pending([Outgoing("flags", 0, b"c", b"v", [])], {0: Span(5, 5, 6)})
    with pytest.raises((Misconfigured, RestartMe)) as raised:
        checkpoint.publish(pending)
    return len(made), source, raised.value


def test_a_record_that_is_refused_again_and_again_ends_the_worker() -> None:
    """Not before the group was served in between, and not without end: each try writes the whole lot once more."""
    made, source, end = refused(KafkaError._MSG_TIMED_OUT)
    assert (made, source.held) == (1 + FAILURES, FAILURES)
    assert isinstance(end, RestartMe)
    assert "refused records 3 times" in end.message


def test_a_record_that_no_try_can_help_says_what_to_do() -> None:
    """A topic that takes smaller records than are written needs somebody."""
    made, _, end = refused(KafkaError.MSG_SIZE_TOO_LARGE)
    assert made == 1
    assert isinstance(end, Misconfigured)
    assert "max.message.bytes" in str(end.fix)


def test_a_worker_that_is_to_end_does() -> None:
    """It does not go on trying."""
    made, _, end = refused(KafkaError._MSG_TIMED_OUT, ending=True)
    assert made == 1
    assert "asked to end" in str(end)
