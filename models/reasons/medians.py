"""What is usual, for the artefact: the median of every feature, and how much each group does to genuine rows.

The section `medians` of a manifest:

    features    by name, null where a feature is usually not known
    evidence    by code: what a genuine row's evidence is above in 1/2, 1/4, 1/8 … of all
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.artefact.refusal import refused
from models.features import FEATURES, Matrix
from models.reasons.codes import CODES
from models.reasons.evidence import Doubles, Model, evidence

HALVINGS: Final = 14
MOST_ROWS: Final = 2**17
MOST_EXPLAINED: Final = 2**HALVINGS

Finite = Annotated[float, Field(allow_inf_nan=False)]
Tail = Annotated[list[Finite], Field(min_length=HALVINGS, max_length=HALVINGS)]


class Usual(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    features: dict[str, Finite | None]
    evidence: dict[str, Tail]

    @classmethod
    def parse(cls, section: Mapping[str, Any], where: str) -> Self:
        """Refused unless it speaks of exactly the features and codes that there are."""
        try:
            found = cls.model_validate(dict(section))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise refused(where, f"medians.{'.'.join(map(str, first['loc']))[:200]}: {first['msg'][:200]}") from None
        features, codes = {each.name for each in FEATURES}, {each.code for each in CODES}
        if set(found.features) != features or set(found.evidence) != codes:
            raise refused(where, "medians: they are of other features or reasons than this program has")
        return found

    @property
    def neutral(self) -> Doubles:
        values = (self.features[each.name] for each in FEATURES)
        return np.array([np.nan if value is None else value for value in values])

    @property
    def tails(self) -> Doubles:
        """One row per halving, one column per code."""
        return np.array([self.evidence[code.code] for code in CODES]).T


def medians(matrix: Matrix, fraud: NDArray[np.bool_], model: Model) -> dict[str, Any]:
    """Of the genuine among the rows that taught; at most so many of them, evenly drawn."""
    genuine = np.flatnonzero(~fraud)
    rows = matrix[genuine[:: max(1, -(-len(genuine) // MOST_ROWS))]]
    neutral = np.array([_median(rows[:, column]) for column in range(rows.shape[1])])
    return Usual(
        features={each.name: _or_none(value) for each, value in zip(FEATURES, neutral.tolist(), strict=True)},
        evidence=_tails(evidence(model, rows[:: max(1, -(-len(rows) // MOST_EXPLAINED))], neutral)),
    ).model_dump(mode="json")


def _median(column: Doubles) -> float:
    """Not known if that is what most are."""
    known = np.sort(column[~np.isnan(column)])
    return float(known[len(known) // 2]) if 2 * len(known) > len(column) else np.nan


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else value


def _tails(found: Doubles) -> dict[str, list[float]]:
    ranked = np.sort(found, axis=0) if len(found) else np.zeros((1, len(CODES)))
    above = [len(ranked) >> halving for halving in range(1, HALVINGS + 1)]
    at = [max(len(ranked) - 1 - count, 0) for count in above]
    return {code.code: ranked[at, column].tolist() for column, code in enumerate(CODES)}
