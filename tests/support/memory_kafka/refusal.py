"""The broker's no, by its code, before a client makes its own words of it."""

from typing import Any

from confluent_kafka import KafkaError, KafkaException


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(KafkaError(code).name())
        self.code = code


def raised(code: int, text: str = "", *, fatal: bool = False, abort: bool = False, retriable: bool = False) -> Any:
    """The exception that the client raises."""
    return KafkaException(KafkaError(code, text or KafkaError(code).str(), fatal, retriable, abort))


def timed_out(*, retriable: bool = False) -> Any:
    return raised(KafkaError._TIMED_OUT, retriable=retriable)
