"""Learning: the same model every time, judged by customers that nobody learnt from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from support.churners import made, people
from support.registered import BY

from models.artefact.write import assemble
from models.churn.learning import HELD_BACK, Recipe, split, train, truth
from models.churn.parts import parts
from schemas.errors import Usage


def quiet(*_: object) -> None:
    pass


def digest(estimator: str, shuffled: bool) -> str:
    """Content digest of a model made anew."""
    some = people()
    if shuffled:
        some = some.take(np.random.default_rng(8).permutation(len(some)))
    candidate, report = train(some, Recipe(estimator), quiet), made(estimator).report
    return assemble(parts(candidate, report, None, "nothing", BY.at))[1].content


@pytest.mark.parametrize("estimator", ["trees", "logistic"])
def test_the_same_customers_give_the_same_digest(estimator: str, tmp_path: Path) -> None:
    """In whatever order they come."""
    assert made(estimator).write(tmp_path / "first", BY.at) == digest(estimator, shuffled=True)


def test_nobody_both_teaches_and_judges() -> None:
    """About a fifth judges; another seed draws others, another order does not."""
    numbers = people().numbers
    held, learnt = split(numbers, 0)
    assert sorted([*held, *learnt]) == list(range(len(numbers)))
    assert len(held) / len(numbers) == pytest.approx(HELD_BACK, abs=0.03)
    order = np.random.default_rng(1).permutation(len(numbers))
    again, _ = split(numbers[order], 0)
    assert np.array_equal(numbers[order][again], numbers[held])
    other, _ = split(numbers, 1)
    assert set(other) != set(held)


def test_what_is_said_of_the_held_back_is_honest() -> None:
    """A column that the training rows know by heart helps nobody: the cross-validated AUC stays what it is."""
    some, random = people(), np.random.default_rng(5)
    rows = some.rows.append_column("noise", pa.array(random.normal(size=len(some))))
    candidate = train(type(some)(rows, some.numbers, some.churned, some.key, some.label), Recipe(), quiet)
    assert np.mean(candidate.crossed) == pytest.approx(np.mean(made().candidate.crossed), abs=0.02)
    assert np.mean(candidate.crossed) == pytest.approx(made().report.first.auc, abs=0.05)


def test_too_few_customers_are_refused() -> None:
    """With what there is, and what is needed."""
    some = people()
    with pytest.raises(Usage, match=r"customers leave .* to judge by, and 256 are needed"):
        train(some.take(np.arange(800)), Recipe(), quiet)
    with pytest.raises(Usage, match="customers who left and"):
        train(some.take(np.flatnonzero(~some.churned)), Recipe(), quiet)


def _texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


@pytest.mark.parametrize(
    ("values", "positive", "left", "known"),
    [
        (_texts("Yes", "No", " ", None), None, [True, False, False, False], [True, True, False, False]),
        (pa.array([1, 0, None]), None, [True, False, False], [True, True, False]),
        (pa.array([1.0, 0.0]), "1", [True, False], [True, True]),
        (pa.array([False, True]), None, [False, True], [True, True]),
        (_texts("Churned", "Stayed", "Joined"), "churned", [True, False, False], [True, True, True]),
        (_texts("1.0", "0.0", ""), None, [True, False, False], [True, True, False]),
        (_texts("0", "1"), "0", [True, False], [True, True]),
    ],
)
def test_labels_of_any_kind_are_understood(
    values: pa.Array, positive: str | None, left: list[bool], known: list[bool]
) -> None:
    """A blank is a customer of whom nobody knows."""
    found = truth("Churn", values, positive)
    assert [each.tolist() for each in found] == [left, known]


@pytest.mark.parametrize(
    ("values", "positive", "said"),
    [
        (_texts("a", "b"), None, "values a, b; none of these is known"),
        (_texts("yes", "no"), "gone", "values no, yes; none is gone"),
        (_texts("yes", "yes"), None, "the value yes alone"),
        (_texts(" ", None), None, "values none"),
    ],
)
def test_labels_that_say_nothing_are_refused(values: pa.Array, positive: str | None, said: str) -> None:
    """With the values there are."""
    with pytest.raises(Usage, match=said):
        truth("Churn", values, positive)


@pytest.mark.parametrize("mistake", [lambda numbers: numbers, lambda numbers: np.arange(len(numbers), dtype=np.uint64)])
def test_the_split_follows_from_ids_alone(mistake: Callable[[np.ndarray], np.ndarray]) -> None:
    """Also of ids whose numbers are next to each other."""
    held, learnt = split(mistake(people().numbers), 3)
    assert 0.15 < len(held) / (len(held) + len(learnt)) < 0.25
