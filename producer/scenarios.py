"""The ways of fraud, how much of the fraud each makes up, and how often its episodes begin.

card_testing          a burst of small amounts at one shop online, to see which stolen numbers work
stolen_card           three to eight times the usual amount, several times within some days
compromised_terminal  every use of a terminal for weeks is fraud, of usual amounts: only past labels reveal it
account_takeover      a new device in another country
friendly_fraud        the customer's own use, disputed afterwards: nothing tells it from others
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final

import numpy as np

from producer.aligned import Integers
from producer.draws import Draw, generator
from schemas.errors import Usage

FRAUD_SHARE: Final = 0.008
"""Of all uses."""


class Scenario(IntEnum):
    GENUINE = 0
    CARD_TESTING = 1
    STOLEN_CARD = 2
    COMPROMISED_TERMINAL = 3
    ACCOUNT_TAKEOVER = 4
    FRIENDLY_FRAUD = 5

    @property
    def text(self) -> str:
        return self.name.lower()


Mix = Mapping[Scenario, float]
MIX: Final[Mix] = MappingProxyType(
    {
        Scenario.CARD_TESTING: 0.06,
        Scenario.STOLEN_CARD: 0.13,
        Scenario.COMPROMISED_TERMINAL: 0.68,
        Scenario.ACCOUNT_TAKEOVER: 0.06,
        Scenario.FRIENDLY_FRAUD: 0.07,
    }
)
"""Shares of the fraudulent uses."""


def mix_of(text: str) -> Mix:
    """`name=share,…`; scenarios that are not named do not happen, and shares are relative to their sum."""
    known = {each.text: each for each in Scenario if each is not Scenario.GENUINE}
    found: dict[Scenario, float] = {}
    for part in text.split(","):
        name, _, share = part.strip().partition("=")
        if name not in known or known[name] in found:
            raise Usage(
                f"--fraud-mix {text}: {name!r} is not a scenario, or stands there twice",
                fix=f"name each at most once: {', '.join(known)}",
            )
        found[known[name]] = _share(text, share)
    total = sum(found.values())
    if not total:
        raise Usage(f"--fraud-mix {text}: the shares are all 0", fix="give at least one scenario a share above 0")
    return {scenario: share / total for scenario, share in found.items()}


def _share(text: str, share: str) -> float:
    try:
        found = float(share)
    except ValueError:
        found = -1.0
    if not 0.0 <= found < float("inf"):
        raise Usage(
            f"--fraud-mix {text}: {share!r} is not a share",
            fix="write name=share with shares from 0 up, as in stolen_card=0.7,friendly_fraud=0.3",
        )
    return found


@dataclass(frozen=True, slots=True)
class Schedule:
    """Episodes of one scenario begin `per_day` a day, evenly, and are numbered since 1970: a function of the day."""

    scenario: Scenario
    seed: int
    per_day: float

    def beginning(self, day: int) -> Integers:
        """The numbers of the episodes that begin on that day."""
        return np.arange(self._before(day), self._before(day + 1))

    def random(self, day: int) -> np.random.Generator:
        """For what happens in the episodes that begin on that day."""
        return generator(self.seed, Draw.EPISODES, int(self.scenario), day)

    def _before(self, day: int) -> int:
        phase = generator(self.seed, Draw.EPISODES, int(self.scenario)).random()
        return int(np.floor(self.per_day * day + phase))
