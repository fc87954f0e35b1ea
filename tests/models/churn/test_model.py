"""Scores are a pure function of the row: the same bits in any batch, order and process."""

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies
from support.churners import made

from models.churn.model import ChurnModel
from producer.customers import customers


@pytest.fixture(params=["trees", "logistic"])
def model(request: pytest.FixtureRequest) -> ChurnModel:
    return made(request.param).candidate.model


def rows(model: ChurnModel, count: int = 2_000) -> pa.RecordBatch:
    """Customers of another seed, some of them with blanks and categories that nobody knows."""
    [batch] = customers(count, 99, labelled=False)
    random, holed = np.random.default_rng(2), []
    for name in model.columns:
        values = batch[name].to_pylist()
        for row in np.flatnonzero(random.random(count) < 0.02).tolist():
            values[row] = None
        holed.append(pa.array(values))
    plans = holed[model.columns.index("plan")].to_pylist()
    holed[model.columns.index("plan")] = pa.array(["never heard of", *plans[1:]])
    return pa.RecordBatch.from_arrays(holed, names=model.columns)


@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_bits_do_not_depend_on_the_batch(model: ChurnModel, size: int) -> None:
    """Alone, in sevens, in thousands, in any order."""
    some = rows(model, 2_000 if size > 1 else 300)
    whole = model.score(some)
    assert whole.dtype == np.uint32
    parts = [model.score(some.slice(at, size)) for at in range(0, some.num_rows, size)]
    assert np.array_equal(np.concatenate(parts), whole)
    order = np.random.default_rng(size).permutation(some.num_rows)
    assert np.array_equal(model.score(some.take(pa.array(order))), whole[order])


def test_scores_are_probabilities_in_millionths(model: ChurnModel) -> None:
    """Neither all alike nor out of range."""
    found = model.score(rows(model))
    assert found.max() <= 1_000_000
    assert len(np.unique(found)) > 500


def test_text_and_typed_cells_get_the_same_score(model: ChurnModel) -> None:
    """What CSV holds and what Parquet holds."""
    some = rows(model)
    texts = [some[name].cast(pa.string()).fill_null(" ") for name in model.columns]
    assert np.array_equal(model.score(pa.RecordBatch.from_arrays(texts, names=model.columns)), model.score(some))


def test_another_process_gets_the_same_model(model: ChurnModel) -> None:
    """A model that was sent scores as the one it was made of."""
    some = rows(model, 100)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).score(some), model.score(some))


def test_the_margins_are_those_of_scikit_learn() -> None:
    """To the last bit for trees, to twelve digits for the linear model, whose own bits depend on the batch."""
    for name in ("trees", "logistic"):
        candidate = made(name).candidate
        matrix = candidate.model.encoding.matrix(rows(candidate.model))
        ours, theirs = candidate.model.evaluator.margins(matrix), candidate.estimator.decision_function(matrix)
        assert np.array_equal(ours, theirs) if name == "trees" else np.allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_a_score_is_explained_by_the_columns_that_moved_it() -> None:
    """Somebody who calls all the time and may leave any month: both are named, and speak for leaving."""
    model = made().candidate.model
    usual = {each.name: [each.usual] for each in model.encoding.columns}
    here = usual | {"support_calls": [9], "contract": ["month-to-month"], "tenure_months": [1]}
    found = model.explain(pa.RecordBatch.from_pydict(here))
    assert {each.column for each in found} <= {"support_calls", "contract", "tenure_months"}
    assert found[0].by > 0
    assert [abs(each.by) for each in found] == sorted((abs(each.by) for each in found), reverse=True)
    assert model.explain(pa.RecordBatch.from_pydict(usual)) == []


@settings(deadline=None, max_examples=40)
@given(cells=strategies.lists(strategies.none() | strategies.text(max_size=8), min_size=3, max_size=3))
def test_any_text_has_a_score(cells: list[str | None]) -> None:
    """The same alone and beside others."""
    model = made("logistic").candidate.model
    some = pa.RecordBatch.from_arrays([pa.array(cells, pa.string())] * len(model.columns), names=model.columns)
    found = model.score(some)
    assert found.max() <= 1_000_000
    assert model.score(some.slice(1, 1))[0] == found[1]
