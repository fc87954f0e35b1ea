"""What thresholds are picked for: so much of the fraud, the least cost, so many alerts a day. All three are."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Final, Literal, NamedTuple, get_args

from models.judging.counts import Flags
from models.judging.ranking import Integers, Scores
from models.judging.thresholds import Costs, Thresholds, block_by_cost, by_budget, by_cost, by_recall
from schemas.errors import Usage

Kind = Literal["recall", "cost", "budget"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


class Known(NamedTuple):
    """Rows with a verdict."""

    fraud: Flags
    score: Scores
    amount: Integers


class Every(NamedTuple):
    """All rows of the same days."""

    score: Scores
    day: Integers


@dataclass(frozen=True, slots=True)
class Aims:
    recall: float = 0.7
    alerts_per_day: float = 100.0
    costs: Costs = field(default_factory=Costs)

    def __post_init__(self) -> None:
        if not 0.0 < self.recall <= 1.0:
            raise Usage(f"a recall of {self.recall:g} cannot be aimed at", fix="give a share above 0, at most 1")
        if not 0.0 < self.alerts_per_day < float("inf"):
            raise Usage(f"{self.alerts_per_day:g} alerts a day cannot be aimed at", fix="give a number above 0")
        if not all(isfinite(cost) and cost >= 0 for cost in (self.costs.review_minor, self.costs.wrong_block_minor)):
            raise Usage("a cost is no amount", fix="give --review-cost and --wrong-block-cost in minor units")

    def pick(self, known: Known, every: Every) -> dict[Kind, Thresholds]:
        """From rows that nobody learnt from; blocking is always a matter of cost.

        A budget is kept by all rows, with or without a verdict: all of them can be alerts.
        """
        fraud, score, amount = known
        review: dict[Kind, float] = {
            "recall": by_recall(fraud, score, self.recall),
            "cost": by_cost(fraud, score, amount, self.costs),
            "budget": by_budget(every.score, every.day, self.alerts_per_day),
        }
        return {kind: Thresholds(at, block_by_cost(fraud, score, at, self.costs)) for kind, at in review.items()}
