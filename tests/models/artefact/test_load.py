"""Loading: what the caller expects, what the ledger sealed, and an evaluator that must be equal."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import structlog
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.artefact.golden import Golden, choose, from_bytes
from models.artefact.load import Expected, load
from models.artefact.margins import same_bits
from models.artefact.opened import open_
from schemas.errors import Misconfigured, Usage

Matrix = NDArray[np.float64]


class Reversed:
    """Equal to the model, unless `shift` is not zero."""

    def __init__(self, model: object, shift: float) -> None:
        self.model, self.shift = model, shift

    def margins(self, matrix: Matrix) -> Matrix:
        return self.model.decision_function(matrix[::-1])[::-1] + self.shift  # type: ignore[attr-defined]


def test_a_changed_byte_anywhere_is_noticed(artefact: Path) -> None:
    """Every file, bytes from all over it: refused, and the file is named."""
    chance = random.Random(7)
    for path in sorted(artefact.iterdir()):
        before = path.read_bytes()
        for _ in range(25):
            changed = bytearray(before)
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
            path.write_bytes(changed)
            with pytest.raises(Misconfigured, match=path.name):
                open_(artefact)
        path.write_bytes(before)
    open_(artefact)


def test_a_space_in_the_manifest_is_noticed(artefact: Path) -> None:
    """It has one form only."""
    with (artefact / "manifest.json").open("a") as file:
        file.write(" ")
    with pytest.raises(Misconfigured, match="sealed"):
        load(artefact)


def test_another_feature_version_is_refused(artefact: Path, features: tuple[str, ...]) -> None:
    """Both versions are named."""
    with pytest.raises(Misconfigured, match="feature_version 2, this program computes 3"):
        load(artefact, expected=Expected(features, 3))


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (("hour", "amount", "count_1d", "ratio_30d", "days_since_fraud"), "position 0: amount where .* has hour"),
        (("amount", "hour", "count_1d", "ratio_30d"), "position 4: days_since_fraud where .* has nothing"),
    ],
)
def test_other_features_are_refused(artefact: Path, wanted: tuple[str, ...], said: str) -> None:
    """The first difference is named."""
    with pytest.raises(Misconfigured, match=said):
        load(artefact, expected=Expected(wanted, 2))


def test_what_was_registered_is_what_is_loaded(artefact: Path, make: Callable[..., Path]) -> None:
    """A good artefact in the place of another good one is refused."""
    seal = load(artefact).manifest.seal
    load(artefact, seal=seal)
    with pytest.raises(Misconfigured, match="ledger"):
        load(make(metrics={}), seal=seal)


def test_an_equal_evaluator_is_used(artefact: Path, model: object, held_back: Matrix) -> None:
    """Its margins are those of the golden rows, to the last bit."""
    loaded = load(artefact, compile_=lambda each, _: Reversed(each, 0.0))
    assert isinstance(loaded.evaluator, Reversed)
    assert same_bits(loaded.margins(held_back), model.decision_function(held_back))  # type: ignore[attr-defined]


def test_an_evaluator_that_differs_is_named_and_not_used(artefact: Path, model: object, held_back: Matrix) -> None:
    """Scoring goes on with scikit-learn; the log says so as an error."""
    with structlog.testing.capture_logs() as logs:
        loaded = load(artefact, compile_=lambda each, _: Reversed(each, 2.0**-40))
    assert loaded.evaluator is None
    assert [(each["event"], each["log_level"]) for each in logs] == [("artefact.evaluator_differs", "error")]
    assert same_bits(loaded.margins(held_back), model.decision_function(held_back))  # type: ignore[attr-defined]


def test_what_cannot_be_compiled_is_scored_all_the_same(artefact: Path) -> None:
    """The reason stands in the log."""

    def refuse(estimator: object, features: int) -> Reversed:
        raise Misconfigured(f"no compiler for {features} features")

    with structlog.testing.capture_logs() as logs:
        loaded = load(artefact, compile_=refuse)
    assert (loaded.evaluator, loaded.exact) == (None, True)
    assert [(each["event"], each["reason"]) for each in logs] == [
        ("artefact.not_compiled", "no compiler for 5 features")
    ]


def test_a_logistic_regression_is_close_but_not_exact(make: Callable[..., Path], held_back: Matrix) -> None:
    """It multiplies matrices as the machine likes best: for files and requests, not for the stream."""
    pipeline = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
    pipeline.fit(held_back, np.nan_to_num(held_back[:, 0]) > 0)
    loaded = load(make("lr", model=pipeline))
    assert not loaded.exact
    np.testing.assert_allclose(loaded.margins(held_back), pipeline.decision_function(held_back), rtol=1e-12)


def test_a_model_without_missing_values_has_golden_rows_without(make: Callable[..., Path]) -> None:
    """A scaler with a regression refuses NaN, so its golden rows have none."""
    rows = np.random.default_rng(1).normal(size=(400, 5))
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows[:, 0] > 0)
    golden = choose(rows, pipeline.decision_function)
    assert not golden.missing
    assert not load(make("plain", model=pipeline, golden=golden)).golden.missing


def test_missing_values_are_made_where_rows_have_none(model: object) -> None:
    """Every column is missing in some golden row."""
    rows = np.random.default_rng(1).normal(size=(400, 5))
    golden = choose(rows, model.decision_function)  # type: ignore[attr-defined]
    assert np.isnan(golden.rows).any(axis=0).all()


def test_golden_rows_come_back_to_the_last_bit() -> None:
    """Subnormals, negative zero, infinity and NaN included."""
    rows = np.tile(np.array([[5e-324, -0.0, np.inf], [np.nan, 1 / 3, -np.inf]]), (128, 1))
    golden = Golden(rows, np.linspace(-1, 1, 256))
    back = from_bytes(golden.to_bytes(), "golden.json")
    assert same_bits(back.rows, rows)  # type: ignore[arg-type]
    assert same_bits(back.margins, golden.margins)


def test_negative_zero_is_not_zero() -> None:
    """Equal means the same bits; only NaN has many faces."""
    assert not same_bits(np.array([0.0]), np.array([-0.0]))
    assert same_bits(np.array([np.nan]), np.array([-np.nan]))


def test_a_path_that_is_none_is_a_wrong_word(tmp_path: Path) -> None:
    """Exit code 64: the command line is wrong, not the artefact."""
    with pytest.raises(Usage, match="no folder"):
        load(tmp_path / "nothing")


def test_a_file_that_changes_while_it_is_loaded_changes_nothing(artefact: Path, tmp_path: Path) -> None:
    """What was checked is what is used: files are read once."""
    files, manifest = open_(artefact)
    shutil.rmtree(artefact)
    os.mkdir(artefact)  # noqa: PTH102
    assert manifest.files.keys() == files.keys() - {"manifest.json"}
