"""How the broker is reached: the address, the partitioner, and any other librdkafka property untouched."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from schemas.settings.group import Group, words, wrong
from schemas.settings.masking import Property, conceal, reveal

Value = str | int | float | bool

BROKER: Final = re.compile(r"(\w+://)?(\[[0-9A-Fa-f:.]+\]|[^\s:,/@\[\]]+)(:(?P<port>\d{1,5}))?")
HIGHEST_PORT: Final = 65_535

OWNED: Final = {
    "bootstrap.servers": "kafka.bootstrap sets it",
    "metadata.broker.list": "kafka.bootstrap sets it",
    "partitioner": "kafka.partitioner sets it",
    "group.id": "score.group sets it",
    "group.instance.id": "it is made of score.app, score.node and the slot",
    "transactional.id": "it is made of score.app, score.node and the slot",
    "group.protocol": "score.membership decides it",
    "partition.assignment.strategy": "score.membership decides it",
    "session.timeout.ms": "score.session_timeout_ms sets it",
    "transaction.timeout.ms": "score.transaction_timeout_ms sets it",
    "auto.offset.reset": "score.start says where a new group begins",
    "enable.auto.commit": "offsets are committed with the decisions they belong to",
    "enable.auto.offset.store": "offsets are committed with the decisions they belong to",
    "enable.idempotence": "it is always on",
    "isolation.level": "it is always read_committed: anything else gives duplicates",
}
"""Properties that cannot be passed through, with what decides them instead."""


def brokers(text: str) -> str:
    for address in text.split(","):
        found = BROKER.fullmatch(address.strip())
        if found is None or int(found["port"] or 1) not in range(1, HIGHEST_PORT + 1):
            raise ValueError("should be host:port, several separated by commas")
    return text


def passed_through(properties: dict[str, Property]) -> dict[str, Property]:
    for name in properties:
        if name.lower() in OWNED:
            raise wrong(f"cannot be passed through: {OWNED[name.lower()]}", f"kafka.properties.{name}")
    return conceal(properties)


class Kafka(Group):
    bootstrap: Annotated[str, AfterValidator(brokers), words("host:port, several separated by commas")] = (
        "127.0.0.1:9092"
    )
    """Brokers to ask first, as host:port, separated by commas."""
    partitioner: Literal["murmur2", "crc32"] = "murmur2"
    """How the producers of the input choose a card's partition: murmur2 is Java's, crc32 is librdkafka's default."""
    properties: Annotated[dict[str, Property], AfterValidator(passed_through)] = Field(default_factory=dict)
    """Any other librdkafka property, for every client: security.protocol, sasl.username, ssl.ca.location and so on;
    those the product decides itself are refused. The environment has either all of them as one JSON object or each
    in a variable of its own, sasl.password in FRAUDSTREAM_KAFKA_PROPERTIES__SASL_PASSWORD."""

    def client(self, **more: Value) -> dict[str, Value]:
        """One client's configuration, with real passwords: for its constructor alone. Pass-through wins over `more`."""
        return {
            "bootstrap.servers": self.bootstrap,
            **more,
            **{name: reveal(value) for name, value in self.properties.items()},
        }

    @property
    def producer_partitioner(self) -> str:
        """The partitioner in librdkafka's words; records without a key are spread at random."""
        return {"murmur2": "murmur2_random", "crc32": "consistent_random"}[self.partitioner]
