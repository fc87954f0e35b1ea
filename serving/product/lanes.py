"""The lanes of the product's routes: what waits for the processor, what for Redis, what for Kafka."""

from dataclasses import dataclass
from typing import Final, Self

from schemas.settings.serve import Serve
from serving.product.lane import Away, Lane

KAFKA: Final = Away("Kafka", "KAFKA_UNAVAILABLE")
REDIS: Final = Away("Redis", "REDIS_UNAVAILABLE")

LONG: Final = "reading the log took longer than a request may; bound the search with `since`"


@dataclass(slots=True)
class Lanes:
    scoring: Lane
    customers: Lane
    histories: Lane
    explaining: Lane
    verdicts: Lane
    warm: bool = False

    @classmethod
    def of(cls, settings: Serve) -> Self:
        """Less time each than the request has, so that what is away is said rather than that it is late."""
        within = settings.timeout_s * 0.9
        return cls(
            Lane("scoring", 64, within),
            Lane("look-ups", 64, min(10.0, within), REDIS, threads=4),
            Lane("histories", 16, min(20.0, within), KAFKA, threads=2),
            Lane("explain", 8, within, KAFKA, threads=2, late=LONG),
            Lane("verdicts", 32, min(20.0, within), KAFKA),
        )

    @property
    def all(self) -> tuple[Lane, ...]:
        return (self.scoring, self.customers, self.histories, self.explaining, self.verdicts)
