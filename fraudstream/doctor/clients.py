"""Kafka clients for a look: quiet, and remembering the most telling thing they were told."""

import logging
import re
from typing import Any, Final

from confluent_kafka import KafkaError

from fraudstream.doctor.addresses import Address
from schemas.settings import Settings
from schemas.settings.kafka import Value

CALL_S: Final = 5.0

TELLING: Final = (
    KafkaError._AUTHENTICATION,  # noqa: SLF001 librdkafka's local codes are spelled with an underscore
    KafkaError._SSL,  # noqa: SLF001
    KafkaError._RESOLVE,  # noqa: SLF001
)
"""Causes that no waiting changes."""
ALL_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001
ENCRYPTED: Final = "connecting to a PLAINTEXT broker listener?"
"""How the client says that it speaks TLS to a listener that does not."""

SILENT: Final = logging.getLogger("fraudstream.doctor.clients")
SILENT.disabled = True
"""Where clients log to: what matters of it comes as a finding."""
SPEAKER: Final = re.compile(r"(\w+://)?\[?(?P<host>[^/]+?)\]?:(?P<port>\d+)/(?P<broker>\d+): ")
"""How errors name a broker whose address the cluster has told; one we were told ourselves is `/bootstrap`."""


class Heard:
    """The `error_cb` of a client, which runs while that client is polled.

    `advertised` are brokers there was trouble with at the address that the cluster tells for them.
    """

    def __init__(self) -> None:
        self.cause: KafkaError | None = None
        self.hung_up = False
        self.advertised: dict[int, Address] = {}

    def __call__(self, error: KafkaError) -> None:
        self.hung_up |= error.code() == ALL_DOWN
        if told := SPEAKER.match(error.str()):
            self.advertised[int(told["broker"])] = Address(told["host"], int(told["port"]))
        elif error.code() != ALL_DOWN and not self.telling:
            self.cause = error

    @property
    def telling(self) -> bool:
        return self.cause is not None and (self.cause.code() in TELLING or ENCRYPTED in self.cause.str())

    @property
    def words(self) -> str:
        """Without the address and the timing that the client puts around it."""
        text = self.cause.str() if self.cause else ""
        return text.partition(": ")[2].partition(" (after ")[0] or text


def conf(settings: Settings, heard: Heard, **more: Value) -> dict[str, Any]:
    """For a client's constructor; property names with dots come in through `more`."""
    return settings.kafka.client(**more) | {"error_cb": heard, "logger": SILENT}
