"""Rows in whatever company, and by whichever way they are read, are the same rows."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from support.bodies import COLUMNS
from support.churners import made, people
from support.served import BY, served

from fraudstream.serving.model import live
from models.predicting.signature import Column, Signature, Type
from models.predicting.taking import take
from models.registry.registry import Registry
from schemas.settings import Settings, load
from schemas.tables import json_body
from serving.door.predicting import Predicting
from serving.door.quick import plain

TWO = Signature("numbers", (Column("a", Type.DOUBLE), Column("b", Type.DOUBLE)))
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**53), 2**53),
    st.sampled_from([0, -0.0, 2**53 + 1, 2**63, 1e308, 5e-324, None, True, "1", "", [], 10**400]),
)


@bounded(max_examples=200)
@given(rows=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4), named=st.booleans())
def test_the_quick_way_takes_the_same(rows: list[tuple[Any, Any]], named: bool) -> None:
    """What it takes is taken alike, bit for bit, by the way of the columns; usual numbers it takes."""
    said = {"columns": ["b", "a"] if named else None, "data": [list(row) for row in rows]}
    table = json_body(json.dumps({"dataframe_split": said}).encode()).table
    quick, taken = plain(TWO, table), take(TWO, table)
    if quick is not None:
        assert not taken.refused
        assert quick.flags.c_contiguous
        assert quick.tobytes() == np.asarray(taken.rows).tobytes()
    else:
        assert not all(type(cell) is float for row in rows for cell in row)


@pytest.mark.parametrize("model", ["loans", "iris", "reviews"])
def test_company_changes_nothing(doors: dict[str, httpx.Client], model: str) -> None:
    """Scores of rows that are asked at once, each by itself, are those of the rows asked one after the other."""
    rng = np.random.default_rng(4)
    rows: list[list[Any]] = [[float(cell) for cell in row] for row in rng.normal(3, 2, (64, len(COLUMNS[model])))]
    if model == "loans":
        rows = [[int(20 + at), 39_000 + row[1] * 1_000, at % 2 == 0] for at, row in enumerate(rows)]
    if model == "reviews":
        rows = [[" ".join(["great", "terrible", "movie"][: 1 + at % 3])] for at in range(64)]

    def ask(row: list[Any]) -> float:
        said = {"inputs": [row], "params": {"output": "score"}}
        found: float = doors[model].post("/invocations", json=said).json()["predictions"][0]
        return found

    alone = [ask(row) for row in rows]
    with ThreadPoolExecutor(16) as threads:
        together = list(threads.map(ask, rows))
    assert together == alone
    assert len(set(alone)) > 2


def test_customers_in_company(tmp_path: Path) -> None:
    """Of a churn model, too: asked at once and of columns of several types, each customer has the score of all."""
    registry = Registry(tmp_path)
    made("logistic").register(registry, BY)
    answering = live(load({"models.root": str(tmp_path)}), "models:/churn/1")
    assert isinstance(answering.model, Predicting)
    names = answering.model.predictor.signature.names
    rows = [{name: row[name] for name in names} for row in people().rows.slice(0, 40).to_pylist()]
    with served(answering) as url, httpx.Client(base_url=url) as client:

        def ask(records: list[dict[str, Any]]) -> list[float]:
            said = {"dataframe_records": records, "params": {"output": "score"}}
            found: list[float] = client.post("/invocations", json=said).json()["predictions"]
            return found

        whole = ask(rows)
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(ask, ([row] for row in rows))) == [[score] for score in whole]
    assert len(set(whole)) > 20


def test_what_is_joined_has_the_bits_of_its_parts(standing: Settings) -> None:
    """Of a model that may be asked for several requests at once, which not every model may."""
    model = live(standing, "models:/loans/1").model
    assert isinstance(model, Predicting)
    assert model.exact
    assert not live(standing, "models:/reviews/1").model.exact
    bodies = [json.dumps({"inputs": [[30 + at, 39_000.25 + 7 * at, True]]}).encode() for at in range(50)]
    asks = [model.read("json", body, 10) for body in bodies]
    whole = model.predict(model.join([ask.rows for ask in asks]), "score", None)
    assert list(whole) == [model.predict(ask.rows, "score", None)[0] for ask in asks]
