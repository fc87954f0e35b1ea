"""What made a margin what it is: the rules that hit, or what each group of features added to a model's."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from models import rules
from models.decide import Decider
from models.features import Matrix
from models.minds import ModelMind
from models.reasons.codes import CODES
from models.rules import RULES, Hits

BASE: Final = "base"
OF_RULES: Final = "Where every transaction starts."
OF_MODEL: Final = "What the model says of a transaction of which everything is usual."


@dataclass(frozen=True, slots=True)
class Contribution:
    code: str
    sentence: str
    margin: float


def contributions(decider: Decider, matrix: Matrix, hits: Hits) -> list[Contribution]:
    """Of one row, the strongest first, after what it starts from."""
    mind = decider.mind
    if isinstance(mind, ModelMind):
        shares = mind.reasons.shares(matrix)[0]
        parts = [Contribution(each.code, each.sentence, float(one)) for each, one in zip(CODES, shares, strict=True)]
        base = Contribution(BASE, OF_MODEL, float(mind.margins(matrix, hits)[0] - shares.sum()))
    else:
        hit = (rule for rule, there in zip(RULES, hits[0], strict=True) if there)
        parts = [Contribution(rule.code, rule.sentence, rule.margin) for rule in hit]
        base = Contribution(BASE, OF_RULES, float(rules.margins(np.zeros_like(hits))[0]))
    return [base, *sorted(parts, key=lambda each: -each.margin)]
