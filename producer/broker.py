"""What a Kafka client says about the broker it cannot use, in words that name the cause and the way out."""

import time
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException

from schemas.errors import DependencyAway, Misconfigured, Stop

REFUSED: Final = {
    KafkaError._AUTHENTICATION: "check the user name, the password and the mechanism under [kafka.properties]",  # noqa: SLF001
    KafkaError._SSL: "check ssl.ca.location and security.protocol under [kafka.properties]",  # noqa: SLF001
    KafkaError._RESOLVE: "check the spelling of kafka.bootstrap",  # noqa: SLF001
}
ALL_DOWN: Final = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001
START: Final = (
    "start the broker (`fraudstream up` starts one on this machine), name another with --bootstrap, or set under "
    "[kafka.properties] what it wants of its clients: TLS, a login"
)
CREATE: Final = "`fraudstream topics create` makes the product's topics; settings under [topics] name others"

STEP_SECONDS: Final = 1.0
DOWN_SECONDS: Final = 2.0
"""How long a broker that refuses connections is given all the same: it may be starting."""
ASKED: Final = 10
PAUSE_SECONDS: Final = 0.1
"""A broker may need a moment until it knows of a topic that was made just now."""


class Broker:
    """Remembers the most telling error of a client; `heard` is its `error_cb`, which runs while it is polled."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._cause: KafkaError | None = None
        self._down = False

    def heard(self, error: KafkaError) -> None:
        self._down |= error.code() == ALL_DOWN
        if self._cause is None or error.code() != ALL_DOWN:
            self._cause = error

    def away(self, message: str) -> Stop:
        """The error to raise: 78 where waiting cannot help, else 69."""
        if self._cause is None:
            return DependencyAway(message, fix=START)
        said = f"{message}: {self._cause.str()}"
        fix = REFUSED.get(self._cause.code())
        return Misconfigured(said, fix=fix) if fix else DependencyAway(said, fix=START)

    def went_away(self) -> bool:
        """Whether every broker was lost since this was last asked."""
        down, self._down = self._down, False
        return down

    def partitions(self, client: Any, topic: str, seconds: float) -> int:  # noqa: ANN401 any of the Kafka clients
        """How many the topic has. Never creates it."""
        for _ in range(ASKED):
            topics = self._topics(client, seconds)
            if topic in topics:
                return len(topics[topic].partitions)
            time.sleep(PAUSE_SECONDS)
        raise Misconfigured(f"there is no topic {topic!r} on the broker at {self.bootstrap}", fix=CREATE)

    def _topics(self, client: Any, seconds: float) -> Any:  # noqa: ANN401 any of the Kafka clients
        began = time.monotonic()
        while True:
            try:
                return client.list_topics(timeout=min(seconds, STEP_SECONDS)).topics
            except KafkaException as error:
                client.poll(0)
                waited = time.monotonic() - began
                if waited >= seconds or (self._down and waited >= DOWN_SECONDS):
                    raise self.away(f"the broker at {self.bootstrap} does not answer") from error
