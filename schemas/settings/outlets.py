"""What leaves the worker and what it is strict about: output, checks, health, log."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from schemas.durations import milliseconds
from schemas.framing import Framing
from schemas.settings.group import Group, wrong
from schemas.settings.labels import Duration


class Output(Group):
    framing: Framing = Framing.SINGLE_OBJECT
    """How decisions are written: single-object and json need no registry, confluent needs registry.url."""
    scores: bool = False
    """Write every decision to the scores topic, not the flags alone."""
    max_decision_age: Duration = "0s"
    """Decisions on older records than this, as after a long outage, go to the scores topic alone and say `backlog`;
    `0s`: however old."""

    @property
    def max_decision_age_ms(self) -> int:
        return milliseconds(self.max_decision_age)

    @model_validator(mode="after")
    def _somewhere_to_go(self) -> Self:
        if self.max_decision_age_ms and not self.scores:
            raise wrong(
                "flags that are too old go to the scores topic alone, and nothing is written there",
                "output.max_decision_age",
                "output.scores",
            )
        return self


class Checks(Group):
    strict_keys: bool = False
    """Refuse records whose key is missing or is not the card id, instead of marking them."""
    reject_pans: bool = False
    """Refuse records that seem to hold a card number, instead of marking them; their value is replaced by its hash."""


class Health(Group):
    host: str = Field(default="127.0.0.1", min_length=1)
    """Address on which health and metrics answer; 0.0.0.0 in a container."""
    port: Annotated[int, Field(ge=-1, le=65_535)] = 9464
    """Port of the first worker; each further one takes the next. 0 is any free port, -1 is none."""


class Log(Group):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """What is worth a line."""
    format: Literal["auto", "console", "json"] = "auto"
    """auto is console on a terminal and json elsewhere."""
