"""Dead letters as the scorer writes them, on the topic of a deployment."""

import json
from typing import Any

from confluent_kafka import Producer

from consumer.dead_letters import dead_letter
from consumer.lots import Fetched, Headers
from schemas.lot import Raw, Refusal
from schemas.settings import Settings
from schemas.verdicts import Reason

T0 = 1_767_571_200_000
PAN = b"4111111111111111"


class Record:
    """What a consumer hands over."""

    def __init__(self, value: bytes | None, key: bytes | None, headers: Headers, place: tuple[int, int]) -> None:
        self._value, self._key, self._headers, self._place = value, key, headers, place

    def value(self) -> bytes | None:
        return self._value

    def key(self) -> bytes | None:
        return self._key

    def headers(self) -> Headers:
        return self._headers

    def partition(self) -> int:
        return self._place[0]

    def offset(self) -> int:
        return self._place[1]

    def timestamp(self) -> tuple[int, int]:
        return 1, T0


class Room:
    """Writes letters to the dead letters of a deployment, one by one, at the times that the test wants."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer = Producer({"bootstrap.servers": settings.kafka.bootstrap})

    def put(
        self,
        value: bytes | None,
        reason: Reason = Reason.WRONG_TYPE,
        *,
        key: bytes | None = b"card-1",
        headers: Headers | None = None,
        place: tuple[int, int] = (0, 7),
        detail: str = "amount_minor: should be a whole number",
        at_ms: int = T0,
        limit: int = 1_000_000,
        topic: str = "",
    ) -> None:
        record = Record(value, key, headers or [], place)
        source = topic or self._settings.topics.transactions
        fetched = Fetched(source, Raw.of([record]), [record], {})
        refusal = Refusal(0, reason, detail)
        made = dead_letter(fetched, refusal, topic=self._settings.topics.dlq, version="0.1.0", limit=limit)
        self.raw(made.value, key=made.key, headers=made.headers, partition=made.partition, at_ms=at_ms)

    def raw(
        self,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers | None = None,
        partition: int = 0,
        at_ms: int = T0,
    ) -> None:
        """Anything at all."""
        self._producer.produce(self._settings.topics.dlq, value, key, partition, headers=headers or [], timestamp=at_ms)
        assert self._producer.flush(15) == 0


def transaction(number: int = 1, **fields: Any) -> bytes:
    usual = {
        "event_id": f"event-{number}",
        "event_time": T0 + number,
        "card_id": f"card-{number}",
        "customer_id": "7",
        "terminal_id": "term-1",
        "amount_minor": 1_000,
        "currency": "EUR",
    }
    return json.dumps(usual | fields).encode()
