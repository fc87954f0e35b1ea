"""A model that scores: the compiled one where there is one, so that figures are of what will run."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models import trees
from models.artefact.margins import Evaluator, function_of, margins
from models.features import Matrix
from models.numbers import Doubles, logistic
from schemas.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Scorer:
    estimator: Any
    function: str
    evaluator: Evaluator | None

    @classmethod
    def of(cls, estimator: Any) -> Self:  # noqa: ANN401 scikit-learn has no types
        return cls(estimator, function_of(estimator, "the estimator"), _compiled(estimator))

    def margins(self, matrix: Matrix) -> Doubles:
        if self.evaluator is not None:
            return self.evaluator.margins(matrix)
        return margins(self.estimator, self.function, matrix)

    def scores(self, matrix: Matrix) -> Doubles:
        """Probabilities: of a margin in log-odds, or as the estimator gives them."""
        found = self.margins(matrix)
        if self.function == "decision_function":
            return logistic(found)
        return np.ascontiguousarray(found if found.ndim == 1 else found[:, -1])


def _compiled(estimator: Any) -> Evaluator | None:  # noqa: ANN401 scikit-learn has no types
    try:
        return trees.compile(estimator, int(estimator.n_features_in_))
    except (Misconfigured, AttributeError):
        return None
