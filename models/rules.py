"""The declared rules. Each adds to the raw margin of a transaction whose features meet it.

HITS and MISSES of a rule are transactions, given by the fields that matter to it: they are its tests and its manual.
`hits` is for tables of history; `statuses` is for decisions, and holds whatever a rule does.
An extreme amount is always a high one too, and no other rule alone may reach the review threshold: a flag has at least
two reasons.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.features import POSITION, Matrix
from schemas.errors import Misconfigured

Hits = NDArray[np.bool_]
Statuses = NDArray[np.int8]
Times = NDArray[np.int64]
Snoozes = Mapping[str, Sequence[tuple[int, int]]]
"""Rule code → the stretches of event time, from and until in milliseconds, in which its hits do not count."""
Example = Mapping[str, object]


class Status(IntEnum):
    """Of one rule for one row. SNOOZED: it would have hit. ERROR: it could not be evaluated."""

    NO_HIT = 0
    HIT = 1
    SNOOZED = 2
    ERROR = 3

    @property
    def symbol(self) -> str:
        return self.name.lower()


NO_HIT, HIT, SNOOZED, ERROR = (np.int8(status) for status in Status)
"""As columns hold them: to compare a column with a member of an enum takes longer than all the rest."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The amounts, in minor units, at which the amount rules hit."""

    amount_high_minor: int = 200_000
    amount_extreme_minor: int = 500_000

    def __post_init__(self) -> None:
        if self.amount_extreme_minor < self.amount_high_minor:
            raise Misconfigured(
                f"rules.amount_extreme_minor ({self.amount_extreme_minor}) is below rules.amount_high_minor "
                f"({self.amount_high_minor})",
                fix="set the extreme amount to at least the high one",
            )


@dataclass(frozen=True, slots=True)
class Rule:
    """`code` is stable and stands in decisions; `sentence` is for people; `margin` is in log-odds."""

    code: str
    sentence: str
    margin: float
    meets: Callable[[Matrix, Limits], Hits]
    hits: tuple[Example, ...] = field(repr=False)
    misses: tuple[Example, ...] = field(repr=False)


BASE_MARGIN: Final = -5.0


def _is(name: str) -> Callable[[Matrix, Limits], Hits]:
    return lambda matrix, _: matrix[:, POSITION[name]] == 1.0


def _amount_high(matrix: Matrix, limits: Limits) -> Hits:
    hits: Hits = matrix[:, POSITION["amount_minor"]] >= limits.amount_high_minor
    return hits


def _amount_extreme(matrix: Matrix, limits: Limits) -> Hits:
    hits: Hits = matrix[:, POSITION["amount_minor"]] >= limits.amount_extreme_minor
    return hits


def _night_online(matrix: Matrix, _: Limits) -> Hits:
    hits: Hits = (matrix[:, POSITION["night"]] == 1.0) & (matrix[:, POSITION["online"]] == 1.0)
    return hits


RULES: Final = (
    Rule(
        "amount_high",
        "The amount is far above what this bank's cards usually pay.",
        3.0,
        _amount_high,
        hits=({"amount_minor": 200_000}, {"amount_minor": 750_000}),
        misses=({"amount_minor": 199_999}, {"amount_minor": 0}),
    ),
    Rule(
        "amount_extreme",
        "The amount alone is reason enough to stop.",
        5.0,
        _amount_extreme,
        hits=({"amount_minor": 500_000},),
        misses=({"amount_minor": 499_999},),
    ),
    Rule(
        "foreign_country",
        "The card was used outside its home countries.",
        2.5,
        _is("foreign_country"),
        hits=({"country": "BR"},),
        misses=({"country": "DE"}, {"country": None}),
    ),
    Rule(
        "risky_category",
        "The merchant sells what thieves turn into cash: transfers, quasi cash, gambling.",
        2.5,
        _is("risky_category"),
        hits=({"merchant_category": 7995},),
        misses=({"merchant_category": 5411}, {"merchant_category": None}),
    ),
    Rule(
        "night_online",
        "The card was not present and its owner is usually asleep.",
        1.0,
        _night_online,
        hits=({"channel": "ONLINE", "hour": 3}, {"channel": "PHONE", "hour": 0}),
        misses=({"channel": "ONLINE", "hour": 6}, {"channel": "CHIP", "hour": 3}, {"channel": None, "hour": 3}),
    ),
)
BY_MARGIN: Final = sorted(range(len(RULES)), key=lambda place: -RULES[place].margin)
"""Their places, the strongest first, equals in their order."""
STRONGEST_LONE_MARGIN: Final = BASE_MARGIN + max(rule.margin for rule in RULES if rule.code != "amount_extreme")
SENTENCES: Final = {rule.code: rule.sentence for rule in RULES}


def hits(matrix: Matrix, limits: Limits) -> Hits:
    """One row per transaction, one column per rule."""
    return np.column_stack([rule.meets(matrix, limits) for rule in RULES])


def statuses(matrix: Matrix, limits: Limits, snoozes: Snoozes, at: Times, among: Sequence[Rule] = RULES) -> Statuses:
    """One row per transaction, one column per rule; `at` are the event times. Never raises for what a rule does."""
    found = np.empty((len(matrix), len(among)), np.int8)
    for column, rule in enumerate(among):
        found[:, column] = _evaluated(rule, matrix, limits)
        for start, end in snoozes.get(rule.code, ()):
            asleep = (found[:, column] == HIT) & (start <= at) & (at < end)
            found[asleep, column] = SNOOZED
    return found


def _evaluated(rule: Rule, matrix: Matrix, limits: Limits) -> Statuses:
    """A rule that breaks is tried on ever smaller parts: an answer does not depend on a row's neighbours."""
    try:
        found = np.asarray(rule.meets(matrix, limits))
        if found.dtype == np.bool_ and found.shape == (len(matrix),):
            return found.astype(np.int8)
    except Exception:  # noqa: BLE001, S110 - whatever breaks in a rule, the transaction gets its decision
        pass
    if len(matrix) <= 1:
        return np.full(len(matrix), ERROR, np.int8)
    half = len(matrix) // 2
    return np.concatenate([_evaluated(rule, matrix[:half], limits), _evaluated(rule, matrix[half:], limits)])


def margins(hit: Hits) -> Matrix:
    """Sums of the margins of the rules that hit, in the order of RULES."""
    total = np.full(len(hit), BASE_MARGIN)
    for column, rule in enumerate(RULES):
        total += np.where(hit[:, column], rule.margin, 0.0)
    return total
