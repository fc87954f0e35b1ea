"""The reasons of flagged rows.

Evidence counts by how rare it is: in how many halvings of the genuine rows none has as much. So groups that always
say much do not drown those that seldom speak, and a changed mix of fraud changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from models.features import Matrix
from models.reasons.codes import CODES
from models.reasons.evidence import Doubles, Model, evidence
from models.reasons.medians import Usual
from models.rules import RULES, Hits
from schemas.compiled import compiled

FEWEST: Final = 2
MOST: Final = 4
NEARLY: Final = 0.9
"""Of the strongest: who has so much counts as equal, and then the declared order does."""
BEYOND: Final = 0.2
"""Halvings per unit of margin, beyond what any genuine row had."""


class Reasons:
    def __init__(self, model: Model, neutral: Doubles, tails: Doubles) -> None:
        self._model, self._neutral, self._tails = model, neutral, tails

    @classmethod
    def of(cls, section: Mapping[str, Any], model: Model, where: str = "manifest.json") -> Self:
        """`section` is what `medians` gave."""
        usual = Usual.parse(section, where)
        return cls(model, usual.neutral, usual.tails)

    def codes(self, matrix: Matrix, hits: Hits, owed: NDArray[np.bool_] | None = None) -> list[list[str]]:
        """At most four per row. The model's come first, those that speak for fraud; then the rules that hit.

        Where there are fewer than two, the model's next strongest are added, whatever they speak for: it has flagged
        the row. Not where `owed` is false: somebody else did.
        """
        strength, speaks = self.strengths(matrix)
        fewest = np.full(len(matrix), FEWEST) if owed is None else np.where(owed, FEWEST, 0)
        return [
            _listed(order(row), speaking, [rule for rule, hit in zip(RULES, hit, strict=True) if hit], least)
            for row, speaking, hit, least in zip(strength, speaks, hits, fewest.tolist(), strict=True)
        ]

    def shares(self, matrix: Matrix) -> Doubles:
        """By row and code: how much of the margin, in the model's own measure."""
        return evidence(self._model, matrix, self._neutral)

    def strengths(self, matrix: Matrix) -> tuple[Doubles, NDArray[np.bool_]]:
        """By row and code, and whether the evidence is for fraud at all."""
        found = self.shares(matrix)
        return rarity(found, self._tails), found > 0


def rarity(effects: Doubles, tails: Doubles) -> Doubles:
    """In how many halvings of the genuine rows an effect is not reached; in between it is a straight line."""
    found = np.empty(effects.shape)
    fill(np.ascontiguousarray(effects), np.ascontiguousarray(tails), found)
    return found


@compiled
def fill(effects: Doubles, tails: Doubles, found: Doubles) -> None:
    last = tails.shape[0] - 1
    for row in range(effects.shape[0]):
        for column in range(effects.shape[1]):
            effect, below = effects[row, column], 0
            if np.isnan(effect):
                found[row, column] = np.nan
                continue
            while below <= last and tails[below, column] < effect:
                below += 1
            if below == 0:
                found[row, column] = 0.0
                continue
            part, low, high = 0.0, tails[below - 1, column], tails[min(below, last), column]
            if high > low:
                part = (effect - low) / (high - low)
            beyond = BEYOND * max(effect - tails[last, column], 0.0)
            found[row, column] = below + part - (below > last) * part + beyond


def order(strength: Doubles) -> list[int]:
    """Strongest first; of those that are nearly as strong as the strongest left, the first declared."""
    left, found = list(range(len(strength))), []
    while left:
        enough = NEARLY * max(strength[at] for at in left)
        found.append(next(at for at in left if strength[at] >= enough))
        left.remove(found[-1])
    return found


def _listed(ranked: Sequence[int], speaking: NDArray[np.bool_], rules: Sequence[Any], fewest: int) -> list[str]:
    for_fraud = [CODES[at].code for at in ranked if speaking[at]]
    others = [CODES[at].code for at in ranked if not speaking[at]]
    hit = [rule.code for rule in sorted(rules, key=lambda rule: -rule.margin)]
    found = [*for_fraud[: max(FEWEST, MOST - len(hit))], *hit][:MOST]
    return [*found, *others[: max(0, fewest - len(found))]]
