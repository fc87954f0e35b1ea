"""Predictions as scikit-learn's own, scores as the stream's, rows whatever is beside them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support import churners, registered

from models.artefact.load import load
from models.artefact.write import write
from models.churn.parts import parts
from models.numbers import logistic
from models.predicting.predictor import Predictor
from models.predicting.signature import Type
from models.predicting.taking import Taken, take
from schemas.errors import Misconfigured, Usage
from schemas.tables import csv_body, json_body, parquet_body

TAUGHT = ["I enjoyed that movie", "That movie is dull", "Great acting", "Awful acting"]


def taken(predictor: Predictor, rows: Any) -> Taken:
    return take(predictor.signature, json_body(json.dumps({"data": rows}).encode()).table)


@pytest.fixture(scope="module")
def fraud(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    folder = tmp_path_factory.mktemp("model") / "fraud"
    write(registered.parts(), folder)
    return Predictor.of(load(folder))


def matrix(rows: int) -> list[list[float | None]]:
    return [[None if np.isnan(each) else each for each in row] for row in registered.history()[0][:rows].tolist()]


def test_a_fraud_model_scores_as_the_stream_does(fraud: Predictor) -> None:
    """To the last bit, and each row as if it were alone."""
    whole = fraud.predict(taken(fraud, matrix(400)), "both")
    assert whole.scores is not None
    assert whole.predictions is not None
    features = registered.history()[0][:400]
    own = registered.estimator(0)
    assert (whole.scores == logistic(own.decision_function(features))).all()
    assert (whole.predictions == own.predict(features)).all()
    assert fraud.exact
    for at in range(0, 400, 57):
        alone = fraud.predict(taken(fraud, [matrix(400)[at]]), "score")
        assert alone.scores is not None
        assert alone.scores.tobytes() == whole.scores[at : at + 1].tobytes()


def test_a_threshold_moves_the_prediction_and_nothing_else(fraud: Predictor) -> None:
    """From the score on, that one included."""
    rows = taken(fraud, matrix(200))
    scores = fraud.predict(rows, "score").scores
    assert scores is not None
    at = float(np.quantile(scores, 0.9))
    moved = fraud.predict(rows, "both", at)
    assert moved.predictions is not None
    assert (moved.predictions == (scores >= at)).all()
    assert (moved.scores == scores).all()


def test_three_kinds_are_predicted_as_integers(imported: Any, flowers: LogisticRegression) -> None:
    """As the classes are; the score is that of the class that is predicted."""
    predictor = imported(flowers)
    rows = [[0.1, 0.2, 0.1, 0.3], [9.0, 9.0, 9.0, 9.0]]
    found = predictor.predict(taken(predictor, rows), "both")
    assert found.listed() == [0, 2]
    assert all(type(each) is int for each in found.listed())
    assert found.scores.tolist() == flowers.predict_proba(rows).max(axis=1).tolist()
    with pytest.raises(Usage, match="threshold"):
        predictor.predict(taken(predictor, rows), threshold=0.7)


@pytest.mark.parametrize("classes", [("no", "yes"), (3, 7), (False, True)])
def test_a_prediction_is_of_the_type_of_the_classes(imported: Any, classes: tuple[Any, Any]) -> None:
    """Texts stay texts, numbers numbers, truths truths."""
    rows = np.random.default_rng(1).normal(size=(100, 2))
    for model in (LogisticRegression(), HistGradientBoostingClassifier(max_iter=3)):
        predictor = imported(model.fit(rows, np.array(classes)[(rows[:, 0] > 0).astype(int)]))
        found = predictor.predict(taken(predictor, rows[:20].tolist()), "both")
        assert found.listed() == model.predict(rows[:20]).tolist()
        assert {type(each) for each in found.listed()} == {type(classes[0])}
        assert predictor.positive == classes[1]
        assert found.scores == pytest.approx(model.predict_proba(rows[:20])[:, 1], abs=1e-15)


def test_a_regression_has_predictions_and_no_scores(imported: Any) -> None:
    """It is said before a row is looked at."""
    rows = np.arange(40.0)[:, None]
    model = HistGradientBoostingRegressor(max_iter=3).fit(rows, 2 * rows.ravel())
    predictor = imported(model)
    assert predictor.predict(taken(predictor, [[3], [4]])).listed() == model.predict([[3], [4]]).tolist()
    assert not predictor.scores
    with pytest.raises(Usage, match="no scores"):
        predictor.predict(taken(predictor, [[3]]), "score")


def test_columns_keep_the_types_of_the_signature(imported: Any) -> None:
    """Through import, writing and loading; what does not fit them is refused."""
    rows = np.random.default_rng(2).integers(0, 2, size=(60, 5)).astype(float)
    model = LogisticRegression().fit(rows, rows[:, 0] > 0)
    kinds = ("integer", "long", "boolean", "float", "double")
    predictor = imported(model, *((f"c{at}", kind) for at, kind in enumerate(kinds)))
    assert [each.type for each in predictor.signature.columns] == [Type(kind) for kind in kinds]
    good, bent = [1, 1, True, 0.5, 0.5], [1.5, 1, True, 0.5, 0.5]
    found = taken(predictor, [good, bent, [1, 1, 1, 0.5, 0.5]])
    assert found.kept.tolist() == [0]
    assert [(each.row, each.column) for each in found.refused] == [(2, "c0"), (3, "c2")]


@pytest.mark.parametrize("kind", ["datetime", "string", "binary"])
def test_columns_of_other_types_are_refused_when_the_model_comes_in(
    kind: str, imported: Any, flowers: LogisticRegression
) -> None:
    """No estimator of numbers takes times or texts among them."""
    with pytest.raises(Misconfigured, match=f"columns of type {kind}"):
        imported(flowers, ("a", "double"), ("b", kind), ("c", "double"), ("d", "double"))


def test_four_sentences_teach_a_model_of_reviews(imported: Any) -> None:
    """A batch, a single one, and what it makes of a pair of words that it met apart."""
    predictor = imported(make_pipeline(CountVectorizer(), LogisticRegression()).fit(TAUGHT, [1, 0, 1, 0]))
    assert predictor.signature.kind == "text"
    assert predictor.predict(taken(predictor, ["I enjoyed that", "Dull movie"])).listed() == [1, 0]
    assert predictor.predict(taken(predictor, ["Great movie"])).listed() == [1]
    scores = predictor.predict(taken(predictor, ["Great movie"]), "score").scores
    assert scores is not None
    assert round(float(scores[0]), 3) == 0.620


def test_a_model_that_is_not_exact_keeps_its_classes_in_any_company(imported: Any) -> None:
    """And its scores up to their last bits, which is what the page on predictions says of it."""
    rows = np.random.default_rng(7).normal(size=(2_000, 4))
    names = [(name, "double") for name in "abcd"]
    predictor = imported(LogisticRegression().fit(rows, rows.sum(axis=1) > 0), *names)
    assert not predictor.exact
    asked = rows[:500].tolist()
    together = predictor.predict(taken(predictor, asked), "both")
    alone = [predictor.predict(taken(predictor, [each]), "both") for each in asked]
    assert together.listed() == [each.listed()[0] for each in alone]
    assert np.allclose(together.scores, [each.scores[0] for each in alone], rtol=0, atol=1e-14)


def test_text_without_its_vectoriser_is_refused_when_it_comes_in(imported: Any) -> None:
    """A model of counts cannot be asked with sentences."""
    counts = CountVectorizer().fit_transform(TAUGHT).toarray()
    with pytest.raises(Misconfigured, match="no vectoriser"):
        imported(LogisticRegression().fit(counts, [1, 0, 1, 0]), ("review", "string"))


def test_other_pipelines_of_text_keep_the_name_of_their_column(imported: Any) -> None:
    """A table of several columns is asked for that one."""
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TAUGHT, ["good", "bad", "good", "bad"])
    predictor = imported(model, ("review", "string"))
    body = json_body(json.dumps({"dataframe_records": [{"id": 1, "review": "awful"}]}).encode())
    assert predictor.predict(take(predictor.signature, body.table)).listed() == ["bad"]


def test_pipelines_of_numbers_go_as_a_whole(imported: Any) -> None:
    """The scaler is part of the model."""
    rows = np.random.default_rng(3).normal(5, 3, size=(50, 3))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, rows[:, 0] > 5)
    predictor = imported(model)
    assert predictor.predict(taken(predictor, rows.tolist())).listed() == model.predict(rows).tolist()
    with_none = taken(predictor, [[None, 1.0, 2.0]])
    assert [each.code for each in with_none.refused] == ["missing"]


def test_no_rows_have_no_predictions(fraud: Predictor, tmp_path: Path) -> None:
    """Of whatever type they would have been."""
    found = fraud.predict(taken(fraud, []), "both")
    assert (found.listed(), len(found.scores if found.scores is not None else [0])) == ([], 0)


@pytest.fixture(scope="module")
def leavers(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    """A churn model of the customers that the simulator makes up."""
    folder = tmp_path_factory.mktemp("model") / "churn"
    done = churners.made("logistic")
    write(parts(done.candidate, done.report, None, "nothing", registered.BY.at), folder)
    return Predictor.of(load(folder))


def written(rows: pa.RecordBatch, names: list[str]) -> dict[str, bytes]:
    """The same customers in three formats."""
    picked = rows.select(names)
    stream, parquet = BytesIO(), BytesIO()
    pa_csv.write_csv(picked, stream)
    pq.write_table(pa.Table.from_batches([picked]), parquet)
    said = json.dumps({"dataframe_records": picked.to_pylist()}).encode()
    return {"csv": stream.getvalue(), "parquet": parquet.getvalue(), "json": said}


def test_customers_get_the_published_score_in_every_format(leavers: Predictor) -> None:
    """In millionths, as the nightly run has it; ids are kept aside, and the class follows the score."""
    rows = churners.people().rows.slice(0, 200)
    churn = leavers.loaded.churn
    assert churn is not None
    names = [churners.KEY, *churn.columns]
    expected = churn.score(rows.select(churn.columns)) / 1_000_000
    bodies = written(rows, names)
    tables = [csv_body(bodies["csv"]), parquet_body(bodies["parquet"]), json_body(bodies["json"]).table]
    for table in tables:
        assert leavers.signature.beside(table) == [0]
        kept = take(leavers.signature, table)
        assert not kept.refused
        found = leavers.predict(kept, "both")
        assert found.scores is not None
        assert found.scores.tobytes() == expected.tobytes()
        assert found.predictions is not None
        assert (found.predictions == leavers.classes[(expected > 0.5).astype(int)]).all()


def test_a_customer_with_a_word_for_a_number_is_refused_and_a_blank_is_not(leavers: Predictor) -> None:
    """At night a word counts as blank; whoever asks is told instead."""
    churn = leavers.loaded.churn
    assert churn is not None
    kinds = {each.name: each.type for each in leavers.signature.columns}
    number = next(name for name, kind in kinds.items() if kind is Type.DOUBLE)
    usual = {name: 1 if kind is Type.DOUBLE else "x" for name, kind in kinds.items()}
    said = [usual, usual | {number: None}, usual | {number: "many"}, usual | dict.fromkeys(churn.columns)]
    kept = take(leavers.signature, json_body(json.dumps({"dataframe_records": said}).encode()).table)
    assert [(each.row, each.column) for each in kept.refused] == [(3, number)]
    assert len(leavers.predict(kept, "score").listed()) == 3
