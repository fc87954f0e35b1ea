"""Customers, their cards and the terminals they use: the same seed and count give the same people, to the last bit."""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

SEED: Final = 7
"""Of the population that everybody meets who asks for no other."""

RISKY_CATEGORIES: Final = (4829, 6051, 7995)
CATEGORIES: Final = (5411, 5812, 5541, 5311, 5912, 4111, 5732, 5651, 7832, 3000, 6011)
CATEGORY_WEIGHTS: Final = (0.30, 0.20, 0.10, 0.09, 0.08, 0.08, 0.04, 0.05, 0.03, 0.01, 0.02)
CASH_CATEGORY: Final = 6011
HABITUAL_TERMINALS: Final = 8
RISKY_SHARE: Final = 0.02
ONLINE_SHARE: Final = 0.25
FEWEST_TERMINALS: Final = 25


@dataclass(frozen=True, slots=True)
class Country:
    """`customers` and `terminals` are shares of the whole population."""

    code: str
    customers: float
    terminals: float
    latitude: float
    longitude: float


COUNTRIES: Final = (
    Country("DE", 1.0, 0.80, 51.0, 10.3),
    Country("FR", 0.0, 0.04, 46.6, 2.4),
    Country("NL", 0.0, 0.04, 52.2, 5.4),
    Country("GB", 0.0, 0.03, 52.5, -1.4),
    Country("US", 0.0, 0.03, 39.8, -98.6),
    Country("BR", 0.0, 0.02, -10.8, -52.9),
    Country("TH", 0.0, 0.02, 15.1, 101.0),
    Country("NG", 0.0, 0.02, 9.6, 8.1),
)


@dataclass(frozen=True, slots=True, eq=False)
class Terminals:
    """Sorted by country; within a country `first` ≤ risky < `ordinary` ≤ the rest < `end`."""

    ids: pa.Array
    country: Integers
    category: Integers
    online: NDArray[np.bool_]
    latitude: Floats
    longitude: Floats
    first: Integers
    ordinary: Integers
    end: Integers

    @classmethod
    def of(cls, count: int, random: np.random.Generator) -> Self:
        sizes = np.array([max(FEWEST_TERMINALS, round(count * each.terminals)) for each in COUNTRIES])
        end = np.cumsum(sizes)
        first = end - sizes
        ordinary = first + np.maximum(1, np.rint(sizes * RISKY_SHARE).astype(np.int64))
        country = np.repeat(np.arange(len(COUNTRIES)), sizes)
        total = int(end[-1])
        risky = np.arange(total) < ordinary[country]
        usual_category = random.choice(CATEGORIES, total, p=CATEGORY_WEIGHTS)
        centre = np.array([(each.latitude, each.longitude) for each in COUNTRIES])[country]
        place = np.round(centre + random.normal(0.0, 1.2, (total, 2)), 5)
        return cls(
            ids=names("term-{:05d}", total),
            country=country,
            category=np.where(risky, random.choice(RISKY_CATEGORIES, total), usual_category),
            online=(random.random(total) < ONLINE_SHARE) & (usual_category != CASH_CATEGORY),
            latitude=place[:, 0],
            longitude=place[:, 1],
            first=first,
            ordinary=ordinary,
            end=end,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Columns over customers, in the order of `customer_ids`; cards of one customer have neighbouring numbers."""

    customer_ids: pa.Array
    card_ids: pa.Array
    device_ids: pa.Array
    first_card: Integers
    cards: Integers
    home: Integers
    usual: Floats
    spread: Floats
    activity: Floats
    habits: Integers
    churn_scores: Floats
    terminals: Terminals

    @classmethod
    def of(cls, customers: int, seed: int = SEED) -> Self:
        """Customer ids are `1` … `customers`. `usual` and `spread` are those of the logarithm of an amount."""
        random = np.random.default_rng([seed, customers])
        terminals = Terminals.of(customers // 4, random)
        cards = random.choice((1, 2, 3), customers, p=(0.72, 0.22, 0.06))
        home = random.choice(len(COUNTRIES), customers, p=[each.customers for each in COUNTRIES])
        weight = random.gamma(2.0, 1.0, customers)
        return cls(
            customer_ids=names("{:d}", customers, start=1),
            card_ids=names("card-{:06d}", int(cards.sum())),
            device_ids=names("device-{:06d}", customers),
            first_card=np.cumsum(cards) - cards,
            cards=cards,
            home=home,
            usual=random.normal(np.log(24.0), 0.45, customers),
            spread=random.uniform(0.5, 0.8, customers),
            activity=np.cumsum(weight) / weight.sum(),
            habits=pick(
                terminals.ordinary, terminals.end, home[:, None], random.random((customers, HABITUAL_TERMINALS))
            ),
            churn_scores=np.round(random.beta(1.6, 9.0, customers), 6),
            terminals=terminals,
        )

    def __len__(self) -> int:
        return len(self.home)

    def churn(self) -> dict[str, float]:
        """How likely each customer is to leave, 0 to 1 with six decimals."""
        return dict(zip(self.customer_ids.to_pylist(), self.churn_scores.tolist(), strict=True))


def pick(low: Integers, high: Integers, country: Integers, share: Floats) -> Integers:
    """The terminal at `share` (0 ≤ share < 1) of the way through a country's range."""
    return low[country] + ((high - low)[country] * share).astype(np.int64)


def names(pattern: str, count: int, start: int = 0) -> pa.Array:
    return pa.array([pattern.format(number) for number in range(start, start + count)], pa.string())
