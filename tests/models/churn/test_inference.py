"""What tables of others hold is found out without a word from anybody."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest

from models.churn.encoding import Categories, Number
from models.churn.inference import MOST, infer, key_of
from schemas.errors import Usage

ROWS = 400
LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))


def telco() -> dict[str, list[object]]:
    """Everything as text, as CSV has it."""
    random = np.random.default_rng(1)
    tails = ["".join(random.choice(LETTERS, 5)) for _ in range(ROWS)]
    return {
        "customerID": [f"{1000 + row}-{tail}" for row, tail in enumerate(tails)],
        "SeniorCitizen": [str(each) for each in random.integers(0, 2, ROWS)],
        "Partner": random.choice(["Yes", "No"], ROWS).tolist(),
        "InternetService": random.choice(["DSL", "Fiber optic", "No"], ROWS).tolist(),
        "TotalCharges": [
            " " if row % 50 == 0 else f"{each:.2f}" for row, each in enumerate(random.gamma(2, 500, ROWS))
        ],
        "Country": ["United States"] * ROWS,
        "Quarter": ["3"] * ROWS,
        "Since": [f"2024-0{1 + row % 9}-11" for row in range(ROWS)],
        "Remark": [f"called at {row}, {tail}" for row, tail in enumerate(tails)],
        "Branch": [f"0{row % 7}01" for row in range(ROWS)],
        "Nothing": [""] * ROWS,
        "Churn": random.choice(["Yes", "No"], ROWS).tolist(),
    }


def batch(columns: dict[str, list[object]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def test_a_telco_table_is_understood() -> None:
    """Ids, yes and no, numbers with blanks, texts, codes with noughts; constants, dates and remarks are left out."""
    rows = batch(telco())
    assert key_of(rows, ["Churn"]) == "customerID"
    found = infer(rows, "customerID", {"Churn"})
    kinds = {each.name: each for each in found.encoding.columns}
    assert list(kinds) == ["SeniorCitizen", "Partner", "InternetService", "TotalCharges", "Branch"]
    assert isinstance(kinds["SeniorCitizen"], Number)
    assert isinstance(kinds["TotalCharges"], Number)
    assert isinstance(kinds["Branch"], Categories)
    assert kinds["Branch"].categories[0] == "0001"
    assert kinds["InternetService"].features == [
        "InternetService=dsl",
        "InternetService=fiber optic",
        "InternetService=no",
    ]
    assert {name: why.split()[0] for name, why in found.left_out.items()} == {
        "Country": "has",
        "Quarter": "has",
        "Since": "holds",
        "Remark": "is",
        "Nothing": "is",
    }


def test_typed_tables_are_understood_alike() -> None:
    """Parquet says what is a number, a truth or a date."""
    rows = batch(
        {
            "account_no": list(range(ROWS)),
            "active": [row % 3 == 0 for row in range(ROWS)],
            "balance": [row / 7 for row in range(ROWS)],
            "opened": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)] * ROWS,
            "tags": [["a"]] * ROWS,
        }
    )
    assert key_of(rows) == "account_no"
    found = infer(rows, "account_no", ())
    assert found.encoding.features == ["active=false", "active=true", "balance"]
    assert set(found.left_out) == {"opened", "tags"}


@pytest.mark.parametrize(
    ("columns", "key"),
    [
        ({"row": [str(row) for row in range(ROWS)]}, None),
        ({"amount": [str(row / 3) for row in range(ROWS)]}, None),
        ({"user id": [f"0{row:04}" for row in range(ROWS)]}, "user id"),
        ({"phone": [f"555-{row:04}" for row in range(ROWS)]}, "phone"),
        ({"who": [f"0{row:04}" for row in range(ROWS)]}, "who"),
        ({"name": [f"n{row}" for row in range(ROWS)], "customerId": list(range(ROWS))}, "customerId"),
        ({"id": [row // 4 for row in range(ROWS)]}, None),
        ({"id": [row * 9 // 10 for row in range(ROWS)]}, "id"),
        ({"id": [""] * ROWS}, None),
    ],
)
def test_ids_are_told_from_numbers(columns: dict[str, list[object]], key: str | None) -> None:
    """Numbers that differ are ids only where they are called so."""
    assert key_of(batch(columns)) == key


def test_a_column_of_many_texts_keeps_its_most_frequent() -> None:
    """Or is left out where these are too few of the rows."""
    common = [f"town {row % 40}" if row % 4 == 0 else f"city {row % 5}" for row in range(ROWS)]
    rare = [f"street {row % 150}" for row in range(ROWS)]
    found = infer(batch({"place": common, "street": rare, "n": list(range(ROWS))}), None, ())
    place = found.encoding.columns[0]
    assert isinstance(place, Categories)
    assert len(place.categories) <= MOST
    assert {f"city {each}" for each in range(5)} <= set(place.categories)
    assert "150 different texts" in found.left_out["street"]


def test_a_value_that_is_there_or_not_is_kept() -> None:
    """One value and blanks are two values."""
    rows = {
        "flag": ["x" if row % 3 else "" for row in range(ROWS)],
        "n": ["7" if row % 5 else " " for row in range(ROWS)],
    }
    assert infer(batch(rows), None, ()).encoding.names == ["flag", "n"]


def test_columns_without_a_usable_name_are_left_out() -> None:
    """As tables have them that were written with the numbers of their rows."""
    numbers: list[object] = list(range(ROWS))
    found = infer(batch({"": numbers, "x" * 101: numbers, "n": numbers}), None, ())
    assert found.encoding.names == ["n"]
    assert len(found.left_out) == 2
    with pytest.raises(Usage, match="declared twice"):
        infer(batch({"a=b": numbers, "a": ["b", "c"] * (ROWS // 2)}), None, ())


def test_a_table_of_nothing_is_refused() -> None:
    """With each column and what is wrong with it."""
    with pytest.raises(Usage, match="no column is left to learn from: a has the same value everywhere"):
        infer(batch({"id": ["1", "2"], "a": ["x", "x"]}), "id", ())
