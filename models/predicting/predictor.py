"""Predictions of one model for rows that were taken: what scikit-learn's `predict` says, and scores of one kind.

A score is the probability of the positive class, by the function that the stream has where the model's margins are
exact; with more classes than two, that of the class that is predicted.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from models import trees
from models.artefact.load import Loaded
from models.artefact.margins import same_bits
from models.numbers import logistic
from models.predicting.signature import Signature
from models.predicting.taking import Taken
from models.registry.registry import Registry
from schemas.churn import SCALE
from schemas.errors import Usage

Doubles = NDArray[np.float64]
Output = Literal["prediction", "score", "both"]

EVEN: Final = 0.5
TWO: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """`predictions` are of the type of the model's classes; each of both is None where it was not asked for."""

    predictions: NDArray[Any] | None
    scores: Doubles | None

    def listed(self) -> list[Any]:
        """For JSON: the predictions, or the scores where those were asked for; null for what is no number."""
        found = self.predictions if self.predictions is not None else self.scores
        if found is None:
            return []
        values: list[Any] = found.tolist()
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            return [value if np.isfinite(value) else None for value in values]
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Predictor:
    """`name` is what the model is called, `classes` are its classes in the order of its estimator, () for none."""

    name: str
    loaded: Loaded
    signature: Signature
    classes: NDArray[Any]

    @classmethod
    def of(cls, loaded: Loaded, name: str = "") -> Self:
        compiled = _compiled(loaded)
        classes = np.asarray(getattr(loaded.estimator, "classes_", ()))
        return cls(name or str(loaded.folder), compiled, Signature.of(loaded), classes)

    @classmethod
    def load(cls, registry: Registry, text: str) -> Self:
        """What `models:/name/Production`, or a path, stands for now; checked as at any start."""
        resolved = registry.resolve(text)
        return cls.of(registry.load(str(resolved)), str(resolved))

    @property
    def digest(self) -> str:
        return self.loaded.manifest.content

    @property
    def exact(self) -> bool:
        """A row gets the same bits whatever rows are beside it."""
        return self.loaded.exact

    @property
    def scores(self) -> bool:
        """Whether there are any: a regression has none."""
        if self.loaded.churn is not None or self._by_margin:
            return True
        return len(self.classes) > 0 and callable(getattr(self.loaded.estimator, "predict_proba", None))

    @property
    def positive(self) -> Any:  # noqa: ANN401 - of the type of the classes
        """The class whose probability the score is; None where there are not two."""
        return self.classes[1].item() if len(self.classes) == TWO and hasattr(self.classes[1], "item") else None

    def check(self, output: Output, threshold: float) -> None:
        """Raises Usage for what this model cannot give, before any row is looked at."""
        if output == "score" and not self.scores:
            raise Usage(f"{self.name} gives no probabilities, so it has no scores", fix="ask for predictions")
        if threshold != EVEN and (len(self.classes) != TWO or not self.scores):
            raise Usage(
                f"{self.name} has not two classes with probabilities, so it has no threshold", fix="leave it out"
            )
        if not 0.0 <= threshold <= 1.0:
            raise Usage("the threshold is not between 0 and 1", fix="give a probability")

    def predict(self, taken: Taken, output: Output = "prediction", threshold: float = EVEN) -> Predicted:
        self.check(output, threshold)
        if not len(taken):
            return self._none(output)
        if self.loaded.churn is not None:
            return self._customers(taken.rows, output, threshold)
        if self._by_margin:
            return self._margins(taken.rows, output, threshold)
        return self._others(taken.rows, output, threshold)

    @property
    def _by_margin(self) -> bool:
        """Two classes, and margins that are log-odds to the last bit."""
        return self.loaded.exact and self.loaded.manifest.function == "decision_function" and len(self.classes) == TWO

    def _none(self, output: Output) -> Predicted:
        empty = self.classes[:0] if len(self.classes) else np.zeros(0)
        return Predicted(None if output == "score" else empty, np.zeros(0) if output != "prediction" else None)

    def _customers(self, rows: Any, output: Output, threshold: float) -> Predicted:  # noqa: ANN401
        """By the calibrated score, which is what is published of customers."""
        churn = self.loaded.churn
        scores = churn.score(rows) / float(SCALE) if churn is not None else np.zeros(0)
        return self._both(scores > EVEN if threshold == EVEN else scores >= threshold, scores, output)

    def _margins(self, rows: Any, output: Output, threshold: float) -> Predicted:  # noqa: ANN401
        margins = self.loaded.margins(rows)
        scores = logistic(margins) if output != "prediction" or threshold != EVEN else margins
        return self._both(margins > 0 if threshold == EVEN else scores >= threshold, scores, output)

    def _both(self, positive: NDArray[np.bool_], scores: Doubles, output: Output) -> Predicted:
        predictions = None if output == "score" else self.classes[positive.astype(np.intp)]
        return Predicted(predictions, None if output == "prediction" else scores)

    def _others(self, rows: Any, output: Output, threshold: float) -> Predicted:  # noqa: ANN401
        estimator, scores = self.loaded.estimator, None
        if (output != "prediction" and self.scores) or threshold != EVEN:
            found = np.asarray(estimator.predict_proba(rows), np.float64)
            scores = found[:, 1] if len(self.classes) == TWO else found.max(axis=1)
        if scores is not None and threshold != EVEN:
            return self._both(scores >= threshold, scores, output)
        predictions = None if output == "score" else np.asarray(estimator.predict(rows))
        return Predicted(predictions, None if output == "prediction" else scores)


def _compiled(loaded: Loaded) -> Loaded:
    """With trees as machine code where they give the same bits."""
    if loaded.evaluator is not None or loaded.manifest.takes != "numbers":
        return loaded
    try:
        evaluator = trees.compile(loaded.estimator, len(loaded.manifest.features))
    except trees.Uncompilable:
        return loaded
    same = same_bits(np.ascontiguousarray(evaluator.margins(np.asarray(loaded.golden.rows))), loaded.golden.margins)
    return replace(loaded, evaluator=evaluator) if same else loaded
