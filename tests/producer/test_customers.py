"""Made-up customers: the same for a seed, however many; as hard to tell apart as those of real tables."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.churn.calibration import Calibration
from models.churn.inference import infer, key_of
from models.churn.judging import calibration_of
from models.churn.learning import boosted_trees
from models.churn.model import compile as compiled
from models.judging.ranking import roc_auc
from models.training.estimators import fit, logistic_regression
from producer import customers as made_up
from producer.customers import KEY, LABEL, customers

TAUGHT = 12_000
MANY = 52_000


def table(count: int, seed: int) -> pa.RecordBatch:
    return pa.Table.from_batches(list(customers(count, seed))).combine_chunks().to_batches()[0]


def test_the_first_customers_are_the_same_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a seed; another seed makes others."""
    monkeypatch.setattr(made_up, "AT_ONCE", 500)
    many = table(1_800, 1)
    assert many.num_rows == 1_800
    assert many[KEY].to_pylist() == [str(number) for number in range(1, 1_801)]
    assert table(700, 1).equals(many.slice(0, 700))
    assert not table(700, 2).equals(many.slice(0, 700))


def test_what_a_table_of_people_looks_like() -> None:
    """Ids are found, blanks are there, nothing is left out; without the label on demand."""
    rows = table(5_000, 4)
    assert key_of(rows, [LABEL]) == KEY
    assert infer(rows, KEY, [LABEL]).left_out == {}
    assert 0 < rows["total_charges"].null_count < 500
    assert 0.2 < np.mean(np.array(rows[LABEL].to_pylist()) == "yes") < 0.3
    [bare] = customers(10, 4, labelled=False)
    assert bare.equals(rows.slice(0, 10).drop_columns([LABEL]))


@pytest.mark.parametrize("make", [boosted_trees, logistic_regression])
@pytest.mark.parametrize("seed", [1, 2])
def test_how_hard_it_is(make: Callable[[int], object], seed: int) -> None:
    """Trees and a linear model reach an AUC of .80 to .88 on others, and what they say is right within .02."""
    rows = table(MANY, seed)
    encoding = infer(rows.slice(0, TAUGHT), KEY, [LABEL]).encoding
    matrix, left = encoding.matrix(rows.select(encoding.names)), np.array(rows[LABEL].to_pylist()) == "yes"
    model = compiled(fit(make, 0, matrix[:TAUGHT], left[:TAUGHT]), matrix.shape[1])
    said = Calibration().probabilities(model.margins(matrix[TAUGHT:]))
    assert 0.80 <= roc_auc(left[TAUGHT:], said) <= 0.88
    error, _ = calibration_of(left[TAUGHT:], said)
    assert error.error <= 0.02
