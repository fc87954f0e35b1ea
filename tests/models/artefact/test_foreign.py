"""Directories as MLflow writes them: skops comes in, pickles do not, and neither does text without its vectoriser."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from skops.io import dumps

from models.artefact import foreign
from models.artefact.load import load
from models.artefact.write import write
from schemas.errors import Misconfigured

NOW = datetime(2026, 1, 5, tzinfo=UTC)
REVIEWS = ["I love this movie", "terrible plot", "what a great film", "awful and boring"]
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """A directory like one of mlflow.sklearn.save_model, written by hand."""

    def save(model: BaseEstimator, columns: list[tuple[str, str]] | None = None, **flavor: object) -> Path:
        folder = tmp_path / "mlflow"
        (folder / "metadata").mkdir(parents=True)
        (folder / "model.skops").write_bytes(dumps(model))
        sklearn = {
            "pickled_model": "model.skops",
            "serialization_format": "skops",
            "skops_trusted_types": ["os.system"],
        }
        described: dict[str, object] = {"flavors": {"sklearn": sklearn | flavor}, "mlflow_version": "3.15.1"}
        if columns is not None:
            inputs = [{"type": kind, "name": name, "required": True} for name, kind in columns]
            described["signature"] = {"inputs": json.dumps(inputs), "outputs": None, "params": None}
        (folder / "MLmodel").write_text(yaml.safe_dump(described))
        (folder / "requirements.txt").write_text("mlflow\n")
        return folder

    return save


def taken_in(folder: Path, tmp_path: Path) -> Path:
    write(foreign.parts(folder, created_at=NOW), tmp_path / "ours")
    return tmp_path / "ours"


@pytest.fixture
def iris() -> tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    random = np.random.default_rng(0)
    kinds = np.repeat(np.arange(3), 50)
    return np.abs(random.normal(size=(150, 4))) + kinds[:, None], kinds


def test_a_classifier_of_three_kinds(save: Save, tmp_path: Path, iris: tuple[np.ndarray, np.ndarray]) -> None:
    """Golden vectors are made, one margin a class; the names of the signature are kept."""
    rows, kinds = iris
    model = LogisticRegression(max_iter=500).fit(rows, kinds)
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    loaded = load(taken_in(save(model, [(name, "double") for name in names]), tmp_path))
    assert loaded.manifest.features == names
    assert loaded.manifest.predict_only
    assert loaded.manifest.origin == "imported"
    assert loaded.golden.margins.shape == (256, 3)
    np.testing.assert_array_equal(loaded.estimator.predict(rows), model.predict(rows))


def test_trees_are_tried_at_their_thresholds(save: Save, tmp_path: Path, iris: tuple[np.ndarray, np.ndarray]) -> None:
    """Made-up rows lie on, just below and just above them, and some values are missing."""
    rows, kinds = iris
    model = HistGradientBoostingClassifier(max_iter=5).fit(rows, kinds > 0)
    loaded = load(taken_in(save(model), tmp_path))
    assert loaded.exact
    assert loaded.golden.missing
    nodes = model._predictors[0][0].nodes
    split = nodes[nodes["is_leaf"] == 0][0]
    assert (loaded.golden.rows[:, split["feature_idx"]] == split["num_threshold"]).any()
    assert loaded.manifest.features == ["x0", "x1", "x2", "x3"]


@pytest.mark.parametrize("columns", [None, [("review", "string")]])
def test_text_with_its_vectoriser(save: Save, tmp_path: Path, columns: list[tuple[str, str]] | None) -> None:
    """A pipeline that begins with a vectoriser takes text, whether or not a signature says so."""
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(REVIEWS, [1, 0, 1, 0])
    loaded = load(taken_in(save(model, columns), tmp_path))
    assert loaded.manifest.takes == "text"
    assert loaded.manifest.features == [columns[0][0] if columns else "text"]
    assert loaded.estimator.predict(["what a great movie"]).tolist() == [1]


def test_the_same_model_gets_the_same_golden_rows(save: Save, tmp_path: Path) -> None:
    """Importing twice gives the same digest."""
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(REVIEWS, [1, 0, 1, 0])
    folder = save(model)
    one, two = (foreign.parts(folder, created_at=NOW).golden for _ in range(2))
    assert one.to_bytes() == two.to_bytes()


def refused(folder: Path, said: str) -> str:
    with pytest.raises(Misconfigured, match=said) as error:
        foreign.parts(folder, created_at=NOW)
    return error.value.fix


@pytest.mark.parametrize("form", ["cloudpickle", "pickle"])
def test_pickles_stay_outside(save: Save, form: str) -> None:
    """The reason is said, and how to save the model again."""
    fix = refused(save(LogisticRegression(), serialization_format=form), f"saved as {form}; pickles run code")
    assert 'serialization_format="skops"' in fix


def test_no_format_means_pickle(save: Save) -> None:
    """Old versions of MLflow said nothing."""
    folder = save(LogisticRegression())
    text = (folder / "MLmodel").read_text()
    (folder / "MLmodel").write_text(text.replace("    serialization_format: skops\n", ""))
    refused(folder, "saved as pickle")


def test_text_without_its_vectoriser_stays_outside(save: Save) -> None:
    """The classifier alone cannot read."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    assert "vectoriser and model in one" in refused(save(model, [("text", "string")]), "no vectoriser of its own")


