"""What is asked of an estimator from elsewhere before it may predict: sound trees, and methods that are its own."""

from typing import Any

from sklearn.base import BaseEstimator

from models.artefact.refusal import refused
from models.trees.parts import parts
from models.trees.refusals import Unsound
from models.trees.structure import check as check_trees


def check(estimator: Any, where: str) -> None:  # noqa: ANN401 - any estimator
    """Raises Misconfigured naming the place and the fault; never runs a prediction."""
    if not isinstance(estimator, BaseEstimator) or not hasattr(estimator, "predict"):
        raise refused(where, f"holds a {type(estimator).__name__}, which cannot predict")
    try:
        check_trees(estimator)
    except Unsound as error:
        raise refused(where, f"{error.place}: {error.fault}") from error
    for _, part in parts(estimator):
        if hasattr(part, "__dict__"):
            _check_behaviour(part, where)


def _check_behaviour(part: Any, where: str) -> None:  # noqa: ANN401
    for name in vars(part):
        if callable(getattr(type(part), name, None)):
            raise refused(where, f"{type(part).__name__} has data in the place of its method {name!r}")
    if getattr(part, "input", "content") != "content":
        raise refused(where, f"holds a {type(part).__name__} that would open the files its input names")
    if getattr(part, "n_jobs", None) is not None:
        part.n_jobs = None  # scoring never starts processes of its own
