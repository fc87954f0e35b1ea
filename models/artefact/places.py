"""An estimator that learned from a table with names takes its columns by their places, as every matrix here has them.

With names it would warn of each matrix, or take none where it picks columns by name. Which column stands where is said
by the features of the artefact; nothing that it computes changes.
"""

from typing import Any, Final

from sklearn.compose import ColumnTransformer

from models.trees.parts import parts

NAMES: Final = "feature_names_in_"


def names_of(estimator: Any) -> tuple[str, ...]:  # noqa: ANN401 - any estimator
    """Of the columns it learned from, in their order; none where it was shown a matrix."""
    return tuple(map(str, getattr(estimator, NAMES, ())))


def by_place(estimator: Any) -> None:  # noqa: ANN401
    for _, part in list(parts(estimator)):
        if isinstance(part, ColumnTransformer) and hasattr(part, "transformers_"):
            _pick_by_place(part)
        if NAMES in getattr(part, "__dict__", {}):
            delattr(part, NAMES)


def _pick_by_place(part: Any) -> None:  # noqa: ANN401
    at = part._transformer_to_input_indices  # noqa: SLF001 - what the names stood for when it was fitted
    part.transformers_ = [(name, each, list(map(int, at.get(name, ())))) for name, each, _ in part.transformers_]
