"""Trained trees as machine code, equal to scikit-learn in every bit, or a clear word why not."""

from models.trees.evaluator import Evaluator, compile, warm  # noqa: A004 `trees.compile` is what it is called
from models.trees.parity import Mismatch, parity
from models.trees.refusals import Uncompilable, Unsound
from models.trees.structure import check

__all__ = ["Evaluator", "Mismatch", "Uncompilable", "Unsound", "check", "compile", "parity", "warm"]