def test_its_own_trust_list_counts_for_nothing(save: Save) -> None:
    """MLmodel may name what it likes; the operator's list decides."""
    model = make_pipeline(FunctionTransformer(np.sqrt), LogisticRegression()).fit([[0.0], [1.0]], [0, 1])
    folder = save(model, skops_trusted_types=["sklearn.preprocessing._function_transformer.FunctionTransformer"])
    assert "models.trusted" in refused(folder, "FunctionTransformer, which is not trusted")


def test_files_named_by_rows_are_not_opened(save: Save) -> None:
    """A vectoriser that would open the files it is given stays outside."""
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(REVIEWS, [1, 0, 1, 0])
    model.steps[0][1].input = "filename"
    refused(save(model), "would open the files")


def test_another_flavour_stays_outside(save: Save) -> None:
    """It is named."""
    folder = save(LogisticRegression())
    (folder / "MLmodel").write_text("flavors: {pytorch: {}, python_function: {}}\n")
    refused(folder, "flavours: python_function, pytorch")


def test_a_model_elsewhere_stays_outside(save: Save) -> None:
    """The model's file lies beside MLmodel."""
    refused(save(LogisticRegression(), pickled_model="../model.skops"), "not a file beside it")


def test_a_model_that_was_never_fitted_stays_outside(save: Save) -> None:
    """There is nothing to predict with."""
    refused(save(LogisticRegression()), "how many columns")


def test_columns_must_fit(save: Save) -> None:
    """A signature of two columns for a model of one."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    refused(save(model, [("a", "double"), ("b", "double")]), "takes 1 columns, its signature names 2")


@pytest.fixture
def houses() -> pd.DataFrame:
    random = np.random.default_rng(4)
    return pd.DataFrame(random.normal(size=(90, 3)), columns=["rooms", "age", "size"])


def test_what_learned_from_a_table_with_names_takes_a_matrix(save: Save, tmp_path: Path, houses: pd.DataFrame) -> None:
    """Also where it picks its columns by name: the same answers, without a warning."""
    picked = ColumnTransformer([("scaled", StandardScaler(), ["size", "rooms"]), ("filled", SimpleImputer(), ["age"])])
    model = make_pipeline(picked, LogisticRegression()).fit(houses, houses["size"] > 0)
    loaded = load(taken_in(save(model), tmp_path))
    assert loaded.manifest.features == ["rooms", "age", "size"]
    found = loaded.estimator.predict_proba(houses.to_numpy())
    assert np.allclose(found, model.predict_proba(houses), rtol=1e-12, atol=1e-12)


def test_columns_are_in_the_order_that_the_model_learned(save: Save, tmp_path: Path, houses: pd.DataFrame) -> None:
    """Whatever the order of the signature: a matrix in another one would be answered wrongly, without a word."""
    model = LogisticRegression().fit(houses, houses["size"] > 0)
    loaded = load(taken_in(save(model, [("size", "float"), ("rooms", "double"), ("age", "long")]), tmp_path))
    assert loaded.manifest.features == ["rooms", "age", "size"]
    assert loaded.manifest.column_types == ["double", "long", "float"]


def test_a_signature_of_other_columns_is_refused(save: Save, tmp_path: Path, houses: pd.DataFrame) -> None:
    """Nobody can say which of them is which."""
    model = LogisticRegression().fit(houses, houses["size"] > 0)
    with pytest.raises(Misconfigured, match="learned from other columns"):
        taken_in(save(model, [("a", "double"), ("b", "double"), ("c", "double")]), tmp_path)
