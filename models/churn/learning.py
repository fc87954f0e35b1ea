"""A churn model from labelled customers: one part teaches, another judges, and nobody is in both.

hold back   a fifth of the customers, drawn by their ids: the same ones whatever order they come in
infer       what the columns are, from those that teach
cross       five models, each of four fifths of those, judged on the last: what is said of rows not learnt from
calibrate   on what the five said
fit         the model itself, on all that teach
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from models.churn import model as churn_model
from models.churn.calibration import Calibration
from models.churn.encoding import folded
from models.churn.inference import Inferred, infer
from models.churn.model import ChurnModel
from models.hashing import Hashes
from models.judging.counts import Flags
from models.judging.ranking import roc_auc
from models.numbers import Doubles
from models.training.estimators import Factory, fit, logistic_regression
from schemas.cells.cells import there
from schemas.errors import Usage

Integers = NDArray[np.int64]

HELD_BACK: Final = 0.2
FOLDS: Final = 5
FEWEST_HELD: Final = 256
"""Golden vectors are chosen among them."""
FEWEST: Final = 50
"""Of each kind, among those that teach."""
MOST_SHOWN: Final = 10
POSITIVE: Final = ("yes", "true", "1", "churned", "left")
TURN: Final = np.uint64(0x9E3779B97F4A7C15)
MIX: Final = np.uint64(0xBF58476D1CE4E5B9)

Say = Callable[[str, int], None]


def boosted_trees(seed: int) -> HistGradientBoostingClassifier:
    """Small steps: tables of customers have thousands of rows rather than millions, and are soon known by heart."""
    return HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.06,
        max_leaf_nodes=8,
        l2_regularization=10.0,
        early_stopping=False,
        random_state=seed,
    )


NAMED: Final[dict[str, Factory]] = {"trees": boosted_trees, "logistic": logistic_regression}


@dataclass(frozen=True, slots=True)
class Recipe:
    """`besides` are columns that it must not learn from."""

    estimator: str = "trees"
    seed: int = 0
    besides: Collection[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """`rows` are customers of whom it is known whether they left, `numbers` their ids as numbers, each once."""

    rows: pa.RecordBatch
    numbers: Hashes
    churned: Flags
    key: str | None
    label: str

    def take(self, rows: Integers) -> "Labelled":
        taken = self.rows.take(pa.array(rows))
        return Labelled(taken, self.numbers[rows], self.churned[rows], self.key, self.label)

    def __len__(self) -> int:
        return len(self.churned)


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """`crossed` are the ROC AUCs of the five models on what each had not seen."""

    recipe: Recipe
    estimator: Any
    model: ChurnModel
    inferred: Inferred
    learnt: Labelled
    held: Labelled
    crossed: tuple[float, ...]


def truth(label: str, values: pa.Array, positive: str | None) -> tuple[Flags, Flags]:
    """Who left, and of whom it is known. Without a value that is said, yes, true, 1, churned or left is the one."""
    texts = folded(label, values)
    found = sorted(pc.unique(texts.drop_null()).to_pylist())
    said = next((each for each in POSITIVE if each in found), None) if positive is None else positive.strip().lower()
    shown = ", ".join(found[:MOST_SHOWN]) or "none"
    if said is None or said not in found:
        wanted = "none of these is known to mean that somebody left" if positive is None else f"none is {positive}"
        raise Usage(f"column {label} has the values {shown}; {wanted}", fix="say which one it is with --positive")
    if len(found) == 1:
        raise Usage(
            f"column {label} has the value {shown} alone", fix="give customers who left and customers who stayed"
        )
    return pc.equal(texts, said).fill_null(False).to_numpy(zero_copy_only=False), there(texts)


def train(customers: Labelled, recipe: Recipe, say: Say) -> Candidate:
    """The same customers, in any order, and the same seed give the same model in every bit."""
    held, learnt = (customers.take(each) for each in split(customers.numbers, recipe.seed))
    _check(learnt, held)
    say("looking at the columns", len(learnt))
    inferred = infer(learnt.rows, customers.key, {customers.label, *recipe.besides})
    encoding, make = inferred.encoding, NAMED[recipe.estimator]
    matrix = encoding.matrix(learnt.rows.select(encoding.names))
    say(f"training {FOLDS} models to be judged on what they have not seen", len(learnt))
    margins, crossed = _crossed(make, recipe.seed, matrix, learnt.churned)
    calibration = Calibration.fit(margins, learnt.churned)
    say("training", len(learnt))
    estimator = fit(make, recipe.seed, matrix, learnt.churned)
    evaluator = churn_model.compile(estimator, matrix.shape[1])
    model = ChurnModel(encoding, evaluator, calibration, "")
    return Candidate(recipe, estimator, model, inferred, learnt, held, crossed)


def beside(candidate: Candidate, estimator: str) -> ChurnModel:
    """Another estimator for comparison, of the same customers, as it comes."""
    model, learnt = candidate.model, candidate.learnt
    matrix = model.encoding.matrix(learnt.rows.select(model.columns))
    fitted = fit(NAMED[estimator], candidate.recipe.seed, matrix, learnt.churned)
    return ChurnModel(model.encoding, churn_model.compile(fitted, matrix.shape[1]), Calibration(), "")


def split(numbers: Hashes, seed: int) -> tuple[Integers, Integers]:
    """Who is held back, and who teaches, both in an order of their own that follows from ids and seed."""
    mixed = _mixed(numbers, seed)
    order = np.lexsort((numbers, mixed)).astype(np.int64)
    back = mixed[order] < np.uint64(int(HELD_BACK * 2**64))
    return order[back], order[~back]


def _mixed(numbers: Hashes, seed: int) -> Hashes:
    with np.errstate(over="ignore"):
        turned = (numbers ^ (np.uint64(seed) * TURN + TURN)) * MIX
        turned = (turned ^ (turned >> np.uint64(32))) * TURN
        mixed: Hashes = turned ^ (turned >> np.uint64(29))
    return mixed


def _crossed(make: Factory, seed: int, matrix: Doubles, churned: Flags) -> tuple[Doubles, tuple[float, ...]]:
    """What was said of each row by the one model that had not learnt from it."""
    margins, fold = np.empty(len(matrix)), np.arange(len(matrix)) % FOLDS
    for each in range(FOLDS):
        out = fold == each
        evaluator = churn_model.compile(fit(make, seed, matrix[~out], churned[~out]), matrix.shape[1])
        margins[out] = evaluator.margins(matrix[out])
    return margins, tuple(roc_auc(churned[fold == each], margins[fold == each]) for each in range(FOLDS))


def _check(learnt: Labelled, held: Labelled) -> None:
    both: Sequence[int] = (int(learnt.churned.sum()), int((~learnt.churned).sum()))
    if min(both) < FEWEST or not held.churned.any() or held.churned.all():
        raise Usage(
            f"{both[0]:,} customers who left and {both[1]:,} who stayed are there to learn from",
            fix=f"give a table with {FEWEST} of each kind at least, and some more to judge by",
        )
    if len(held) < FEWEST_HELD:
        said = f"{len(held) + len(learnt):,} customers leave {len(held)} to judge by, and {FEWEST_HELD} are needed"
        raise Usage(said, fix=f"give {round(1.1 * FEWEST_HELD / HELD_BACK):,} customers or more")
