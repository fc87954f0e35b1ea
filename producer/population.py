"""Customers, their cards and habits: the same seed and count give the same people, to the last bit."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa

from producer.aligned import Floats, Integers, Shorts
from producer.calendar import RHYTHMS
from producer.numbered import numbered
from producer.terminals import COUNTRIES, HOME, Kind, Terminals

SEED: Final = 7
"""Of the population that everybody meets who asks for no other."""

CUSTOMERS_PER_TERMINAL: Final = 1
HABITUAL_COUNTERS: Final = 8
HABITUAL_SHOPS: Final = 5
CROWDED: Final = 1.5
"""The larger, the more a town's customers meet at the same few counters."""
FOREIGN_SHOPS: Final = 0.08
GAMBLERS: Final = 0.05
SECOND_DEVICE: Final = 0.35
RHYTHM_SHARES: Final = (0.55, 0.3, 0.15)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Columns over customers, in the order of `customer_ids`; cards of one customer have neighbouring numbers.

    `usual` and `spread` are those of the logarithm of an amount, `online` and `risky` shares of a customer's uses,
    `second` the share of a second device.
    """

    customer_ids: pa.Array
    card_ids: pa.Array
    first_card: Shorts
    cards: Shorts
    town: Integers
    usual: Floats
    spread: Floats
    activity: Floats
    rhythm: Integers
    online: Floats
    risky: Floats
    second: Floats
    device_days: Integers
    habits: Shorts
    shops: Shorts
    churn_scores: Floats
    terminals: Terminals

    @classmethod
    def of(cls, customers: int, seed: int = SEED) -> Self:
        """Customer ids are `1` … `customers`."""
        random = np.random.default_rng([seed, customers])
        terminals = Terminals.of(customers // CUSTOMERS_PER_TERMINAL, random)
        cards = random.choice((1, 2, 3), customers, p=(0.72, 0.22, 0.06))
        town = terminals.towns.any_in(HOME, random.random(customers))
        crowd = random.random((customers, HABITUAL_COUNTERS)) ** CROWDED
        gambler = random.random(customers) < GAMBLERS
        return cls(
            customer_ids=pa.array(np.arange(1, customers + 1)).cast(pa.string()),
            card_ids=numbered("card-", np.arange(cards.sum()), 9),
            first_card=(np.cumsum(cards) - cards).astype(np.int32),
            cards=cards.astype(np.int32),
            town=town,
            usual=random.normal(np.log(24.0), 0.45, customers),
            spread=random.uniform(0.25, 0.45, customers),
            activity=random.gamma(2.5, 1.0, customers),
            rhythm=random.choice(RHYTHMS, customers, p=RHYTHM_SHARES),
            online=random.beta(2.0, 6.0, customers),
            risky=np.where(gambler, random.uniform(0.1, 0.4, customers), 0.005),
            second=np.where(random.random(customers) < SECOND_DEVICE, random.uniform(0.05, 0.4, customers), 0.0),
            device_days=random.integers(300, 900, customers),
            habits=terminals.towns.counter(town[:, None], crowd).astype(np.int32),
            shops=_shops(terminals, customers, random).astype(np.int32),
            churn_scores=np.round(random.beta(1.6, 9.0, customers), 6),
            terminals=terminals,
        )

    def __len__(self) -> int:
        return len(self.town)

    def churn(self) -> dict[str, float]:
        """How likely each customer is to leave, 0 to 1 with six decimals."""
        return dict(zip(self.customer_ids.to_pylist(), self.churn_scores.tolist(), strict=True))


def _shops(terminals: Terminals, customers: int, random: np.random.Generator) -> Integers:
    size = (customers, HABITUAL_SHOPS)
    foreign = random.integers(1, len(COUNTRIES), size)
    country = np.where(random.random(size) < FOREIGN_SHOPS, foreign, HOME)
    return terminals.pick(country, Kind.ONLINE, random.random(size) ** CROWDED)
