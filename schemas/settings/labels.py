"""When a verdict counts: the same for training, for the scorer and for every replay."""

from typing import Annotated, Final, Self

from pydantic import AfterValidator, model_validator

from schemas.durations import UNITS_MS, WORDS, duration, milliseconds
from schemas.settings.group import Group, words, wrong

Duration = Annotated[str, AfterValidator(duration), words(WORDS)]
DAY_MS: Final = UNITS_MS["d"]


class Labels(Group):
    delay: Duration = "7d"
    """How long after its transaction a verdict counts at the earliest, however soon it was known."""
    step: Duration = "1h"
    """Verdicts begin to count at full steps, all of a step at once; it divides a day."""
    grace: Duration = "60s"
    """How long a verdict takes at most to reach every worker, half of it until it can be read on the topic: it counts
    from the first step after that."""

    @property
    def delay_ms(self) -> int:
        return milliseconds(self.delay)

    @property
    def step_ms(self) -> int:
        return milliseconds(self.step)

    @property
    def grace_ms(self) -> int:
        return milliseconds(self.grace)

    @model_validator(mode="after")
    def _never_its_own(self) -> Self:
        if not self.step_ms or DAY_MS % self.step_ms:
            raise wrong(f"steps of {self.step} do not fill a day without remainder", "labels.step")
        if not self.grace_ms:
            raise wrong("without a grace a transaction could see its own verdict", "labels.grace")
        return self
