"""Who is judged: a name, what it says of every row, and where it draws the line."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models import rules
from models.judging.ranking import Scores
from models.judging.thresholds import NOTHING, Thresholds
from models.numbers import logistic
from models.rules import Hits
from schemas.errors import Usage

ACCEPT_ALL: Final = "accept all"
RULES_ONLY: Final = "rules only"


@dataclass(frozen=True, slots=True)
class Contender:
    """`score` is the probability of fraud, a number from 0 to 1 for each row."""

    name: str
    score: Scores
    at: Thresholds

    def __post_init__(self) -> None:
        wrong = np.flatnonzero(~((self.score >= 0.0) & (self.score <= 1.0)))
        if len(wrong):
            raise Usage(
                f"{self.name} gives row {wrong[0]} the score {self.score[wrong[0]]}",
                fix="scores are probabilities: hand in logistic(margin)",
            )


def accept_all(rows: int) -> Contender:
    """What doing nothing costs, and what accuracy it has."""
    return Contender(ACCEPT_ALL, np.zeros(rows), Thresholds(NOTHING, NOTHING))


def rules_only(hits: Hits, at: Thresholds) -> Contender:
    """The declared rules, as they decide where no model is."""
    return Contender(RULES_ONLY, logistic(rules.margins(hits)), at)
